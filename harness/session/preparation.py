"""What an apply needs besides an environment: what functions run on, and the roles that the stack names."""

from __future__ import annotations

import contextlib
import json
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

from harness.client.control import ControlApi
from harness.model.environment import own_account
from harness.model.errors import RuntimeMissingError
from harness.model.host import shown
from harness_emulator.functions.runtimes.environment import ensure_environment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.model.environment import Environment, Place
    from harness.model.progress import Progress
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace


def check_runtimes(
    workspace: Workspace, settings: Settings, ready: Environment, place: Place, progress: Progress
) -> None:
    """Say which functions run on another Python than their own, where the emulator has Pythons of its own.

    Raises:
        RuntimeMissingError: Some would, and the settings forbid it.
    """
    there = (ControlApi(ready.url, place.account).call("GET", "health") or {}).get("runtimes")
    if there is None:
        return
    for runtime in sorted(synthesized_runtimes(workspace, place) - set(there)):
        text = f"{runtime} is not in the environment ({ready.holder}), which has {', '.join(there) or 'none'}"
        if settings.strict_runtime:
            raise RuntimeMissingError(
                f"{text}.",
                hint="Set the function's runtime to one of those, or use an image that has it: "
                f"`make image RUNTIMES={runtime}` in the harness's own repository.",
            )
        progress.warn(f"{text}; the nearest one runs its functions instead.")


def ensure_roles(workspace: Workspace, settings: Settings, ready: Environment, place: Place) -> None:
    """Make the roles, once for each environment: asking IAM each time would cost more than all the rest."""
    note = workspace.deployment(place.folder) / "roles.json"
    wanted = {"environment": ready.id, "roles": list(settings.roles)}
    known: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError, AttributeError):
        known = json.loads(note.read_bytes())
        if wanted.items() <= known.items():
            return
    made = set(known.get("made", ())) if known.get("environment") == ready.id else set()
    if settings.roles:
        from harness.environments.roles import ensure_roles  # noqa: PLC0415 - boto3 takes a second to import

        endpoint = ready.endpoint(account=place.account)
        made.update(ensure_roles(endpoint, settings.roles, touch=not ready.shared))
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps({**wanted, "made": sorted(made)}), encoding="utf-8")


def synthesized_runtimes(workspace: Workspace, place: Place | None = None) -> set[str]:
    """The Lambda runtimes that the last synthesized stack names; none where nothing was synthesized yet."""
    found: set[str] = set()
    for file in workspace.deployment((place or own_account()).folder).glob(
        "synth/cdktf.out/stacks/*/cdk.tf.json"
    ):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            functions = json.loads(file.read_bytes())["resource"].get("aws_lambda_function", {})
            found |= {function["runtime"] for function in functions.values() if "runtime" in function}
    return found


class Runtimes:
    """What functions run on: one environment for each Lambda runtime, made side by side."""

    def __init__(self, workspace: Workspace, settings: Settings, progress: Progress) -> None:
        self._workspace = workspace
        self._settings = settings
        self._progress = progress
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="harness-runtime")
        self._making: dict[str, Future[None]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def ensure(self, runtimes: Iterable[str]) -> None:
        """Begin to make those that have not begun."""
        for runtime in sorted(runtimes):
            if runtime not in self._making:
                self._making[runtime] = self._pool.submit(self._make, runtime)

    def wait(self) -> None:
        """Wait until all are there.

        Raises:
            RuntimeMissingError: There is no Python for one of them.
        """
        for future in self._making.values():
            future.result()

    def _make(self, runtime: str) -> None:
        with self._progress.step(f"runtime {runtime}") as step:
            made = ensure_environment(runtime, self._workspace.runtimes, strict=self._settings.strict_runtime)
            step.detail = f"{shown(made.interpreter.path)}{' (new)' if made.fresh else ''}"
        if made.interpreter.warning:
            self._progress.warn(made.interpreter.warning)
