"""The target `container`: an emulator in a container of this machine, started through Testcontainers.

Docker's libraries are imported where a container is started or stopped. Whether one is up is asked over HTTP.
"""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from harness.environments.endpoint_probe import current_id
from harness.environments.environment_file import clear_record, environment_lock, read_record, write_record
from harness.environments.launch import MARKER, default_image, token_of
from harness.environments.target import Target, undeploy_nothing
from harness.model.check import Check
from harness.model.environment import RunningEnvironment
from harness.model.errors import EndpointError, EngineError, ImageMissingError

if TYPE_CHECKING:
    from harness.environments.running_container import RunningContainer
    from harness.environments.target import Undeploy
    from harness.model.environment import Owner
    from harness.model.progress import Progress
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace

_ENGINE_SECONDS = 5.0

_OWN: dict[str, RunningContainer] = {}
"""The containers that this process started, by name: it reads their logs, and holds what they end with."""


class ContainerTarget(Target):
    """Starts and stops the project's one container.

    Args:
        workspace: The project; the record and a copy of the log lie below its `.harness/`.
        settings: Its settings; `image` names another image than the harness's own.
        port: The port asked for; default: the setting, else a free one.
    """

    name = "container"

    def __init__(self, workspace: Workspace, settings: Settings, *, port: int | None = None) -> None:
        self.undeploy: Undeploy = undeploy_nothing
        self._workspace = workspace
        self._settings = settings
        self._port = port or settings.port
        self._image = settings.image or default_image()

    @classmethod
    def checks(cls, settings: Settings, *, chosen: bool) -> list[Check]:
        """The container engine, and where this target is chosen its image."""
        from harness.environments.container_images import check_engine  # noqa: PLC0415 - it imports Docker's libraries
        from harness.environments.engine import address, connected  # noqa: PLC0415 - the same

        name = "Container engine"
        try:
            with connected(_ENGINE_SECONDS) as engine:
                found = f"{engine.version()} at {address()}"
                if chosen:
                    check_engine(settings.image or default_image())
        except ImageMissingError as error:
            return [Check(name, "missing", error.message, error.hint)]
        except EngineError as error:
            mend = error.hint if chosen else f"only for `--target {cls.name}`"
            return [Check(name, "missing" if chosen else "warning", error.message, mend)]
        return [Check(name, "ok", found)]

    @property
    def starts_first(self) -> bool:
        """Whether a start will be refused: then nothing else is begun."""
        from harness.environments.container_images import check_engine  # noqa: PLC0415 - it imports Docker's libraries

        try:
            check_engine(self._image)
        except EngineError:
            return True
        return False

    def running(self) -> RunningEnvironment | None:
        """The environment that is up and healthy, or None; what is left of a dead one is cleared away."""
        record = read_record(self._workspace.environment_file)
        if record is None or record.target != self.name:
            return None
        if _answers(record):
            return record
        # Its container may be there still, and nobody else will remove it. Without an engine it is not.
        with suppress(EngineError):
            self._remove(record.container)
        clear_record(self._workspace.environment_file, record.id)
        return None

    def start(self, progress: Progress, *, owner: Owner) -> RunningEnvironment:
        """Start a container and wait until it is ready; one that is up already is returned as it is.

        Raises:
            EngineError: There is no container engine that can be used, or it refused.
            ImageMissingError: The image is not there, and cannot be had.
            PortTakenError: Another process listens on the port that was asked for.
            TokenMissingError: The image ended because it wants its vendor's token.
            EmulatorError: It did not start; `detail` has its last log lines. Nothing is left running.
        """
        from harness.environments import (  # noqa: PLC0415 - they import Docker's libraries
            container_images,
            container_removal,
            running_container,
        )

        with environment_lock(self._workspace):
            if (environment := self.running()) is not None:
                return environment
            started_at = time.time()
            container_removal.sweep(self._workspace)
            image = container_images.ensure_image(self._image, progress)
            with progress.step("container") as step:
                started = running_container.start(
                    self._workspace,
                    image,
                    instance=uuid.uuid4().hex,
                    owner=owner,
                    port=self._port,
                    strict_runtime=self._settings.strict_runtime,
                    token=token_of(),
                )
                try:
                    environment = self._record(started, started_at, owner)
                except BaseException:
                    started.remove()
                    raise
                step.detail = f"{environment.url} ({started.name})"
            _OWN[started.name] = started
            return environment

    def _record(self, started: RunningContainer, started_at: float, owner: Owner) -> RunningEnvironment:
        found = started.found
        environment = RunningEnvironment(
            id=found.id,
            target=self.name,
            url=started.url,
            pid=0,
            pid_created=0.0,
            started_at=started_at,
            log=f"docker logs {started.name}" if owner == "detached" else str(started.log),
            owner=owner,
            capabilities=found.capabilities,
            container=started.name,
            control=found.control,
            api=found.api,
            emulator=found.emulator,
            account=found.account,
            one_account=found.one_account,
        )
        write_record(self._workspace.environment_file, environment)
        return environment

    def stop(self) -> RunningEnvironment | None:
        """Stop what is up, with everything it started; return what was stopped, or None.

        Raises:
            EngineError: The container is there, and the engine cannot be asked to remove it.
        """
        with environment_lock(self._workspace):
            record = read_record(self._workspace.environment_file)
            if record is not None and record.target != self.name:
                return None
            stopped = record is not None and self._remove(record.container)
            if record is not None:
                clear_record(self._workspace.environment_file, record.id)
            _sweep(self._workspace)
            return record if stopped else None

    def _remove(self, name: str) -> bool:
        """Remove a container; whether it was there, and ran."""
        held = _OWN.pop(name, None)
        if held is not None:
            return held.remove()
        from harness.environments import container_removal  # noqa: PLC0415 - it imports Docker's libraries

        return container_removal.remove_named(name)


def sweep_containers(workspace: Workspace) -> None:
    """Remove what killed runs of this project left, where there may be any; quick where there is none."""
    with environment_lock(workspace):
        _sweep(workspace)


def _sweep(workspace: Workspace) -> None:
    if not (workspace.state / MARKER).exists():
        return
    from harness.environments import container_removal  # noqa: PLC0415 - it imports Docker's libraries

    with suppress(EngineError):  # without an engine nothing runs
        container_removal.sweep(workspace)


def _answers(record: RunningEnvironment) -> bool:
    try:
        return current_id(record.url, record.id, control=record.control) == record.id
    except EndpointError:
        return False


TARGET = ContainerTarget
