"""IAM roles that a stack names and does not make itself, such as the lab's `LabRole`."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import botocore.exceptions

from harness.client.boto import client
from harness.model.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.model.environment import Endpoint

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
PERMISSIONS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": "*",
        },
        {
            "Effect": "Allow",
            "Action": [
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ChangeMessageVisibility",
                "sqs:SendMessage",
                "sqs:GetQueueUrl",
            ],
            "Resource": "*",
        },
    ],
}
POLICY_NAME = "queues-and-logs"


def ensure_roles(endpoint: Endpoint, names: Iterable[str], *, touch: bool = True) -> list[str]:
    """Make the roles of those names in the endpoint's account, with Lambda's trust and the permissions above.

    A role that exists keeps its trust.

    Args:
        endpoint: Where.
        names: The roles.
        touch: Whether a role that exists gets the permissions; if not, it stays as it is.

    Returns:
        The roles that did not exist.

    Raises:
        EmulatorError: The endpoint refused.
    """
    iam = client(endpoint, "iam")
    made = []
    for name in names:
        try:
            try:
                iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
                made.append(name)
            except iam.exceptions.EntityAlreadyExistsException:
                if not touch:
                    continue
            iam.put_role_policy(
                RoleName=name,
                PolicyName=POLICY_NAME,
                PolicyDocument=json.dumps(PERMISSIONS),
            )
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
            raise EmulatorError(f"The role {name!r} could not be made at {endpoint.url}: {error}") from error
    return made


def delete_roles(endpoint: Endpoint, names: Iterable[str]) -> None:
    """Delete roles that `ensure_roles` has made; one that is gone, or that others use by now, stays so."""
    iam = client(endpoint, "iam")
    for name in names:
        with contextlib.suppress(botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
            iam.delete_role_policy(RoleName=name, PolicyName=POLICY_NAME)
            iam.delete_role(RoleName=name)
