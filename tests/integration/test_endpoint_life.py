"""A stack on an endpoint that somebody else runs: brought up, used, left as it was found."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from harness.client.boto import client
from harness.environments.environment_file import read_record
from harness.model.environment import Endpoint
from harness.project.settings import Settings
from tests.support.command_line import Project as CommandLine
from tests.support.one_account import ACCOUNT, one_account_endpoint
from tests.support.project import Project
from tests.support.stock_localstack import stock_localstack
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.conftest import StartEmulator
    from tests.support.stock_localstack import StockLocalStack

pytestmark = pytest.mark.only_on("embedded")

INPUT, OUTPUT = "calculatrice-input-queue", "calculatrice-output-queue"
TEST = """
def test_adds(stack):
    stack.queue("InputQueue").send({"operation": "add", "a": 5, "b": 3})
    assert stack.queue("OutputQueue").receive_one().json()["result"] == 8
"""
VARIATIONS = """
import pytest

def adds(stack):
    sent = stack.queue("InputQueue").send({"operation": "add", "a": 5, "b": 3})
    (result,) = stack.queue("OutputQueue").collect(1)
    assert result.json() == {**sent.json(), "result": 8, "messageId": sent.id}
    return stack.input_queue().name

@pytest.mark.stack_settings(CALCULATRICE_BATCH_SIZE="5")
def test_a_variation(stack):
    name = adds(stack)
    assert name.endswith("-calculatrice-input-queue"), name

def test_the_stack_as_it_is(stack):
    assert adds(stack) == "calculatrice-input-queue"
