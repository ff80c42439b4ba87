"""Refusals that Terraform's provider retries for minutes end the apply once no retry can change them."""

from __future__ import annotations

import io
import json
import time
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from harness.model.errors import TerraformError
from harness.terraform import roles
from harness.terraform.apply_watch import ApplyWatch
from harness.terraform.refusals import read_refusal
from tests.support.deployable import Deployable

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Emulator

pytestmark = pytest.mark.only_on("embedded", "container")

TRUST = json.dumps(roles.TRUST)
ALLOWED = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
)
SECONDS = 2.0
NO_RIGHTS = "does not have permissions to call ReceiveMessage on SQS"


class Refusing:
    """A project with a function, whose refusals are timed."""

    def __init__(self, project: Deployable, emulator: Emulator) -> None:
        self.project = project
        self.emulator = emulator
        self.refused_at: list[float] = []
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("f.py", "def handler(event, context): pass")
        (project.workspace.root / "f.zip").write_bytes(code.getvalue())

    def function(self, name: str, role: str) -> dict[str, Any]:
        return {
            "function_name": name,
            "role": role,
            "runtime": "python3.13",
            "handler": "f.handler",
            "filename": str(self.project.workspace.root / "f.zip"),
        }

    def role(self, name: str) -> str:
        return f"arn:aws:iam::{self.project.account}:role/{name}"

    def mapped(self, role: str, **more: Any) -> None:
        """A stack with a queue that feeds a function of that role."""
        mapping = {
            "event_source_arn": "${aws_sqs_queue.Q.arn}",
            "function_name": "${aws_lambda_function.F.arn}",
        }
        self.project.stack(
            resource={
                "aws_sqs_queue": {"Q": {"name": "orders"}},
                "aws_lambda_function": {"F": self.function("worker", role)},
                "aws_lambda_event_source_mapping": {"M": mapping},
            }
            | more
        )

    def refused(self, **resource: Any) -> TerraformError:
        """Deploy a stack that is refused; the error, which came within two seconds of the refusal."""
        if resource:
            self.project.stack(resource=resource)
        with pytest.raises(TerraformError) as caught:
            self.project.deploy()
        ended = time.monotonic()
        assert ended - self.refused_at[-1] < SECONDS, caught.value
        assert ended - self.refused_at[0] < 2 * SECONDS, "a retry was waited for"
        return caught.value

    def make_function(self) -> None:
        """A function, `worker`, that no stack knows of."""
        account = self.project.account
        iam = self.emulator.client("iam", account)
        iam.create_role(RoleName="Known", AssumeRolePolicyDocument=TRUST)
        iam.put_role_policy(RoleName="Known", PolicyName="all", PolicyDocument=ALLOWED)
        code = (self.project.workspace.root / "f.zip").read_bytes()
        self.emulator.client("lambda", account).create_function(
            FunctionName="worker",
            Role=self.role("Known"),
            Runtime="python3.13",
            Handler="f.handler",
            Code={"ZipFile": code},
        )


@pytest.fixture
def project(tmp_path: Path, emulator: Emulator, providers: Path) -> Deployable:
    return Deployable(tmp_path / "project", emulator.environment, providers)


