"""`harness init`: in an empty folder, in projects of other shapes; what it writes passes as it is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.session.scaffolding import TEMPLATE
from tests.support.command_line import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.only_on("embedded")

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ".github/workflows/integration.yml"

OTHER_SHAPE = """
import json

from cdktf import App, AssetType, TerraformAsset, TerraformStack
from cdktf_cdktf_provider_aws.lambda_event_source_mapping import LambdaEventSourceMapping
from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue

app = App()
stack = TerraformStack(app, "orders-eu")
AwsProvider(stack, "aws", region="eu-west-1")
dead = SqsQueue(stack, "Dead", name="dead.fifo", fifo_queue=True)
orders = SqsQueue(
    stack, "Orders", name="orders.fifo", fifo_queue=True, visibility_timeout_seconds=90,
    redrive_policy=json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 2}),
)
code = TerraformAsset(stack, "Code", path="./handlers", type=AssetType.ARCHIVE)


def function(name):
    return LambdaFunction(
        stack, name, function_name=name.lower(), runtime="python3.12", handler="handlers.refuse", timeout=10,
        role="arn:aws:iam::000000000000:role/OrdersRole",
        filename=code.path, source_code_hash=code.asset_hash,
    )


function("Audit")
LambdaEventSourceMapping(
    stack, "Mapping", event_source_arn=orders.arn, function_name=function("Work").arn, batch_size=1
)
app.synth()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path / "project", {})
    project.root.mkdir()
    yield project
    if (project.root / "cdktf.json").is_file():
        project.harness("down")


def passes(project: Project, tests: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-q"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{tests} passed" in done.stdout


def test_a_folder_with_nothing_becomes_a_project_that_passes(folder: Project) -> None:
    shown = folder.harness("init", "--dry-run")
    assert (shown.code, list(folder.root.iterdir())) == (0, [])
    assert "+++ main.py" in shown.out
    written = folder.harness("init", "--json").json()
    paths = {entry["path"] for entry in written["files"]}
    assert {entry["action"] for entry in written["files"]} == {"written"}
    assert paths == {
        *(".gitignore", "cdktf.json", "function/lambda_function.py", "main.py", "requirements.txt"),
        *("tests/test_calculator.py", WORKFLOW),
    }
    passes(folder, 3)
    assert {entry["action"] for entry in folder.harness("init", "--json").json()["files"]} <= {
        "unchanged",
        "kept",
    }


def test_a_project_as_people_have_it_gets_tests_that_pass(folder: Project) -> None:
    for name in ("main.py", "cdktf.json", "lambda_deployment.zip"):
        shutil.copy(ROOT / "examples/lab" / name, folder.root)
    answer = folder.harness("init")
    assert answer.code == 0, answer.err
    for line in (
        "queue     InputQueue  calculatrice-input-queue",
        "function  CalculatorLambda  calculatrice  python3.9",
        "mapping   InputQueue -> CalculatorLambda",
        "role      LabRole  named, not created: made before each apply",
    ):
        assert line in answer.out
    assert "3.9" in (folder.root / WORKFLOW).read_text()
    passes(folder, 2)


def test_fifo_queues_dead_letters_and_a_handler_that_refuses(folder: Project) -> None:
    (folder.root / "main.py").write_text(OTHER_SHAPE)
    (folder.root / "cdktf.json").write_text(f'{{"app": "{sys.executable} main.py"}}')
    (folder.root / "handlers").mkdir()
    (folder.root / "handlers/handlers.py").write_text(
        "def refuse(event, context):\n    raise ValueError('no')\n"
    )
    found = folder.harness("init", "--json").json()["found"]
    assert found["mappings"] == [{"queue": "Orders", "function": "Work"}]
    assert found["roles"] == ["OrdersRole"]
    test = folder.root / "tests/test_orders_eu.py"
    assert 'group="first", deduplication_id="1"' in test.read_text()
    passes(folder, 2)
    # A file that differs is shown, and kept unless it is agreed to.
    mine = test.read_text() + "\n# mine\n"
    test.write_text(mine)
    again = folder.harness("init")
    assert "-# mine" in again.out
    assert test.read_text() == mine
    assert folder.harness("init", "--yes").code == 0
    assert "# mine" not in test.read_text()


SEVERAL = """
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_aws.provider import AwsProvider
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue

app = App()
for name in ("blue", "green"):
    stack = TerraformStack(app, name)
    AwsProvider(stack, "aws", region="eu-west-1")
    SqsQueue(stack, "Colours", name=name)
app.synth()
"""


def test_of_several_stacks_the_chosen_one_is_in_what_is_written(folder: Project) -> None:
    (folder.root / "main.py").write_text(SEVERAL)
    (folder.root / "cdktf.json").write_text(f'{{"app": "{sys.executable} main.py"}}')
    unsure = folder.harness("init", "--json")
    assert unsure.code == 2
    assert "blue, green" in unsure.error()["message"]
    assert folder.harness("init", "--stack", "green").code == 0
    assert "pytest --harness-stack green" in (folder.root / WORKFLOW).read_text()
    assert "pytest --harness-stack green" in (folder.root / "tests/test_green.py").read_text()


def test_a_folder_with_something_else_is_refused(folder: Project) -> None:
    (folder.root / "notes.txt").touch()
    answer = folder.harness("init")
    assert answer.code == 2
    assert "has no cdktf.json, and is not empty (notes.txt" in answer.err
    assert [path.name for path in folder.root.iterdir()] == ["notes.txt"]


def test_the_template_is_what_the_wheel_carries() -> None:
    assert (TEMPLATE / "main.py.template").is_file()
    compile((TEMPLATE / "main.py.template").read_text(), "main.py", "exec")
