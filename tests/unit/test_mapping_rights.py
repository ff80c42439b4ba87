from __future__ import annotations

import json
from typing import Any

import pytest
from moto.iam.models import iam_backends

from harness.terraform.roles import PERMISSIONS
from harness_emulator.mapping.rights import missing_action
from tests.support.mapped import new_account

ALL = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}


class Roles:
    """Roles of one account of the emulator's IAM."""

    def __init__(self) -> None:
        self.account = new_account()
        self.backend = iam_backends[self.account]["aws"]
        self.queue = f"arn:aws:sqs:us-east-1:{self.account}:orders"

    def make(self, *statements: Any) -> str:
        role = self.backend.create_role("worker", "{}", "/teams/", None, "", [], 3600)
        if statements:
            document = {"Version": "2012-10-17", "Statement": list(statements)}
            self.backend.put_role_policy("worker", "own", json.dumps(document))
        return str(role.arn)


@pytest.fixture
def roles() -> Roles:
    return Roles()


@pytest.mark.parametrize(
    ("statements", "missing"),
    [
        ([], "ReceiveMessage"),
        ([ALL], None),
        (PERMISSIONS["Statement"], None),
        ([{**ALL, "Action": ["SQS:Receive*", "sqs:deletemessage"]}], "GetQueueAttributes"),
        ([{**ALL, "Action": "logs:*"}], "ReceiveMessage"),
        ([{**ALL, "Action": "*"}], None),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], None),
        ([{"Effect": "Allow", "Action": "sqs:*", "NotResource": "arn:aws:sqs:*:*:orders"}], "ReceiveMessage"),
        ([{**ALL, "Resource": "arn:aws:sqs:us-east-1:*:orders"}], None),
        ([{**ALL, "Resource": "arn:aws:sqs:us-east-1:${aws:PrincipalAccount}:orders"}], None),
        ([{**ALL, "Resource": "arn:aws:sqs:us-east-1:*:other"}], "ReceiveMessage"),
        ([{**ALL, "Condition": {"StringEquals": {"aws:SourceVpc": "x"}}}], None),
        ([ALL, {"Effect": "Deny", "Action": "sqs:DeleteMessage", "Resource": "*"}], "DeleteMessage"),
        (
            [ALL, {"Effect": "Deny", "Action": "sqs:*", "Resource": "*", "Condition": {"Bool": {"a": "b"}}}],
            None,
        ),
    ],
)
def test_what_a_roles_policies_leave_out(roles: Roles, statements: list[Any], missing: str | None) -> None:
    assert missing_action(roles.make(*statements), roles.queue, None) == missing


def test_a_role_that_does_not_exist_has_no_rights(roles: Roles) -> None:
    assert missing_action(f"arn:aws:iam::{roles.account}:role/nobody", roles.queue, None) == "ReceiveMessage"


def test_a_managed_policy_counts_in_its_default_version(roles: Roles) -> None:
    role = roles.make()
    document = {"Version": "2012-10-17", "Statement": [ALL]}
    policy = roles.backend.create_policy("", "/", json.dumps(document), "queues", [])
    roles.backend.attach_role_policy(policy.arn, "worker")
    assert missing_action(role, roles.queue, None) is None


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["ACCOUNT"]}, {"AWS": "ROLE"}])
def test_the_queues_own_policy_can_grant_it_within_an_account(roles: Roles, principal: Any) -> None:
    role = roles.make()
    filled = json.loads(json.dumps(principal).replace("ACCOUNT", roles.account).replace("ROLE", role))
    policy = json.dumps({"Statement": {**ALL, "Principal": filled}})
    assert missing_action(role, roles.queue, policy) is None
    # Of another account's queue both must allow it.
    foreign = f"arn:aws:sqs:us-east-1:{new_account()}:orders"
    assert missing_action(role, foreign, policy) == "ReceiveMessage"


def test_a_queue_of_another_account_needs_both_policies(roles: Roles) -> None:
    role = roles.make(ALL)
    foreign = f"arn:aws:sqs:us-east-1:{new_account()}:orders"
    assert missing_action(role, foreign, None) == "ReceiveMessage"
    policy = json.dumps({"Statement": [{**ALL, "Principal": {"AWS": role}}]})
    assert missing_action(role, foreign, policy) is None
