"""Deployments to the emulator with real Terraform: after each of them a plan must find nothing to change."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.model.errors import PackageError, StackError, TerraformError
from harness.model.progress import Progress
from harness.project.settings import PackageSettings, Settings
from harness.project.workspace import Workspace
from harness.terraform import deploy, load_deployment, plan_is_empty
from harness.terraform.queue_plan import planned_queues
from harness.terraform.queues import QueuesAhead
from harness.terraform.roles import ensure_roles
from harness.terraform.stage import stage
from tests.support.deployable import Deployable

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.environment import Place
    from tests.integration.conftest import Emulator

# What deploying does is the same everywhere; what it asks of the environment is shown on each.
pytestmark = pytest.mark.only_on("embedded")
everywhere = pytest.mark.only_on("embedded", "container", "endpoint")

ROOT = Path(__file__).parents[2]
VARIATIONS = {
    "dead letters, filter, batches": {
        "CALCULATRICE_MAX_RECEIVE_COUNT": "3",
        "CALCULATRICE_FILTER_PATTERN": '{"body": {"operation": ["add"]}}',
        "CALCULATRICE_BATCH_SIZE": "100",
        "CALCULATRICE_BATCHING_WINDOW": "5",
        "CALCULATRICE_REPORT_BATCH_ITEM_FAILURES": "true",
        "CALCULATRICE_MAXIMUM_CONCURRENCY": "2",
    },
    "fifo, dead letters": {"CALCULATRICE_FIFO": "true", "CALCULATRICE_MAX_RECEIVE_COUNT": "1"},
}


@pytest.fixture
def project(tmp_path: Path, emulator: Emulator, providers: Path) -> Deployable:
    return Deployable(tmp_path / "project", emulator.environment, providers)


@pytest.fixture
def queue_attributes(project: Deployable, emulator: Emulator) -> Callable[[str], dict[str, str]]:
    def attributes(name: str, region: str = "us-east-1") -> dict[str, str]:
        client = (
            emulator.client("sqs", project.account)
            if region == "us-east-1"
            else sqs_in(emulator, project, region)
        )
        url = client.get_queue_url(QueueName=name)["QueueUrl"]
        found: dict[str, str] = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])[
            "Attributes"
        ]
        return found

    return attributes


def sqs_in(emulator: Emulator, project: Deployable, region: str) -> Any:
    endpoint = replace(emulator.environment.endpoint(account=project.account), region=region)
    import boto3  # noqa: PLC0415 - for one test

    return boto3.session.Session().client("sqs", **endpoint.client_arguments())


def queue_names(emulator: Emulator, account: str) -> list[str]:
    urls = emulator.client("sqs", account).list_queues().get("QueueUrls", [])
    return sorted(url.rpartition("/")[2] for url in urls)


class Calculator:
    """The repository's own stack, in a copy of the project."""

    def __init__(self, root: Path, emulator: Emulator, place: Place) -> None:
        shutil.copytree(ROOT / "stack", root / "stack", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("lambda_function.py", "cdktf.json"):
            shutil.copy(ROOT / name, root / name)
        self.workspace = Workspace(root)
        self.emulator = emulator
        self.place = place
        self.account = place.account
        self.progress = Progress()
        self.settings = Settings(
            app="python -m stack",
            packages=(
                PackageSettings("lambda_deployment.zip", ("lambda_function.py",), runtime="python3.9"),
            ),
        )
        ensure_roles(emulator.environment.endpoint(account=place.account), ["LabRole"])

    def deploy(self, environ: dict[str, str]) -> Any:
        self.progress.steps.clear()
        return deploy(
            self.workspace,
            replace(self.settings, environment=environ),
            environment=lambda _: self.emulator.environment,
            place=self.place,
            progress=self.progress,
        )

    def steps(self) -> dict[str, str]:
        return {step.name: step.detail for step in self.progress.steps}

    def assert_nothing_to_change(self) -> None:
        empty, output = plan_is_empty(self.workspace, self.settings, self.emulator.environment, self.place)
        assert empty, output

    def code_sha256(self) -> str:
        client = self.emulator.client("lambda", self.account)
        return str(client.get_function_configuration(FunctionName="calculatrice")["CodeSha256"])


@pytest.fixture
def calculator(tmp_path: Path, emulator: Emulator, providers: Path) -> Calculator:
    made = Calculator(tmp_path, emulator, emulator.place())
    (made.workspace.state / "terraform").symlink_to(providers)
    return made


@pytest.mark.parametrize("variation", VARIATIONS)
def test_the_calculators_queues_are_imported_as_planned(calculator: Calculator, variation: str) -> None:
    deployment = calculator.deploy(VARIATIONS[variation])
    count = len(deployment.queues)
    assert calculator.steps()["terraform apply"] == f"{count} imported, 2 added, 0 changed, 0 destroyed"
    calculator.assert_nothing_to_change()
    assert {queue.construct_id for queue in deployment.queues} >= {"InputQueue", "OutputQueue"}
    assert [function.name for function in deployment.functions] == ["calculatrice"]
    assert deployment.functions[0].environment["OUTPUT_QUEUE_URL"] in {
        queue.url for queue in deployment.queues
    }
    assert deployment.mappings[0].function_arn == deployment.functions[0].arn
    assert load_deployment(
        calculator.workspace, calculator.emulator.environment, place=calculator.place
    ) == replace(deployment, changed=False)


def test_new_code_is_deployed_without_terraform_and_its_state_stays_true(calculator: Calculator) -> None:
    first = calculator.deploy({})
    assert calculator.steps()["terraform apply"] == "2 imported, 2 added, 0 changed, 0 destroyed"
    before = calculator.code_sha256()
    assert not calculator.deploy({}).changed

    handler = calculator.workspace.root / "lambda_function.py"
    handler.write_text(handler.read_text() + "\n# changed\n")
    changed = calculator.deploy({})
    assert changed.queues == first.queues
    assert changed.functions[0].code_sha256 == calculator.code_sha256()
    assert calculator.steps()["code"] == "calculatrice"
    assert "terraform apply" not in calculator.steps()
    assert calculator.code_sha256() != before
    assert not calculator.deploy({}).changed

    calculator.settings = replace(calculator.settings, packages=())
    deployed = calculator.code_sha256()
    (calculator.workspace.root / "lambda_deployment.zip").write_bytes(b"no zip")
    with pytest.raises(PackageError, match="not a readable zip"):
        calculator.deploy({})
    assert calculator.code_sha256() == deployed
    calculator.assert_nothing_to_change()


@everywhere
def test_every_attribute_of_a_queue_is_as_planned(
    project: Deployable, emulator: Emulator, queue_attributes: Callable[..., dict[str, str]]
) -> None:
    project.stack(
        provider={
            "aws": [
                {"region": "us-east-1", "default_tags": [{"tags": {"team": "lab", "stage": "test"}}]},
                {"alias": "paris", "region": "eu-west-3"},
            ]
        },
        data={"aws_caller_identity": {"me": {}}},
        resource={
            "aws_sqs_queue": {
                "Work": {
                    "name": "work-${data.aws_caller_identity.me.account_id}",
                    "delay_seconds": 5,
                    "max_message_size": 2048,
                    "message_retention_seconds": 120,
                    "receive_wait_time_seconds": 3,
                    "visibility_timeout_seconds": 7,
                    "redrive_policy": '${jsonencode({"maxReceiveCount" = 4, '
                    '"deadLetterTargetArn" = aws_sqs_queue.Dead.arn})}',
                    "tags": {"stage": "own"},
                },
                "Dead": {
                    "name": "dead",
                    "redrive_allow_policy": '{"sourceQueueArns": ["arn:aws:sqs:us-east-1:'
                    "${data.aws_caller_identity.me.account_id}:"
                    'work-${data.aws_caller_identity.me.account_id}"], "redrivePermission": "byQueue"}',
                },
                "Ordered": {
                    "name": "ordered.fifo",
                    "fifo_queue": True,
                    "content_based_deduplication": True,
                    "deduplication_scope": "messageGroup",
                    "fifo_throughput_limit": "perMessageGroupId",
                },
                "Encrypted": {"name": "encrypted", "sqs_managed_sse_enabled": False},
                "Away": {"name": "away", "provider": "aws.paris"},
            }
        },
    )
    deployment = project.deploy()
    assert project.steps()["terraform apply"] == "5 imported, 0 added, 0 changed, 0 destroyed"
    project.assert_nothing_to_change()
    work = queue_attributes(f"work-{project.account}")
    assert json.loads(work["RedrivePolicy"])["maxReceiveCount"] == 4
    assert queue_attributes("away", "eu-west-3")["QueueArn"].startswith("arn:aws:sqs:eu-west-3:")
    client = emulator.client("sqs", project.account)
    url = client.get_queue_url(QueueName=f"work-{project.account}")["QueueUrl"]
    assert client.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "lab", "stage": "own"}
    assert [queue.fifo for queue in deployment.queues if queue.name == "ordered.fifo"] == [True]


