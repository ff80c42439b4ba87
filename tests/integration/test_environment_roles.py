from __future__ import annotations

import json
import urllib.parse
from typing import TYPE_CHECKING, Any

import pytest

from harness.environments.roles import POLICY_NAME, ensure_roles
from harness.model.environment import Endpoint
from harness.model.errors import EmulatorError
from tests.support.mapped import new_account

if TYPE_CHECKING:
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
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert {"sqs:ReceiveMessage", "sqs:SendMessage", "sqs:DeleteMessage", "logs:PutLogEvents"} <= actions


def test_an_endpoint_that_does_not_answer_is_an_error() -> None:
    with pytest.raises(EmulatorError, match="LabRole"):
        ensure_roles(Endpoint("http://127.0.0.1:9"), ["LabRole"])