"""


@pytest.fixture
def copied(tmp_path: Path) -> Callable[..., CommandLine]:
    return lambda name="project", **environ: CommandLine.copied_to(tmp_path / name, **environ)


def test_a_stack_lives_on_a_localstack(copied: Callable[..., CommandLine], stock: StockLocalStack) -> None:
    project = copied()
    up = project.harness("up", "--endpoint", stock.url, "--json").json()
    assert (up["environment"]["target"], up["environment"]["url"]) == ("endpoint", stock.url)
    # The queues were made ahead and imported, by LocalStack's own URLs, whose host no name server knows.
    assert ".localhost.localstack.cloud:" in up["deployment"]["queues"][0]["url"]
    apply = next(step for step in up["steps"] if step["name"] == "terraform apply")
    assert apply["detail"].startswith("2 imported, 2 added")

    again = project.harness("up", "--json").json()
    assert (again["started"], again["changed"]) == (False, False)

    sent = project.harness("send", '{"operation": "add", "a": 5, "b": 3}', "--wait", "--json").json()
    assert sent["results"][0]["result"] == 8
    assert "messageId" in project.harness("logs").out
    status = project.harness("status", "--json").json()
    assert set(status["counts"]) == {INPUT, OUTPUT}
    doctor = project.harness("doctor", "--json").json()["checks"]
    assert stock.url in next(check for check in doctor if check["name"] == "Environment")["found"]
    debug = project.harness("debug")
    assert (debug.code, debug.out) == (2, "")
    assert "has no capability 'debug'" in debug.err

    put(stock.url, INPUT, "seen by nobody")  # the mapping takes it, and the function answers what it is
    assert eventually(lambda: project.harness("results", "--json").json()["messages"])
    assert project.harness("results", "--json").json()["messages"]  # looking takes nothing out

    client(Endpoint(stock.url), "lambda").delete_function(FunctionName="calculatrice")
    mended = project.harness("up", "--json").json()
    assert mended["changed"] is True
    sent = project.harness("send", '{"operation": "add", "a": 6, "b": 3}', "--wait", "--json").json()
    assert sent["results"][0]["result"] == 9

    down = project.harness("down", "--json").json()
    assert down["stopped"]["url"] == stock.url
    assert left_at(stock.url) == []
    assert project.harness("status", "--json").json()["environment"] is None


def test_a_localstack_that_names_its_queues_by_its_address(
    copied: Callable[..., CommandLine], tmp_path: Path
) -> None:
    settings = {"SQS_ENDPOINT_STRATEGY": "off"}
    with stock_localstack(tmp_path / "stock", settings=settings) as stock:
        project = copied(HARNESS_TARGET="endpoint", HARNESS_ENDPOINT=stock.url)
        # Terraform reaches this host through its proxy alone: to it, 0.0.0.0 is a machine like any other.
        elsewhere = stock.url.replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - nothing is bound to it
        up = project.harness("up", "--endpoint", elsewhere, "--json").json()
        assert up["environment"]["url"] == elsewhere
        sent = project.harness("send", '{"operation": "add", "a": 5, "b": 3}', "--wait", "--json").json()
        assert sent["results"][0]["result"] == 8
        assert project.harness("down").code == 0
        assert left_at(stock.url) == []


def test_queue_urls_that_terraform_does_not_take_are_said(
    copied: Callable[..., CommandLine], tmp_path: Path
) -> None:
    with stock_localstack(tmp_path / "stock", settings={"SQS_ENDPOINT_STRATEGY": "path"}) as stock:
        project = copied()
        error = project.harness("up", "--endpoint", stock.url, "--json").error()
        assert "Terraform's AWS provider does not take" in error["message"]
        assert "SQS_ENDPOINT_STRATEGY=standard" in error["hint"]
        assert left_at(stock.url) == []
        assert not (project.root / ".harness" / "environment.json").exists()


def test_a_second_copy_leaves_the_first_alone(
    copied: Callable[..., CommandLine], stock: StockLocalStack
) -> None:
    first, second = copied("first"), copied("second")
    assert first.harness("up", "--endpoint", stock.url).code == 0
    error = second.harness("up", "--endpoint", stock.url, "--json").error()
    assert f"holds {INPUT}, {OUTPUT} already" in error["message"]
    assert second.harness("down", "--json").json()["stopped"] is None
    sent = first.harness("send", '{"operation": "add", "a": 5, "b": 3}', "--wait", "--json").json()
    assert sent["results"][0]["result"] == 8
    assert first.harness("down").code == 0
    assert left_at(stock.url) == []


def test_roles_and_queues_of_others_stay(copied: Callable[..., CommandLine], stock: StockLocalStack) -> None:
    iam = client(Endpoint(stock.url), "iam")
    trust = {"Version": "2012-10-17", "Statement": []}
    iam.create_role(RoleName="LabRole", AssumeRolePolicyDocument=json.dumps(trust))
    sqs(stock.url).create_queue(QueueName="somebody-elses")
    project = copied()
    assert project.harness("up", "--endpoint", stock.url).code == 0
    assert project.harness("down").code == 0
    try:
        assert left_at(stock.url) == ["queue somebody-elses", "role LabRole"]
        assert iam.list_role_policies(RoleName="LabRole")["PolicyNames"] == []
    finally:
        iam.delete_role(RoleName="LabRole")
        sqs(stock.url).delete_queue(QueueUrl=url_of(stock.url, "somebody-elses"))


def test_after_a_restart_the_stack_is_deployed_again(
    copied: Callable[..., CommandLine], start_emulator: StartEmulator
) -> None:
    emulator, target = start_emulator()
    project = copied()
    before = project.harness("up", "--endpoint", emulator.url, "--json").json()
    assert before["environment"]["control"] is True
    target.stop()
    gone = project.harness("send", "{}")
    assert (gone.code, "does not answer, or was restarted" in gone.err) == (3, True)
    refused = project.harness("up")
    assert (refused.code, "refuses connections" in refused.err) == (3, True)
    start_emulator(Settings(port=int(emulator.url.rpartition(":")[2])))
    after = project.harness("up", "--json").json()
    assert after["environment"]["url"] == before["environment"]["url"]
    assert after["environment"]["id"] != before["environment"]["id"]
    assert (after["started"], after["changed"]) == (True, True)
    sent = project.harness("send", '{"operation": "add", "a": 5, "b": 3}', "--wait", "--json").json()
    assert sent["results"][0]["result"] == 8
    assert project.harness("down").code == 0
    assert left_at(emulator.url) == []


def test_an_endpoint_that_is_gone_can_be_left(copied: Callable[..., CommandLine], tmp_path: Path) -> None:
    project = copied()
    with stock_localstack(tmp_path / "stock") as stock:
        assert project.harness("up", "--endpoint", stock.url).code == 0
    down = project.harness("down", "--json").json()
    assert "nothing was removed there" in down["warnings"][0]
    assert project.harness("down", "--json").json()["stopped"] is None


def test_wrong_ways_to_name_an_endpoint(copied: Callable[..., CommandLine], stock: StockLocalStack) -> None:
    project = copied()
    for arguments, code, said in (
        (("--target", "endpoint"), 2, "no endpoint is set"),
        (("--endpoint", "127.0.0.1:4566"), 2, "is no URL of an endpoint"),
        (("--endpoint", "https://sqs.us-east-1.amazonaws.com"), 2, "--target aws"),
        (("--endpoint", stock.url, "--port", "4566"), 2, "takes no --port"),
        (("--endpoint", "http://127.0.0.1:9"), 3, "refuses connections"),
    ):
        refused = project.harness("up", *arguments)
        assert (refused.code, refused.out, said in refused.err) == (code, "", True), refused.err
    assert not (project.root / ".harness" / "environment.json").exists()
    assert project.processes() == []


def test_a_run_of_tests_leaves_the_endpoint_as_it_was(tmp_path: Path, stock: StockLocalStack) -> None:
    project = Project(tmp_path / "project")
    project.write("test_it.py", TEST)
    code, output = project.run("--harness-target", "endpoint", environ={"HARNESS_ENDPOINT": stock.url})
    assert code == 0, output
    assert left_at(stock.url) == []
    assert project.environment() is None


def test_a_killed_runs_leftovers_go_with_the_next_run(tmp_path: Path, stock: StockLocalStack) -> None:
    project = Project(tmp_path / "project")
    project.write("test_it.py", TEST)
    project.write("test_killed.py", "import os, signal\ndef test_it(stack):\n    os.kill(os.getpid(), 9)\n")
    endpoint = {"HARNESS_ENDPOINT": stock.url}
    code, _ = project.run("--harness-target", "endpoint", "test_killed.py", environ=endpoint)
    assert code == -signal.SIGKILL
    assert left_at(stock.url)
    record = read_record(project.workspace.environment_file)
    assert record is not None
    assert record.pid != os.getpid()
    assert project.environment() is None
    code, output = project.run("--harness-target", "endpoint", "test_it.py", environ=endpoint)
    assert code == 0, output
    assert left_at(stock.url) == []


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["one process", "two workers"])
def test_variations_share_an_account_under_names_of_their_own(
    tmp_path: Path, stock: StockLocalStack, workers: list[str]
) -> None:
    project = Project(tmp_path / "project")
    # A worker has no stack as it is: each of its stacks has names of its own.
    tests = VARIATIONS.partition("def test_the_stack")[0] if workers else VARIATIONS
    project.write("test_it.py", tests)
    with one_account_endpoint(stock.port) as url:
        code, output = project.run(
            "--harness-target", "endpoint", *workers, environ={"HARNESS_ENDPOINT": url}
        )
    assert code == 0, output
    assert left_at(stock.url, ACCOUNT) == []


def sqs(url: str, account: str = "000000000000") -> Any:
    return client(Endpoint(url, account=account), "sqs")


def url_of(url: str, name: str) -> str:
    return str(sqs(url).get_queue_url(QueueName=name)["QueueUrl"])


def put(url: str, name: str, body: str) -> None:
    sqs(url).send_message(QueueUrl=url_of(url, name), MessageBody=body)


def left_at(url: str, account: str = "000000000000") -> list[str]:
    """What stands in an account of an endpoint."""
    endpoint = Endpoint(url, account=account)
    functions = client(endpoint, "lambda")
    queues = client(endpoint, "sqs").list_queues().get("QueueUrls", [])
    groups = client(endpoint, "logs").describe_log_groups()["logGroups"]
    return [
        *(f"queue {queue.rpartition('/')[2]}" for queue in queues),
        *(f"function {function['FunctionName']}" for function in functions.list_functions()["Functions"]),
        *(
            f"mapping {found['UUID']}"
            for found in functions.list_event_source_mappings()["EventSourceMappings"]
        ),
        *(f"role {role['RoleName']}" for role in client(endpoint, "iam").list_roles()["Roles"]),
        *(f"log group {group['logGroupName']}" for group in groups),
    ]
