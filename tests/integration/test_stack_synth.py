"""What Terraform gets to read: exactly the lab's stack, and what each setting adds to it."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.apps.jsii import app_variables
from harness.model.environment import Place
from harness.model.progress import Progress
from harness.project.settings import Settings
from harness.project.workspace import Workspace
from harness.terraform import synthesize

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.only_on("embedded")

ROOT = Path(__file__).parents[2]
ZIP = b"any file will do: the stack only hashes it"
HASH = hashlib.md5(ZIP, usedforsecurity=False).hexdigest().upper()
PATTERN = '{"body": {"operation": ["add"]}}'

VARIATIONS = {
    "none": {},
    "batch": {"CALCULATRICE_BATCH_SIZE": "100", "CALCULATRICE_BATCHING_WINDOW": "5"},
    "partial failures": {"CALCULATRICE_REPORT_BATCH_ITEM_FAILURES": "true"},
    "dead letters": {"CALCULATRICE_MAX_RECEIVE_COUNT": "3"},
    "fifo": {"CALCULATRICE_FIFO": "true"},
    "fifo with dead letters": {"CALCULATRICE_FIFO": "true", "CALCULATRICE_MAX_RECEIVE_COUNT": "1"},
    "concurrency": {"CALCULATRICE_MAXIMUM_CONCURRENCY": "2"},
    "filter": {"CALCULATRICE_FILTER_PATTERN": PATTERN},
    "runtime": {"CALCULATRICE_RUNTIME": "python3.12"},
    "timeouts": {"CALCULATRICE_VISIBILITY_TIMEOUT": "2", "CALCULATRICE_FUNCTION_TIMEOUT": "1"},
    "zip": {"CALCULATRICE_ZIP_PATH": "build/other.zip"},
}

LAB: dict[str, Any] = {
    "data": {"aws_caller_identity": {"CurrentIdentity": {}}},
    "provider": {"aws": [{"region": "us-east-1"}]},
    "resource": {
        "aws_sqs_queue": {
            "InputQueue": {"name": "calculatrice-input-queue", "visibility_timeout_seconds": 60},
            "OutputQueue": {"name": "calculatrice-output-queue"},
        },
        "aws_lambda_function": {
            "CalculatorLambda": {
                "function_name": "calculatrice",
                "runtime": "python3.9",
                "memory_size": 128,
                "timeout": 30,
                "handler": "lambda_function.lambda_handler",
                "source_code_hash": HASH,
                "filename": f"assets/code/{HASH}/lambda_deployment.zip",
                "role": ("arn:aws:iam::${data.aws_caller_identity.CurrentIdentity.account_id}:role/LabRole"),
                "environment": {"variables": {"OUTPUT_QUEUE_URL": "${aws_sqs_queue.OutputQueue.url}"}},
                "depends_on": ["aws_sqs_queue.InputQueue", "aws_sqs_queue.OutputQueue"],
            },
        },
        "aws_lambda_event_source_mapping": {
            "event_source_mapping": {
                "event_source_arn": "${aws_sqs_queue.InputQueue.arn}",
                "function_name": "${aws_lambda_function.CalculatorLambda.arn}",
            },
        },
    },
}


def write_project(folder: Path) -> Path:
    """What the app needs beside itself."""
    shutil.copyfile(ROOT / "cdktf.json", folder / "cdktf.json")
    (folder / "lambda_deployment.zip").write_bytes(ZIP)
    (folder / "build").mkdir()
    (folder / "build" / "other.zip").write_bytes(ZIP)
    return folder


def without_notes(value: Any) -> Any:
    """The document without CDKTF's comments."""
    if isinstance(value, dict):
        return {key: without_notes(item) for key, item in value.items() if key != "//"}
    return [without_notes(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All variations, from one process: starting one is most of a synth."""
    folder = tmp_path_factory.mktemp("synth")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CALCULATRICE_")}
    with app_variables(environ, node=None) as variables:
        run = subprocess.run(
            [sys.executable, ROOT / "tests" / "support" / "synth_variations.py"],
            input=json.dumps(VARIATIONS),
            cwd=write_project(folder),
            env={**variables, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 0, run.stderr
    documents: dict[str, Any] = without_notes(json.loads(run.stdout))
    return documents


def function(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["resource"]["aws_lambda_function"]["CalculatorLambda"]
    return found


def queues(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["resource"]["aws_sqs_queue"]
    return found


def mapping(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["resource"]["aws_lambda_event_source_mapping"]["event_source_mapping"]
    return found


def add_partial_failures(expected: dict[str, Any]) -> None:
    function(expected)["environment"]["variables"]["REPORT_BATCH_ITEM_FAILURES"] = "true"
    mapping(expected)["function_response_types"] = ["ReportBatchItemFailures"]


def add_dead_letters(expected: dict[str, Any], *, count: int = 3) -> None:
    queues(expected)["DeadLetterQueue"] = {"name": "calculatrice-dead-letter-queue"}
    queues(expected)["InputQueue"]["redrive_policy"] = json.dumps(
        {"deadLetterTargetArn": "${aws_sqs_queue.DeadLetterQueue.arn}", "maxReceiveCount": count}
    )


def make_fifo(expected: dict[str, Any]) -> None:
    for queue in queues(expected).values():
        queue["name"] = f"{queue['name']}.fifo"
        queue["fifo_queue"] = True


def make_fifo_with_dead_letters(expected: dict[str, Any]) -> None:
    add_dead_letters(expected, count=1)
    make_fifo(expected)


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "none": lambda _: None,
    "batch": lambda expected: mapping(expected).update(batch_size=100, maximum_batching_window_in_seconds=5),
    "partial failures": add_partial_failures,
    "dead letters": add_dead_letters,
    "fifo": make_fifo,
    "fifo with dead letters": make_fifo_with_dead_letters,
    "concurrency": lambda expected: mapping(expected).update(scaling_config={"maximum_concurrency": 2}),
    "filter": lambda expected: mapping(expected).update(filter_criteria={"filter": [{"pattern": PATTERN}]}),
    "runtime": lambda expected: function(expected).update(runtime="python3.12"),
    "timeouts": lambda expected: (
        queues(expected)["InputQueue"].update(visibility_timeout_seconds=2),
        function(expected).update(timeout=1),
    ),
    "zip": lambda expected: function(expected).update(filename=f"assets/code/{HASH}/other.zip"),
}


@pytest.mark.parametrize("name", VARIATIONS)
def test_a_setting_adds_what_it_names_and_nothing_else(synthesized: dict[str, Any], name: str) -> None:
    document = synthesized[name]
    expected = copy.deepcopy(LAB)
    CHANGES[name](expected)
    terraform = document.pop("terraform")
    assert document == expected
    assert terraform["required_providers"] == {"aws": {"source": "aws", "version": "5.100.0"}}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that plain Python has synthesized, with no Node.js on the path: it takes its time."""
    project = write_project(tmp_path_factory.mktemp("plain"))
    shutil.copytree(ROOT / "stack", project / "stack", ignore=shutil.ignore_patterns("__pycache__"))
    run = subprocess.run(
        [sys.executable, "-m", "stack"],
        cwd=project,
        env={"HOME": os.environ.get("HOME", str(project)), "PATH": str(project / "nowhere")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return project


def test_it_synthesizes_with_plain_python_and_no_node_on_the_path(plain: Path) -> None:
    document = json.loads((plain / "cdktf.out/stacks/tp_lambda/cdk.tf.json").read_text())
    del document["terraform"], document["//"]
    assert without_notes(document) == LAB
    assert (plain / "cdktf.out/stacks/tp_lambda" / function(document)["filename"]).read_bytes() == ZIP


def test_the_harness_synthesizes_what_plain_python_does_byte_for_byte(plain: Path) -> None:
    synthesized = synthesize(
        Workspace(plain), Settings(app="python -m stack"), place=Place(), progress=Progress()
    )
    assert synthesized.stack == "tp_lambda"
    assert files(synthesized.folder) == files(plain / "cdktf.out" / "stacks" / "tp_lambda")


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