def test_a_changed_stack_is_applied_without_the_providers_wait(
    project: Deployable, emulator: Emulator, queue_attributes: Callable[[str], dict[str, str]]
) -> None:
    project.queues(One={"name": "one", "tags": {"a": "1"}}, Two={"name": "two"})
    project.deploy()
    project.queues(
        One={"name": "one", "visibility_timeout_seconds": 9, "tags": {"b": "2"}}, Three={"name": "three"}
    )
    deployment = project.deploy()
    # The provider finds nothing to modify, so it does not wait 25 s for a modification to show.
    assert project.steps()["terraform apply"] == "1 imported, 0 added, 0 changed, 1 destroyed"
    project.assert_nothing_to_change()
    assert queue_attributes("one")["VisibilityTimeout"] == "9"
    assert queue_names(emulator, project.account) == ["one", "three"]
    assert [queue.name for queue in deployment.queues] == ["one", "three"]
    assert not project.deploy().changed


def test_another_environment_is_deployed_to_anew(project: Deployable, emulator: Emulator) -> None:
    project.queues(One={"name": "one"})
    project.deploy()
    client = emulator.client("sqs", project.account)
    client.delete_queue(QueueUrl=client.get_queue_url(QueueName="one")["QueueUrl"])

    restarted = replace(emulator.environment, id="another-start")
    assert load_deployment(project.workspace, restarted, place=project.place) is None
    project.environment = restarted
    deployment = project.deploy()
    assert deployment.environment_id == "another-start"
    assert project.steps()["terraform apply"] == "1 imported, 0 added, 0 changed, 0 destroyed"
    assert queue_names(emulator, project.account) == ["one"]


