"""What an apply needs besides an environment: what functions run on, and the roles that the stack names."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.client.control import ControlApi
from harness.machine.files import write_atomically
from harness.model.environment import own_account
from harness.model.errors import RuntimeMissingError
from harness.model.host import shown
from harness.terraform.named_roles import named_roles
from harness.terraform.variables import InputVariables

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.model.environment import Environment, Place
    from harness.model.progress import Progress
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace

MAKING_SECONDS = 600.0
"""The packages of a runtime's environment may have to be downloaded over a slow line."""


def check_runtimes(
    runtimes: set[str], settings: Settings, ready: Environment, place: Place, progress: Progress
) -> None:
    """Say which functions run on another Python than their own, where the emulator has Pythons of its own.

    Raises:
        RuntimeMissingError: Some would, and the settings forbid it.
    """
    there = (ControlApi(ready.url, place.account).call("GET", "health") or {}).get("runtimes")
    if there is None:
        return
    for runtime in sorted(runtimes - set(there)):
        text = f"{runtime} is not in the environment ({ready.holder}), which has {', '.join(there) or 'none'}"
        if settings.strict_runtime:
            raise RuntimeMissingError(
                f"{text}.",
                hint="Set the function's runtime to one of those, or use an image that has it: "
                f"`make image RUNTIMES={runtime}` in the harness's own repository.",
            )
        progress.warn(f"{text}; the nearest one runs its functions instead.")


class Roles:
    """The IAM roles of a deployment that exist before its apply.

    Which ones were made is noted, so that a later `up` asks IAM only when the stack names other roles, and so
    that a role is deleted again once the stack creates it itself, or leaves the environment.
    """

    def __init__(self, workspace: Workspace, ready: Environment, place: Place) -> None:
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
        from harness.terraform.roles import ensure_roles  # noqa: PLC0415 - boto3 takes a second to import

        fresh = set()
        for role in roles:
            account, _, name = role.partition("/")
            if ensure_roles(self._ready.endpoint(account=account), [name], touch=touch):
                fresh.add(role)
        return fresh

    def _delete(self, roles: Iterable[str]) -> None:
        from harness.terraform.roles import delete_roles  # noqa: PLC0415 - boto3 takes a second to import

        for role in roles:
            account, _, name = role.partition("/")
            delete_roles(self._ready.endpoint(account=account), [name])


def named_runtimes(document: dict[str, Any]) -> set[str]:
    """The Lambda runtimes that a stack's document names."""
    functions = document.get("resource", {}).get("aws_lambda_function", {})
    return {function["runtime"] for function in functions.values() if "runtime" in function}


def synthesized_runtimes(workspace: Workspace) -> set[str]:
    """The Lambda runtimes that the last synthesized stack names; none where nothing was synthesized yet."""
    found: set[str] = set()
    folder = workspace.deployment(own_account().folder)
    for file in folder.glob("synth/cdktf.out/stacks/*/cdk.tf.json"):
        with contextlib.suppress(OSError, ValueError, AttributeError, TypeError):
            found |= named_runtimes(json.loads(file.read_bytes()))
    return found


def make_runtimes(runtimes: set[str], ready: Environment, progress: Progress) -> None:
    """Have the emulator make the virtual environments of Lambda runtimes, ahead of the apply.

    Raises:
        RuntimeMissingError: There is no Python for one of them.
    """
    if not runtimes:
        return
    api = ControlApi(ready.url, ready.account)
    with progress.step(", ".join(f"runtime {name}" for name in sorted(runtimes))) as step:
        reports = api.call("PUT", "runtimes", {"runtimes": sorted(runtimes)}, timeout=MAKING_SECONDS)
        step.detail = ", ".join(raise_or_show(report, progress) for report in reports)


def raise_or_show(report: dict[str, Any], progress: Progress) -> str:
    """The interpreter that a runtime's report names; its warning is shown.

    Raises:
        RuntimeMissingError: The report is of an error.
    """
    if "error" in report:
        error = report["error"]
        raise RuntimeMissingError(error["message"], hint=error["hint"], detail=error["detail"])
    if report["warning"]:
        progress.warn(report["warning"])
    return f"{shown(Path(report['interpreter']))}{' (new)' if report['fresh'] else ''}"
