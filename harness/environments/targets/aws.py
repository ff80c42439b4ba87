"""The target `aws`: the user's own account, asked for each time, and left as it was."""

from __future__ import annotations

import os
import time
import uuid
from typing import TYPE_CHECKING

import psutil

from harness.client.aws_account import check_account, configured_url
from harness.environments.environment_file import clear_record, environment_lock, read_record, write_record
from harness.environments.target import Target, undeploy_nothing
from harness.machine.alive import is_process
from harness.model.environment import RunningEnvironment
from harness.model.errors import UsageError

if TYPE_CHECKING:
    from harness.environments.target import Undeploy
    from harness.model.environment import Owner
    from harness.model.progress import Progress
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace

CAPABILITIES = ("deploy", "send", "results", "logs", "settle")


class AwsTarget(Target):
    """One run's resources in the one account that the settings allow.

    Nothing runs here: what is up is what Terraform has made there. All of it is destroyed by `stop`.

    Args:
        workspace: The project.
        settings: Its settings; `target` is `aws` where the command line asked for it, and only then is
            anything started.
        port: Means nothing here.
    """

    name = "aws"
    on_request_only = True

    def __init__(self, workspace: Workspace, settings: Settings, *, port: int | None = None) -> None:
        if port is not None:
            raise UsageError("The target 'aws' takes no --port: AWS has none.", hint="Leave --port out.")
        self.undeploy: Undeploy = undeploy_nothing
        self._workspace = workspace
        self._settings = settings

    def running(self) -> RunningEnvironment | None:
        """What is up; None also where the run that made it was killed: that is destroyed, not used.

        Raises:
            AwsAccessError: The host's credentials are not those of its account.
        """
        record = self._record()
        if record is None or is_orphan(record):
            return None
        check_account(record.account, record.url, "Nothing was done.")
        return record

    def start(self, progress: Progress, *, owner: Owner) -> RunningEnvironment:
        """Check the account, and record that it is used from now on; what a killed run left there goes first.

        Raises:
            UsageError: AWS was not asked for on the command line, or no account is allowed.
            AwsAccessError: There are no credentials of the allowed account. Nothing was made.
        """
        with environment_lock(self._workspace):
            record = self._record()
            if record is not None and not is_orphan(record):
                check_account(record.account, record.url, "Nothing was done.")
                return record
            account = self._allowed(record)
            if record is not None:
                with progress.step("killed run") as step:
                    step.detail = self._destroy(record)
            with progress.step("aws account") as step:
                url = configured_url()
                check_account(account, url, "Nothing was made there.")
                environment = self._environment(account, url, owner)
                step.detail = f"{account}, names begin with {environment.prefix}-"
            write_record(self._workspace.environment_file, environment)
            return environment

    def stop(self) -> RunningEnvironment | None:
        """Destroy all that was deployed, and see that none of it is left.

        Raises:
            HarnessError: Some of it is left. The record of it stays, so that `harness down` can try again.
        """
        with environment_lock(self._workspace):
            record = self._record()
            if record is not None:
                self._destroy(record)
            return record

    def _destroy(self, record: RunningEnvironment) -> str:
        check_account(record.account, record.url, "Nothing was destroyed.")
        done = self.undeploy(record)
        clear_record(self._workspace.environment_file, record.id)
        return f"{record.prefix}: {done}"

    def _record(self) -> RunningEnvironment | None:
        record = read_record(self._workspace.environment_file)
        return record if record is not None and record.target == self.name else None

    def _allowed(self, orphan: RunningEnvironment | None) -> str:
        """The account that may be used."""
        if self._settings.target != self.name:
            left = (
                f" A run in account {orphan.account} was killed; what it made is still there."
                if orphan
                else ""
            )
            raise UsageError(
                f"The target 'aws' was not asked for on the command line.{left}",
                hint="Destroy it with `harness down`."
                if orphan
                else "Ask for it: `harness up --target aws`.",
            )
        if self._settings.aws_account is None:
            raise UsageError(
                "No AWS account is allowed: the setting `aws_account` is missing.",
                hint='Put aws_account = "123456789012", the account to test in, below [tool.harness] in '
                "pyproject.toml, or set HARNESS_AWS_ACCOUNT. `aws sts get-caller-identity` shows yours.",
            )
        return self._settings.aws_account

    def _environment(self, account: str, url: str, owner: Owner) -> RunningEnvironment:
        ours = owner == "this-process"
        run = uuid.uuid4().hex
        return RunningEnvironment(
            id=run,
            target=self.name,
            url=url,
            pid=os.getpid() if ours else 0,
            pid_created=psutil.Process().create_time() if ours else 0.0,
            started_at=time.time(),
            log="",
            owner=owner,
            capabilities=CAPABILITIES,
            control=False,
            account=account,
            one_account=True,
            prefix=f"hx{run[:6]}",
            on_aws=True,
        )


def is_orphan(record: RunningEnvironment) -> bool:
    """Whether the run that was to destroy it again is gone."""
    return record.owner == "this-process" and not is_process(record.pid, record.pid_created)


TARGET = AwsTarget