@pytest.fixture
def refusing(project: Deployable, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Refusing:
    made = Refusing(project, emulator)
    refused = ApplyWatch.refused

    def noted(watch: ApplyWatch, exchange: dict[str, Any]) -> bool:
        if read_refusal(exchange).changes_something:
            made.refused_at.append(time.monotonic())
        return refused(watch, exchange)

    monkeypatch.setattr(ApplyWatch, "refused", noted)
    return made


def test_a_role_that_does_not_exist(refusing: Refusing) -> None:
    refusing.mapped(refusing.role("Missing"))
    error = refusing.refused()
    assert error.message.startswith("aws_lambda_event_source_mapping.M: CreateEventSourceMapping was refused")
    assert NO_RIGHTS in error.message
    assert error.hint is not None
    assert "the role Missing" in error.hint
    # Terraform ended in order: its state has what was made, and the next deploy goes on from there.
    iam = refusing.emulator.client("iam", refusing.project.account)
    iam.create_role(RoleName="Missing", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName="Missing", PolicyName="all", PolicyDocument=ALLOWED)
    deployment = refusing.project.deploy()
    assert [function.name for function in deployment.functions] == ["worker"]
    assert len(deployment.mappings) == 1
    refusing.project.assert_nothing_to_change()


def test_a_role_of_the_stack_without_the_rights(refusing: Refusing) -> None:
    role = {"name": "poor", "assume_role_policy": TRUST}
    refusing.mapped("${aws_iam_role.Poor.arn}", aws_iam_role={"Poor": role})
    error = refusing.refused()
    assert NO_RIGHTS in error.message
    assert error.hint is not None
    assert "in a policy of aws_iam_role.Poor" in error.hint


def test_rights_that_the_same_apply_still_gives_are_waited_for(refusing: Refusing) -> None:
    refusing.mapped(
        "${aws_iam_role.Slow.arn}",
        aws_iam_role={"Slow": {"name": "slow", "assume_role_policy": TRUST}},
        aws_iam_role_policy={
            "P": {
                "role": "${aws_iam_role.Slow.name}",
                "policy": ALLOWED,
                "depends_on": ["aws_sqs_queue.Late"],
            }
        },
        aws_sqs_queue={
            "Q": {"name": "orders"},
            # Terraform makes it, and takes 25 s: no plan can tell its name.
            "Late": {"name": "late-${aws_iam_role.Slow.unique_id}"},
        },
    )
    deployment = refusing.project.deploy()
    assert len(deployment.mappings) == 1
    assert refusing.refused_at
    refusing.project.assert_nothing_to_change()


def test_a_function_whose_name_is_taken(refusing: Refusing) -> None:
    refusing.make_function()
    error = refusing.refused(aws_lambda_function={"F": refusing.function("worker", refusing.role("Known"))})
    assert error.message.startswith("aws_lambda_function.F: CreateFunction was refused")
    assert "Function already exist: worker" in error.message


def permission(**more: str) -> dict[str, Any]:
    return {"P": {"action": "lambda:InvokeFunction", "principal": "sqs.amazonaws.com", **more}}


def test_a_permission_for_a_function_that_does_not_exist(refusing: Refusing) -> None:
    error = refusing.refused(aws_lambda_permission=permission(function_name="nowhere"))
    assert error.message.startswith("aws_lambda_permission.P: AddPermission was refused")
    assert "Function not found" in error.message


def test_a_permission_that_is_given_twice(refusing: Refusing) -> None:
    refusing.make_function()
    functions = refusing.emulator.client("lambda", refusing.project.account)
    functions.add_permission(
        FunctionName="worker", StatementId="s", Action="lambda:InvokeFunction", Principal="sqs.amazonaws.com"
    )
    error = refusing.refused(aws_lambda_permission=permission(function_name="worker", statement_id="s"))
    assert "already exists" in error.message


def test_a_queue_that_does_not_exist(refusing: Refusing) -> None:
    refusing.make_function()
    missing = f"arn:aws:sqs:us-east-1:{refusing.project.account}:nowhere"
    mapping = {"M": {"event_source_arn": missing, "function_name": "worker"}}
    error = refusing.refused(aws_lambda_event_source_mapping=mapping)
    assert "The specified queue does not exist" in str(error)
    assert "with aws_lambda_event_source_mapping.M" in str(error)


def test_the_policy_of_a_queue_that_does_not_exist(refusing: Refusing) -> None:
    url = f"{refusing.emulator.url}/{refusing.project.account}/nowhere"
    error = refusing.refused(aws_sqs_queue_policy={"P": {"queue_url": url, "policy": ALLOWED}})
    assert "does not exist" in str(error)
    assert "aws_sqs_queue_policy.P" in str(error)
