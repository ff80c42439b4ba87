"""Bring the stack up: an environment, what its functions run on, and the deployment, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.client import Stack
from harness.environments import kept_ledgers
from harness.environments.environment_file import read_record
from harness.environments.targets.container import sweep_containers
from harness.environments.versions import check_versions
from harness.installation import ensure
from harness.model.environment import own_account
from harness.model.errors import HarnessError, NoEnvironmentError, UsageError
from harness.session.booting import fresh_environment, is_taken, keeper
from harness.session.handlers_time import share_time
from harness.session.preparation import check_runtimes, make_runtimes, named_runtimes
from harness.session.targets import target_for
from harness.terraform import deploy
from harness.terraform.roles import Roles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.environments.target import Target
    from harness.model.deployment import Deployment
    from harness.model.environment import Owner, Place, RunningEnvironment
    from harness.model.progress import Progress
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace


@dataclass(frozen=True)
class StackSession:
    """A stack that is up.

    Attributes:
        environment: Where.
        deployment: What.
        started: Whether this call started the environment; if not, it was up already.
    """

    environment: RunningEnvironment
    deployment: Deployment
    started: bool

    def stack(self) -> Stack:
        """The stack, to send to and receive from."""
        return stack_of(self.environment, self.deployment)


def stack_of(environment: RunningEnvironment, deployment: Deployment) -> Stack:
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
) -> StackSession:
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
        check_versions(running)
        _check_port(running, port)
        _check_endpoint(running, settings)
        place = running.place(seed)
        deployment = _deploy(
            workspace, settings, target, place, progress=progress, environment=lambda: running
        )
        return StackSession(running, deployment, started=False)
    doomed = is_taken(port or settings.port)

    def booted() -> RunningEnvironment:
        environment = booting.environment()
        check_versions(environment, fresh=True)
        return environment

    with fresh_environment(target, progress, owner) as booting:
        if doomed or target.starts_first:
            booted()  # what is bound to fail does so before anything else is begun
        place = booted().place(seed) if target.starts_first else own_account(seed)
        deployment = _deploy(workspace, settings, target, place, progress=progress, environment=booted)
        environment = booted()
    return StackSession(environment, deployment, booting.started(environment))


def deploy_to_running(
    workspace: Workspace, settings: Settings, *, seed: str = "", progress: Progress
) -> StackSession:
    """Deploy to the environment that is up.

    Raises:
        NoEnvironmentError: None is up.
        HarnessError: The stack cannot be deployed.
    """
    running = running_environment(workspace, settings)
    target = target_for(settings, workspace)
    place = running.place(seed)
    deployment = _deploy(workspace, settings, target, place, progress=progress, environment=lambda: running)
    return StackSession(running, deployment, started=False)


def running_environment(workspace: Workspace, settings: Settings) -> RunningEnvironment:
    """The environment that is up.

    Raises:
        NoEnvironmentError: None is up.
    """
    running = target_for(settings, workspace).running()
    if running is not None:
        check_versions(running)
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
) -> RunningEnvironment | None:
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
    try:
        kept_ledgers.fetch(workspace, running)
    except HarnessError as error:
        progress.warn(f"What happened to its messages is not kept: {error.message}")
    with progress.step("stop") as step:
        stopped = keeper(running, target).stop()
        step.detail = f"{running.url} ({running.holder})".lstrip()
    return stopped


def _deploy(
    workspace: Workspace,
    settings: Settings,
    target: Target,
    place: Place,
    *,
    progress: Progress,
    environment: Callable[[], RunningEnvironment],
) -> Deployment:
    def prepared(document: dict[str, Any]) -> RunningEnvironment:
        """The environment, with the runtimes and the roles that the stack needs."""
        ready = environment()
        if target.runs_here:
            make_runtimes(named_runtimes(document), ready, progress)
        elif ready.control:
            check_runtimes(named_runtimes(document), settings, ready, place, progress)
        if not place.on_aws:
            Roles(workspace, ready, place).ensure(document, settings, progress)
        return ready

    def node() -> Path:
        """The emulator's Node.js, for an app whose user has none that is new enough."""
        return ensure(progress).node

    deployment = deploy(workspace, settings, environment=prepared, place=place, progress=progress, node=node)
    share_time(stack_of(environment(), deployment), settings.virtual_time)
    return deployment


def _check_port(running: RunningEnvironment, port: int | None) -> None:
    if port is not None and urlsplit(running.url).port != port:
        raise UsageError(
            f"An environment is up at {running.address}, which is not port {port}.",
            hint="Leave --port out to use it, or stop it first: `harness down`.",
        )


def _check_endpoint(running: RunningEnvironment, settings: Settings) -> None:
    if not running.shared or not settings.endpoint:
        return
    from harness.environments.endpoint_probe import checked_url  # noqa: PLC0415 - of that target alone

    if (asked := checked_url(settings.endpoint)) != running.url:
        raise UsageError(
            f"The endpoint in use is {running.url}, and {asked} was asked for.",
            hint="Leave that one first: `harness down`.",
        )
