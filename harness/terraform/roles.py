"""IAM roles made for a stack that names them and does not create them, such as `LabRole`."""

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
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
"""Everything: which rights the real role has is not known here."""
POLICY_NAME = "made-by-the-harness"


def ensure_roles(endpoint: Endpoint, roles: Iterable[str], *, touch: bool = True) -> list[str]:
    """Make roles, with Lambda's trust and all rights. A role that exists keeps its trust.

    Args:
        endpoint: Where.
        roles: Their names, each with its path before it where it has one (`service-role/NAME`).
        touch: Whether a role that exists gets the rights; if not, it stays as it is.

    Returns:
        Those that did not exist.

    Raises:
        EmulatorError: The endpoint refused.
    """
    iam = client(endpoint, "iam")
    made = []
    for role in roles:
        path, _, name = f"/{role.lstrip('/')}".rpartition("/")
        try:
            try:
                iam.create_role(RoleName=name, Path=f"{path}/", AssumeRolePolicyDocument=json.dumps(TRUST))
                made.append(role)
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


def delete_roles(endpoint: Endpoint, roles: Iterable[str]) -> None:
    """Delete roles that `ensure_roles` made; one that is gone, or that others use by now, stays so.

    Args:
        endpoint: Where.
        roles: As `ensure_roles` takes them.
    """
    iam = client(endpoint, "iam")
    for role in roles:
        name = role.rpartition("/")[2]
        with contextlib.suppress(botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
            iam.delete_role_policy(RoleName=name, PolicyName=POLICY_NAME)
            iam.delete_role(RoleName=name)
