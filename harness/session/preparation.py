"""What an apply needs besides an environment: what functions run on, and the roles that the stack names."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.client.control import ControlApi
from harness.model.environment import own_account
from harness.model.errors import RuntimeMissingError
from harness.model.host import shown

if TYPE_CHECKING:
    from harness.model.environment import Place, RunningEnvironment
    from harness.model.progress import Progress
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace

MAKING_SECONDS = 600.0
"""The packages of a runtime's environment may have to be downloaded over a slow line."""


def check_runtimes(
    runtimes: set[str], settings: Settings, ready: RunningEnvironment, place: Place, progress: Progress
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


def make_runtimes(runtimes: set[str], ready: RunningEnvironment, progress: Progress) -> None:
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
