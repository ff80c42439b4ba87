"""The target `endpoint`: an AWS-compatible endpoint that somebody else runs, such as a LocalStack."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import psutil

from harness.errors import EndpointError, UsageError
from harness.targets.base import Environment
from harness.targets.endpoint_probe import checked_url, current_id, look
from harness.targets.environment_file import clear_record, environment_lock, read_record, write_record

if TYPE_CHECKING:
    from harness.progress import Progress
    from harness.settings import Settings
    from harness.targets.base import Owner
    from harness.workspace import Workspace


class EndpointTarget:
    """Uses an endpoint, and lets go of it; starts and stops nothing but its own use of it.

    Args:
        workspace: The project.
        settings: Its settings; `endpoint` is the URL.
        port: Refused: the URL names the port.
    """

    name = "endpoint"
    starts_first = True
    runs_here = False

    def __init__(self, workspace: Workspace, settings: Settings, *, port: int | None = None) -> None:
        if port is not None:
            raise UsageError(
                "The target 'endpoint' takes no --port: its URL names the port.",
                hint="Say `--endpoint http://127.0.0.1:4566`, or leave --port out.",
            )
        self._workspace = workspace
        self._settings = settings

    def running(self) -> Environment | None:
        """The endpoint in use, or None; the record of one that is gone, or was restarted, is cleared away."""
        record = read_record(self._workspace.environment_file)
        if record is None or record.target != self.name:
            return None
        try:
            if current_id(record.url, record.id, control=record.control) == record.id:
                return record
        except EndpointError:
            pass
        clear_record(self._workspace.environment_file, record.id)
        return None

    def start(self, progress: Progress, *, owner: Owner) -> Environment:
        """Find out what the endpoint is, and use it from now on.

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
            environment = Environment(
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
                account=found.account,
                one_account=found.one_account,
            )
            write_record(self._workspace.environment_file, environment)
            if found.one_account:
                progress.warn(
                    f"{url} keeps everything in the account {found.account}, whatever the access key: "
                    "variations of the stack get names of their own there."
                )
        return environment

    def stop(self) -> Environment | None:
        """Use it no longer; the endpoint itself goes on running. Returns what was in use, or None."""
        with environment_lock(self._workspace):
            record = read_record(self._workspace.environment_file)
            if record is None or record.target != self.name:
                return None
            clear_record(self._workspace.environment_file, record.id)
            return record

    def _url(self) -> str:
        if not self._settings.endpoint:
            raise UsageError(
                "The target 'endpoint' needs to know which: no endpoint is set.",
                hint="Say `--endpoint http://127.0.0.1:4566` (`harness up`), set HARNESS_ENDPOINT, or "
                "`endpoint` in [tool.harness] of pyproject.toml.",
            )
        return checked_url(self._settings.endpoint)
