"""Bring the stack up: an environment, what its functions run on, and the deployment, side by side."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from harness.control import ControlApi
from harness.deploy import deploy
from harness.drive import Stack
from harness.errors import HarnessError, NoEnvironmentError, RuntimeMissingError, UsageError
from harness.host import HOST, shown
from harness.runtimes.environment import ensure_environment
from harness.targets.base import own_account
from harness.targets.container import sweep_containers
from harness.targets.environment_file import read_record
from harness.targets.registry import target_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from harness.deploy import Deployment
    from harness.progress import Progress
    from harness.settings import Settings
    from harness.targets.base import Environment, Owner, Place, Target
    from harness.workspace import Workspace

# An environment that ends with this process does so when its target lets go of it: these are kept.
_kept: dict[str, Target] = {}


@dataclass(frozen=True)
class Session:
    """A stack that is up.

    Attributes:
        environment: Where.
        deployment: What.
        started: Whether this call started the environment; if not, it was up already.
    """

    environment: Environment
    deployment: Deployment
    started: bool

    def stack(self) -> Stack:
        """The stack, to send to and receive from."""
        return stack_of(self.environment, self.deployment)


def stack_of(environment: Environment, deployment: Deployment) -> Stack:
    """What is deployed, as tests and commands hold it."""
    endpoint = environment.endpoint(region=deployment.region, account=deployment.account)
    return Stack(deployment, endpoint, frozenset(environment.capabilities))


def bring_up(
    workspace: Workspace,
    settings: Settings,
    *,
    seed: str = "",
    progress: Progress,
    asked: str | None = None,
    port: int | None = None,
    owner: Owner = "detached",
) -> Session:
    """Bring the stack up; an environment that is up is used, and only what changed is deployed to it.

    A fresh environment starts while the app is synthesized and Terraform is initialized.

    Args:
        workspace: The project.
        settings: Its settings.
        seed: Stacks brought up with different ones do not see each other.
        progress: Told about each step.
        asked: The target's name where the command line gives it; default: what is up, else the setting's.
        port: The port asked for; default: the setting, else a free one.
        owner: Whether a fresh environment stays when this process ends.

    Raises:
        HarnessError: It cannot be brought up. An environment that this call started is stopped again; one
            that was up stays up.
    """
    target = target_for(settings, workspace, asked=asked, port=port)
    running = target.running()
    if running is not None:
        _check_port(running, port)
        _check_endpoint(running, settings)
        place = running.place(seed)
        deployment = _deploy(
            workspace, settings, target, place, progress=progress, environment=lambda: running
        )
        return Session(running, deployment, started=False)
    doomed = _is_taken(port or settings.port)
    with _fresh_environment(target, progress, owner) as booting:
        if doomed or target.starts_first:
            booting.environment()  # what is bound to fail does so before anything else is begun
        place = booting.environment().place(seed) if target.starts_first else own_account(seed)
        deployment = _deploy(
            workspace, settings, target, place, progress=progress, environment=booting.environment
        )
        environment = booting.environment()
    return Session(environment, deployment, booting.started(environment))


def deploy_to_running(
    workspace: Workspace, settings: Settings, *, seed: str = "", progress: Progress
) -> Session:
    """Deploy to the environment that is up.

    Raises:
        NoEnvironmentError: None is up.
        HarnessError: The stack cannot be deployed.
    """
    running = running_environment(workspace, settings)
    target = target_for(settings, workspace)
    place = running.place(seed)
    deployment = _deploy(workspace, settings, target, place, progress=progress, environment=lambda: running)
    return Session(running, deployment, started=False)


def running_environment(workspace: Workspace, settings: Settings) -> Environment:
    """The environment that is up.

    Raises:
        NoEnvironmentError: None is up.
    """
    running = target_for(settings, workspace).running()
    if running is not None:
        return running
    record = read_record(workspace.environment_file)
    if record is not None and record.shared:
        raise NoEnvironmentError(
            f"{record.url} does not answer, or was restarted.",
            hint="`harness up` deploys there again; `harness down` leaves it.",
        )
    raise NoEnvironmentError("Nothing is up.", hint="Start it with `harness up`.")


def take_down(
    workspace: Workspace,
    settings: Settings,
    progress: Progress,
    *,
    only: str | None = None,
    held: Target | None = None,
) -> Environment | None:
    """Stop the environment with everything it started; return what was stopped, None where nothing was up.

    Args:
        workspace: The project.
        settings: Its settings.
        progress: Told about the step.
        only: Stop the environment of this id alone; another that is up by now stays.
        held: The target that started it, where the caller holds it.
    """
    target = held or target_for(settings, workspace)
    running = target.running()
    if only is None:
        sweep_containers(workspace)
    if only is not None and (running is None or running.id != only):
        return None
    if running is None:
        stopped = target.stop()  # what a start that is under way brings up, it waits for
        if stopped is not None and stopped.shared:
            progress.warn(
                f"{stopped.url} does not answer, or was restarted: nothing was removed there. It is not used "
                "any more."
            )
        return stopped
    with progress.step("stop") as step:
        stopped = _kept.pop(running.id, target).stop()
        step.detail = f"{running.url} ({running.holder})".lstrip()
    return stopped


def _deploy(
    workspace: Workspace,
    settings: Settings,
    target: Target,
    place: Place,
    *,
    progress: Progress,
    environment: Callable[[], Environment],
) -> Deployment:
    with _Runtimes(workspace, settings, progress) as runtimes:

        def prepared() -> Environment:
            """What the apply needs: an environment, what its functions run on, and the roles."""
            if target.runs_here:
                runtimes.ensure(synthesized_runtimes(workspace, place))
            ready = environment()
            runtimes.wait()
            if ready.control and not target.runs_here:
                _check_runtimes(workspace, settings, ready, place, progress)
            if not place.on_aws:
                _ensure_roles(workspace, settings, ready, place)
            return ready

        return deploy(workspace, settings, environment=prepared, place=place, progress=progress)


def _check_runtimes(
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


def _ensure_roles(workspace: Workspace, settings: Settings, ready: Environment, place: Place) -> None:
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
        from harness.targets.roles import ensure_roles  # noqa: PLC0415 - boto3 takes a second to import

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


class _Runtimes:
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


class _Booting:
    """An environment that starts in a thread of its own."""

    def __init__(self, target: Target, progress: Progress, owner: Owner) -> None:
        self._since = time.time()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="harness-boot")
        self._start: Future[Environment] = self._pool.submit(target.start, progress, owner=owner)

    def environment(self) -> Environment:
        """The environment, when it is ready."""
        return self._start.result()

    def started(self, environment: Environment) -> bool:
        """Whether it was started by this call, and not by another process in the same moment."""
        return environment.started_at >= self._since

    def close(self) -> Environment | None:
        """Wait until the start has ended, whichever way; what it started, if it did."""
        self._pool.shutdown(wait=True)
        failed = self._start.exception()
        return None if failed else self._start.result()


@contextlib.contextmanager
def _fresh_environment(target: Target, progress: Progress, owner: Owner) -> Iterator[_Booting]:
    """Start an environment while the block runs; stop it again when the block fails."""
    booting = _Booting(target, progress, owner)
    try:
        yield booting
        environment = booting.environment()
    except BaseException:
        with _no_interrupt():
            half = booting.close()
            if half is not None and booting.started(half):
                _stop_half_way(target, progress)
        raise
    booting.close()
    if owner == "this-process":
        _kept[environment.id] = target


def _stop_half_way(target: Target, progress: Progress) -> None:
    try:
        with progress.step("stop") as step:
            target.stop()
            step.detail = "nothing stays up half-way"
    except HarnessError as error:  # what failed first is what is raised; this must be known as well
        progress.warn(str(error))


@contextlib.contextmanager
def _no_interrupt() -> Iterator[None]:
    """Finish the block even when Ctrl-C is pressed once more, or SIGTERM comes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_taken(port: int | None) -> bool:
    """Whether somebody listens on that port of this machine."""
    if port is None:
        return False
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _check_port(running: Environment, port: int | None) -> None:
    if port is not None and urlsplit(running.url).port != port:
        raise UsageError(
            f"An environment is up at {running.url}, which is not port {port}.",
            hint="Leave --port out to use it, or stop it first: `harness down`.",
        )


def _check_endpoint(running: Environment, settings: Settings) -> None:
    if not running.shared or not settings.endpoint:
        return
    from harness.targets.endpoint_probe import checked_url  # noqa: PLC0415 - of that target alone

    if (asked := checked_url(settings.endpoint)) != running.url:
        raise UsageError(
            f"The endpoint in use is {running.url}, and {asked} was asked for.",
            hint="Leave that one first: `harness down`.",
        )
