"""`harness test --adversary` finds what a handler does wrong, names the fault, and shows it again."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from harness.client.control import ControlApi
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.only_on("embedded")

# It believes that SendMessageBatch either sends all or raises.
LOSES = """
import json, os, boto3
sqs = boto3.client("sqs")

def lambda_handler(event, context):
    entries = [
        {"Id": str(n), "MessageBody": json.dumps({"messageId": record["messageId"]})}
        for n, record in enumerate(event["Records"])
    ]
    sqs.send_message_batch(QueueUrl=os.environ["OUTPUT_QUEUE_URL"], Entries=entries)
"""
TESTS = """
import pytest

def results(stack, clock):
    clock.freeze()
    sent = stack.queue("InputQueue").send_all({"operation": "add", "a": n, "b": 1} for n in range(6))
    clock.advance(3600)
    return [m.id for m in sent], [m.json()["messageId"] for m in stack.queue("OutputQueue").peek()]

def test_none_is_missing(stack, clock):
    sent, came = results(stack, clock)
    assert set(came) == set(sent)

def test_each_comes_once(stack, clock):
    sent, came = results(stack, clock)
    assert sorted(came) == sorted(sent)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("adversary") / "project")
    made.write("lambda_function.py", LOSES)
    made.write("test_stack.py", TESTS)
    yield made
    made.stop()


def harness(project: Project, *words: str) -> dict[str, Any]:
    run = subprocess.run(
        [sys.executable, "-m", "harness.cli.main", *words, "--json"],
        cwd=project.workspace.root,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    document: dict[str, Any] = json.loads(run.stdout)
    print(document.get("output", document), run.stderr)  # noqa: T201 - shown when the test fails
    assert document["exit_code"] == run.returncode
    return document


@pytest.mark.parametrize(
    ("test", "faults", "most_seeds"),
    [
        ("test_none_is_missing", {"fail_send"}, 30),
        ("test_each_comes_once", {"crash", "lose_delete", "duplicate", "fail_send"}, 10),
    ],
)
def test_a_bug_is_found_shrunk_to_one_fault_and_shown_again(
    project: Project, test: str, faults: set[str], most_seeds: int
) -> None:
    options = ("test_stack.py::" + test, "--harness-keep", "-p", "no:cacheprovider")
    document = harness(project, "test", "--adversary", "40", "--seed", "1", *options)
    assert document["exit_code"] == 1
    found = document["adversary"]
    [failure] = found["failures"]
    assert found["seeds"]["run"] <= most_seeds
    running = project.environment()
    assert running is not None
    account = harness(project, "status")["deployment"]["account"]
    assert ControlApi(running.url, account).call("GET", "faults") == []  # who uses the stack next is spared
    assert failure["state"] == "shrunk"
    assert [did["fault"] in faults for did in failure["did"]] == [True]
    assert (project.workspace.root / failure["timeline"]).is_file()
    assert failure["did"][0]["said"] in document["output"]

    program, *words = shlex.split(failure["replay"])
    assert program == "harness"
    again = harness(project, *words, "--harness-keep", "-p", "no:cacheprovider")
    assert again["exit_code"] == 1
    assert [did["key"] for did in again["adversary"]["failures"][0]["did"]] == [failure["did"][0]["key"]]


def test_wrong_usage_is_told(project: Project) -> None:
    document = harness(project, "test", "--only", "crash:in:1.1")
    assert document["exit_code"] == 2
    assert "--seed" in document["error"]["hint"]
    assert harness(project, "test", "--adversary", "2", "nowhere.py")["exit_code"] == 2