@everywhere
def test_a_failed_apply_shows_terraforms_error_and_leaves_no_queue(
    project: Deployable, emulator: Emulator
) -> None:
    project.stack(
        resource={
            "aws_sqs_queue": {
                "Good": {"name": "good"},
                "Bad": {"name": "bad", "visibility_timeout_seconds": 99999},
            }
        }
    )
    with pytest.raises(TerraformError) as caught:
        project.deploy()
    assert caught.value.detail is not None
    assert (
        "expected visibility_timeout_seconds to be in the range (0 - 43200), got 99999" in caught.value.detail
    )
    assert not set("╷│╵") & set(caught.value.detail)
    assert "Traceback" not in str(caught.value)
    assert queue_names(emulator, project.account) == []
    assert load_deployment(project.workspace, emulator.environment, place=project.place) is None

    project.queues(Good={"name": "good"})
    project.deploy()
    assert queue_names(emulator, project.account) == ["good"]


def test_what_the_state_holds_survives_a_failure(project: Deployable, emulator: Emulator) -> None:
    project.stack(
        resource={
            "aws_sqs_queue": {"Good": {"name": "good"}},
            "aws_iam_role": {
                "Refused": {
                    "name": "refused",
                    "assume_role_policy": "{}",
                    "depends_on": ["aws_sqs_queue.Good"],
                }
            },
        }
    )
    with pytest.raises(TerraformError, match=r"aws_iam_role\.Refused: CreateRole was refused"):
        project.deploy()
    assert queue_names(emulator, project.account) == ["good"]
    project.queues(Good={"name": "good"})
    project.deploy()
    assert project.steps()["terraform apply"] == "0 added, 0 changed, 0 destroyed"
    project.assert_nothing_to_change()


def test_a_package_that_is_no_zip_is_refused_before_anything_is_made(
    calculator: Calculator, emulator: Emulator
) -> None:
    calculator.settings = replace(calculator.settings, packages=())
    (calculator.workspace.root / "lambda_deployment.zip").write_bytes(b"no zip")
    with pytest.raises(PackageError, match="not a readable zip"):
        calculator.deploy({})
    assert queue_names(emulator, calculator.account) == []


