"""The target `embedded`: the harness's emulator as a process of this machine, without Docker."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from harness.environments import emulator_process, kept_ledgers
from harness.environments.environment_file import clear_record, environment_lock, read_record, write_record
from harness.environments.target import Target, undeploy_nothing
from harness.installation import ensure
from harness.machine import alive
from harness.model.environment import RunningEnvironment
from harness.model.host import HOST

if TYPE_CHECKING:
    from harness.environments.target import Undeploy
    from harness.installation import Installation
    from harness.model.environment import Owner
    from harness.model.progress import Progress
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace


class EmbeddedTarget(Target):
    """Starts and stops the project's one emulator.

    Args:
        workspace: The project; the emulator's data, log and record lie below its `.harness/`.
        settings: Its settings.
        port: The port asked for; default: the setting, else a free one.
    """

    name = "embedded"
    starts_first = False
    runs_here = True

    def __init__(self, workspace: Workspace, settings: Settings, *, port: int | None = None) -> None:
        self.undeploy: Undeploy = undeploy_nothing
        self._workspace = workspace
        self._settings = settings
        self._port = port or settings.port

    def running(self) -> RunningEnvironment | None:
        """The environment that is up and healthy, or None; a record of a dead one is cleared away."""
        record = read_record(self._workspace.environment_file)
        if record is None or record.target != self.name:
            return None
        if alive.is_process(record.pid, record.pid_created):
            answer = emulator_process.health(record.url)
            if answer is not None and answer.get("instance") == record.id:
                return record
            # Its process lives and does not answer: nobody else will end it.
            emulator_process.end(record.pid)
        emulator_process.let_go(record.pid)
        clear_record(self._workspace.environment_file, record.id)
        return None

    def start(self, progress: Progress, *, owner: Owner) -> RunningEnvironment:
        """Start an emulator and wait until it is ready; one that is up already is returned as it is.

        Raises:
            PortTakenError: Another process listens on the port that was asked for.
            InstallationError: The emulator's environment cannot be made.
            EmulatorError: It did not start; `detail` has its last log lines. Nothing is left running.
        """
        with environment_lock(self._workspace):
            if (environment := self.running()) is not None:
                return environment
            installation = ensure(progress)
            with progress.step("emulator") as step:
                environment = self._start(installation, owner)
                step.detail = environment.url
            return environment

    def _start(self, installation: Installation, owner: Owner) -> RunningEnvironment:
        instance = uuid.uuid4().hex
        started_at = time.time()
        data = self._workspace.emulator
        started = emulator_process.start(
            installation=installation,
            instance=instance,
            data=data,
            port=self._port,
            strict_runtime=self._settings.strict_runtime,
            end_with_this_process=owner == "this-process",
            ledger=kept_ledgers.new(self._workspace, instance),
        )
        try:
            url = f"http://{HOST}:{started.port}"
            answer = emulator_process.health(url) or {}
            environment = RunningEnvironment(
                id=instance,
                target=self.name,
                url=url,
                pid=started.pid,
                pid_created=started.created,
                started_at=started_at,
                log=str(data / "emulator.log"),
                owner=owner,
                capabilities=tuple(answer.get("capabilities", ())),
                api=answer.get("api", 0),
                emulator=str(answer.get("version", "")),
            )
            write_record(self._workspace.environment_file, environment)
        except BaseException:
            emulator_process.end(started.pid)
            raise
        return environment

    def stop(self) -> RunningEnvironment | None:
        """Stop what is up, with everything it started; return what was stopped, or None."""
        with environment_lock(self._workspace):
            record = read_record(self._workspace.environment_file)
            if record is None or record.target != self.name:
                return None
            lives = alive.is_process(record.pid, record.pid_created)
            if lives:
                emulator_process.end(record.pid)
            emulator_process.let_go(record.pid)
            clear_record(self._workspace.environment_file, record.id)
            return record if lives else None


TARGET = EmbeddedTarget
