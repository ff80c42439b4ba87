"""The target `endpoint`: an AWS-compatible endpoint that somebody else runs, such as a LocalStack."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import psutil

from harness.environments.endpoint_probe import checked_url, current_id, look
from harness.environments.environment_file import clear_record, environment_lock, read_record, write_record
from harness.environments.target import Target, undeploy_nothing
from harness.machine.alive import is_process
from harness.model.environment import RunningEnvironment
from harness.model.errors import EndpointError, UsageError

if TYPE_CHECKING:
    from harness.environments.target import Undeploy
    from harness.model.environment import Owner
    from harness.model.progress import Progress
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace


class EndpointTarget(Target):
    """Uses an endpoint, and leaves it as it was found; what runs it goes on.

    It is in use from `start` to `stop`, also while it does not answer or after it was restarted: then nothing
    is up, and the next `start` looks at it again.

    Args:
        workspace: The project.
        settings: Its settings; `endpoint` is the URL.
        port: Refused: the URL names the port.
    """

    name = "endpoint"
    option = "endpoint"

    def __init__(self, workspace: Workspace, settings: Settings, *, port: int | None = None) -> None:
        if port is not None:
            raise UsageError(
                "The target 'endpoint' takes no --port: its URL names the port.",
                hint="Say `--endpoint http://127.0.0.1:4566`, or leave --port out.",
            )
        self.undeploy: Undeploy = undeploy_nothing
        self._workspace = workspace
        self._settings = settings

    def running(self) -> RunningEnvironment | None:
        """The endpoint in use; None where it does not answer, was restarted, or its run was killed."""
        record = self._record()
        return record if record is not None and not _is_orphan(record) and _answers(record) else None

    def start(self, progress: Progress, *, owner: Owner) -> RunningEnvironment:
        """Find out what the endpoint is, and use it from now on; what a killed run has left there as well.

        Raises:
            UsageError: No endpoint is named, or one that cannot be meant.
            EndpointError: Nothing answers there, or it is not AWS's API.
        """
        url = self._url()
        with environment_lock(self._workspace):
            if (environment := self.running()) is not None:
                return environment
            with progress.step("endpoint") as step:
                started_at = time.time()
                found = look(url)
                step.detail = f"{url}, {found.software}"
            environment = RunningEnvironment(
                id=found.id,
                target=self.name,
                url=url,
                # Of the run that uses it, where it is used for one run only: what runs it is not known.
                pid=0 if owner == "detached" else os.getpid(),
                pid_created=0.0 if owner == "detached" else psutil.Process().create_time(),
                started_at=started_at,
                log="",
                owner=owner,
                capabilities=found.capabilities,
                control=found.control,
                api=found.api,
                emulator=found.emulator,
                account=found.account,
                one_account=found.one_account,
                shared=True,
            )
            write_record(self._workspace.environment_file, environment)
            if found.one_account:
                progress.warn(
                    f"{url} keeps everything in the account {found.account}, whatever the access key: "
                    "variations of the stack get names of their own there."
                )
        return environment

    def stop(self) -> RunningEnvironment | None:
        """Destroy what this project has deployed there, and use it no longer; what was in use, or None.

        Raises:
            HarnessError: Some of it is left. It stays in use, so that `harness down` can try again.
        """
        with environment_lock(self._workspace):
            record = self._record()
            if record is not None:
                if _answers(record):
                    self.undeploy(record)
                clear_record(self._workspace.environment_file, record.id)
            return record

    def _record(self) -> RunningEnvironment | None:
        record = read_record(self._workspace.environment_file)
        return record if record is not None and record.target == self.name else None

    def _url(self) -> str:
        if not self._settings.endpoint and (record := self._record()) is not None:
            return record.url
        if not self._settings.endpoint:
            raise UsageError(
                "The target 'endpoint' needs to know which: no endpoint is set.",
                hint="Say `--endpoint http://127.0.0.1:4566` (`harness up`), set HARNESS_ENDPOINT, or "
                "`endpoint` in [tool.harness] of pyproject.toml.",
            )
        return checked_url(self._settings.endpoint)


def _answers(record: RunningEnvironment) -> bool:
    """Whether what was found there answers still, and is not a new start of it."""
    try:
        return current_id(record.url, record.id, control=record.control) == record.id
    except EndpointError:
        return False


def _is_orphan(record: RunningEnvironment) -> bool:
    """Whether it was used for one run, and that was killed before it could leave."""
    return record.owner == "this-process" and not is_process(record.pid, record.pid_created)


TARGET = EndpointTarget