@everywhere
def test_a_queue_that_is_there_already_is_not_taken_from_its_owner(
    project: Deployable, emulator: Emulator
) -> None:
    client = emulator.client("sqs", project.account)
    client.create_queue(QueueName="mine", Attributes={"VisibilityTimeout": "11"})
    project.stack(
        resource={
            "aws_sqs_queue": {"Mine": {"name": "mine"}, "Bad": {"name": "bad", "delay_seconds": 5000}},
        }
    )
    # What somebody else runs may hold another's queue, and is not even begun with.
    with pytest.raises(TerraformError if emulator.environment.control else StackError):
        project.deploy()
    assert queue_names(emulator, project.account) == ["mine"]


@everywhere
def test_two_projects_in_two_accounts_do_not_meet(
    project: Deployable, tmp_path: Path, emulator: Emulator, providers: Path
) -> None:
    other = Deployable(tmp_path / "other", emulator.environment, providers)
    for one, seconds in ((project, 5), (other, 6)):
        one.queues(Same={"name": "same", "visibility_timeout_seconds": seconds})
        one.deploy()
    for one in (project, other):
        assert queue_names(emulator, one.account) == ["same"]


def test_queues_of_a_killed_deploy_are_taken_up_by_the_next(
    project: Deployable, emulator: Emulator, queue_attributes: Callable[[str], dict[str, str]]
) -> None:
    project.queues(One={"name": "one"})
    ahead = QueuesAhead(emulator.environment, project.account)
    document = stage(project.synthesize(), project.place).document
    planned = planned_queues(document, account=project.account, url=ahead.url)
    ahead.prepare(planned, None, project.workspace.deployment(project.place.folder) / "terraform")
    assert queue_names(emulator, project.account) == ["one"]  # and here its process is killed

    project.queues(One={"name": "one", "visibility_timeout_seconds": 8})
    project.deploy()
    assert project.steps()["terraform apply"] == "1 imported, 0 added, 0 changed, 0 destroyed"
    assert queue_attributes("one")["VisibilityTimeout"] == "8"


def test_input_variables_come_from_the_shell_the_settings_and_the_projects_files(
    project: Deployable, monkeypatch: pytest.MonkeyPatch
) -> None:
    colours = {name: {"default": "none"} for name in ("one", "two", "three", "four")}
    project.stack(variable=colours, output={name: {"value": f"${{var.{name}}}"} for name in colours})
    assert project.deploy().outputs == dict.fromkeys(colours, "none")
    for name in colours:
        monkeypatch.setenv(f"TF_VAR_{name}", "shell")
    project.set(environment={"TF_VAR_two": "setting"})
    project.write("terraform.tfvars", 'three = "file"\nfour = "file"\n')
    project.write("more.auto.tfvars.json", '{"four": "auto"}')
    outputs = {"one": "shell", "two": "setting", "three": "file", "four": "auto"}
    assert project.deploy().outputs == outputs
    assert not project.deploy().changed
    (project.workspace.root / "more.auto.tfvars.json").unlink()
    assert project.deploy().outputs == {**outputs, "four": "file"}


def test_a_state_backend_is_left_alone_and_said_once(project: Deployable, emulator: Emulator) -> None:
    backend = {"backend": {"s3": {"bucket": "of-the-team", "key": "state", "region": "eu-west-3"}}}
    project.stack(resource={"aws_sqs_queue": {"One": {"name": "one"}}}, terraform=backend)
    project.deploy()
    assert queue_names(emulator, project.account) == ["one"]
    (warning,) = project.progress.warnings
    assert "the backend 's3'" in warning
    project.progress.warnings.clear()
    project.stack(resource={"aws_sqs_queue": {"Two": {"name": "two"}}}, terraform=backend)
    project.deploy()
    assert project.progress.warnings == []


def test_a_sensitive_output_is_there_for_tests_and_shown_nowhere(project: Deployable) -> None:
    project.stack(output={"token": {"value": "s3cret", "sensitive": True}, "plain": {"value": 5}})
    deployment = project.deploy()
    assert deployment.outputs == {"token": "s3cret", "plain": 5}
    assert deployment.as_json()["outputs"] == {"token": "(sensitive value)", "plain": 5}
    assert "s3cret" not in repr(deployment) + json.dumps(deployment.as_json(), default=str)
