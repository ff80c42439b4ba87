from __future__ import annotations

import json
import urllib.parse
from typing import TYPE_CHECKING, Any

import pytest

from harness.model.environment import Endpoint
from harness.model.errors import EmulatorError
from harness.model.progress import Progress
from harness.project.settings import Settings
from harness.project.workspace import Workspace
from harness.terraform.roles import POLICY_NAME, TRUST, Roles, ensure_roles
from tests.support.mapped import new_account

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Emulator


pytestmark = pytest.mark.only_on("embedded", "container", "endpoint")


def document(text: Any) -> Any:
    return json.loads(urllib.parse.unquote(text)) if isinstance(text, str) else text


def test_roles_are_there_with_trust_and_permissions_however_often_asked_for(emulator: Emulator) -> None:
    account = new_account()
    endpoint = emulator.environment.endpoint(account=account)
    for _ in range(2):
        ensure_roles(endpoint, ["LabRole", "OtherRole"])
    iam = emulator.client("iam", account)
    role = iam.get_role(RoleName="LabRole")["Role"]
    assert role["Arn"] == f"arn:aws:iam::{account}:role/LabRole"
    trust = document(role["AssumeRolePolicyDocument"])
    assert trust["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}
    policy = document(iam.get_role_policy(RoleName="OtherRole", PolicyName=POLICY_NAME)["PolicyDocument"])
    assert policy["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]


class Project:
    """A project whose stack names roles, in an account of its own."""

    def __init__(self, root: Path, emulator: Emulator) -> None:
        self.workspace = Workspace(root)
        self.environment = emulator.environment
        self.place = emulator.place()
        self.iam = emulator.client("iam", self.place.account)

    def ensure(self, resource: dict[str, Any], settings: Settings | None = None) -> str | None:
        """Make the roles; what the step says, None where there was nothing to make."""
        progress = Progress()
        roles = Roles(self.workspace, self.environment, self.place)
        roles.ensure({"resource": resource}, settings or Settings(), progress)
        return progress.steps[0].detail if progress.steps else None

    def function(self, name: str = "LabRole") -> dict[str, Any]:
        arn = f"arn:aws:iam::{self.place.account}:role/{name}"
        return {"aws_lambda_function": {"F": {"function_name": "f", "role": arn}}}

    def roles(self) -> list[str]:
        return [role["RoleName"] for role in self.iam.list_roles()["Roles"]]


@pytest.fixture
def project(tmp_path: Path, emulator: Emulator) -> Project:
    return Project(tmp_path, emulator)


def test_a_role_that_the_stack_names_is_made_once_and_said_in_one_line(project: Project) -> None:
    assert project.ensure(project.function()) == "made LabRole: named by the stack, not created by it"
    assert project.ensure(project.function()) is None
    assert "LabRole" in project.roles()


def test_an_empty_setting_turns_that_off_and_a_list_is_made_as_it_is(project: Project) -> None:
    assert project.ensure(project.function(), Settings(roles=())) is None
    assert "LabRole" not in project.roles()
    project.ensure(project.function(), Settings(roles=("OtherRole", "service-role/Third")))
    assert {"OtherRole", "Third"} <= set(project.roles())
    assert "LabRole" not in project.roles()
    assert project.iam.get_role(RoleName="Third")["Role"]["Path"] == "/service-role/"


def test_a_role_that_the_stack_creates_later_is_out_of_its_way(project: Project) -> None:
    project.ensure(project.function())
    project.ensure({**project.function(), "aws_iam_role": {"R": {"name": "LabRole"}}})
    assert "LabRole" not in project.roles()


def test_a_role_that_is_there_already_stays_as_it_is(project: Project) -> None:
    project.iam.create_role(RoleName="LabRole", AssumeRolePolicyDocument=json.dumps(TRUST))
    assert project.ensure(project.function()) is None
    assert project.iam.list_role_policies(RoleName="LabRole")["PolicyNames"] == []
    Roles(project.workspace, project.environment, project.place).delete()
    assert "LabRole" in project.roles()


def test_an_endpoint_that_does_not_answer_is_an_error() -> None:
    with pytest.raises(EmulatorError, match="LabRole"):
        ensure_roles(Endpoint("http://127.0.0.1:9"), ["LabRole"])
