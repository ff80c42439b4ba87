"""IAM roles made for a stack that names them and does not create them, such as `LabRole`."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from harness.client.boto import client
from harness.machine.files import write_atomically
from harness.model.errors import EmulatorError
from harness.terraform.named_roles import named_roles
from harness.terraform.variables import InputVariables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.model.environment import Endpoint, Place, RunningEnvironment
    from harness.model.progress import Progress
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace

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


class Roles:
    """The IAM roles of a deployment that exist before its apply.

    Which ones were made is noted, so that a later `up` asks IAM only when the stack names other roles, and so
    that a role is deleted again once the stack creates it itself, or leaves the environment.
    """

    def __init__(self, workspace: Workspace, ready: RunningEnvironment, place: Place) -> None:
        self._workspace = workspace
        self._note = workspace.deployment(place.folder) / "roles.json"
        self._ready = ready
        self._place = place
        self._wanted: list[str] = []
        self._made: set[str] = set()
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            known = json.loads(self._note.read_bytes())
            if known["environment"] == ready.id:
                self._wanted, self._made = list(known["roles"]), set(known["made"])

    def ensure(self, document: dict[str, Any], settings: Settings, progress: Progress) -> None:
        """Make the roles that the settings list, or else those that the stack names and does not create.

        Raises:
            EmulatorError: The environment refused.
        """
        account = self._place.account
        if settings.roles is not None:
            wanted = [f"{account}/{name}" for name in settings.roles]
        else:
            variables = InputVariables.of(self._workspace, settings).known()
            named = named_roles(document, account=account, variables=variables)
            wanted = [f"{role.account}{role.path}{role.name}" for role in named]
        if wanted == self._wanted and self._note.is_file():
            return
        fresh = set()
        if wanted or self._made:
            # Not one that the stack creates by now: Terraform would find its name taken.
            self._delete(self._made - set(wanted))
            touch = settings.roles is not None and not self._ready.shared
            fresh = self._make(wanted, touch=touch)
        if fresh and settings.roles is None:
            with progress.step("roles") as step:
                names = ", ".join(sorted(role.rpartition("/")[2] for role in fresh))
                step.detail = f"made {names}: named by the stack, not created by it"
        self._wanted, self._made = wanted, (self._made & set(wanted)) | fresh
        note = {"environment": self._ready.id, "roles": wanted, "made": sorted(self._made)}
        write_atomically(self._note, json.dumps(note))

    def delete(self) -> None:
        """Delete the roles that were made."""
        self._delete(self._made)
        self._note.unlink(missing_ok=True)

    def _make(self, roles: Iterable[str], *, touch: bool) -> set[str]:
        fresh = set()
        for role in roles:
            account, _, name = role.partition("/")
            if ensure_roles(self._ready.endpoint(account=account), [name], touch=touch):
                fresh.add(role)
        return fresh

    def _delete(self, roles: Iterable[str]) -> None:
        for role in roles:
            account, _, name = role.partition("/")
            delete_roles(self._ready.endpoint(account=account), [name])


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
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - boto3 takes a second to import

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
        except (ClientError, BotoCoreError) as error:
            raise EmulatorError(f"The role {name!r} could not be made at {endpoint.url}: {error}") from error
    return made


def delete_roles(endpoint: Endpoint, roles: Iterable[str]) -> None:
    """Delete roles that `ensure_roles` made; one that is gone, or that others use by now, stays so.

    Args:
        endpoint: Where.
        roles: As `ensure_roles` takes them.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - boto3 takes a second to import

    iam = client(endpoint, "iam")
    for role in roles:
        name = role.rpartition("/")[2]
        with contextlib.suppress(ClientError, BotoCoreError):
            iam.delete_role_policy(RoleName=name, PolicyName=POLICY_NAME)
            iam.delete_role(RoleName=name)
