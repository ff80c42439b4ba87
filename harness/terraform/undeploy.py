"""Destroys what was deployed to an environment that goes on: AWS, or an endpoint of somebody else."""

from __future__ import annotations

import contextlib
import json
import shutil
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from harness.client.boto import client
from harness.machine.files import locked, write_atomically
from harness.model.environment import DEFAULT_REGION, Endpoint, Place
from harness.model.errors import HarnessError, TerraformError
from harness.terraform.aws_leftovers import delete, find
from harness.terraform.diagnostics import Diagnostics
from harness.terraform.program import find_terraform
from harness.terraform.queue_plan import QUEUE
from harness.terraform.record import DeploymentRecord
from harness.terraform.resources import read_deployment
from harness.terraform.roles import Roles
from harness.terraform.stage import DOCUMENT, provider_regions
from harness.terraform.state import TerraformState
from harness.terraform.variables import InputVariables
from harness.terraform.workfolder import WorkFolder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.model.environment import RunningEnvironment
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace

DESTROY = ("destroy", "-json", "-auto-approve", "-input=false", "-compact-warnings")
QUEUE_PARTS = ("aws_sqs_queue_policy", "aws_sqs_queue_redrive_policy", "aws_sqs_queue_redrive_allow_policy")
"""Resource types that are attributes of a queue, and gone with it."""
_AT_ONCE = 4


def undeploy(workspace: Workspace, settings: Settings, environment: RunningEnvironment) -> str:
    """Destroy everything that this project has deployed to an environment, in all its variations.

    On AWS, what AWS makes by itself (log groups) is looked for and deleted too.

    Args:
        workspace: The project.
        settings: Its settings.
        environment: AWS, or an endpoint that somebody else runs.

    Returns:
        What was done, for people.

    Raises:
        HarnessError: Some of it is left; it stays in Terraform's state for another try.
    """
    folders = deployment_folders(workspace, environment)
    kind = _OnAws if environment.on_aws else _AtAnEndpoint
    undeploying = [kind(workspace, settings, environment, folder) for folder in folders]
    regions = sorted({region for one in undeploying for region in one.regions()} or {DEFAULT_REGION})
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="harness-undeploy") as pool:
        outcomes = list(pool.map(_Undeploying.run, undeploying))
    failures = [outcome for outcome in outcomes if isinstance(outcome, HarnessError)]
    count = sum(outcome for outcome in outcomes if isinstance(outcome, int))
    if not environment.on_aws:
        if failures:
            raise failures[0]
        return f"{count} destroyed"
    endpoints = [Endpoint(environment.url, region, environment.account, on_aws=True) for region in regions]
    swept, left = delete(lambda: find(endpoints, environment.prefix))
    if failures or left:
        names = [f"{item.kind} {item.name} ({item.region})" for item in left]
        names += [address for folder in folders for address in _addresses(folder)]
        raise TerraformError(
            f"Not all that this run made in account {environment.account} is destroyed. "
            f"Left: {', '.join(names) or 'what Terraform could not tell'}.",
            detail="\n\n".join(str(failure) for failure in failures) or None,
            hint="Try again with `harness down`; `harness sweep --older-than 0` deletes what carries the tag "
            "of a run that ended.",
        )
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)  # no later run has the same
    also = f", {len(swept)} swept" if swept else ""
    return f"{count} destroyed{also}, nothing left"


def deployment_folders(workspace: Workspace, environment: RunningEnvironment) -> list[Path]:
    """The folders of what this project has deployed to an environment.

    On AWS they have the environment's prefix in their names; elsewhere their records name the environment.
    """
    root = workspace.deployment("")
    folders = sorted(root.iterdir()) if root.is_dir() else []
    if environment.on_aws:
        own = environment.place().folder
        return [path for path in folders if path.name == own or path.name.startswith(f"{own}-")]
    return [
        path
        for path in folders
        if (record := DeploymentRecord.read(path)) is not None and record.environment == environment.id
    ]


@dataclass
class _Undeploying(ABC):
    """One deployment on its way out; where the two places differ is left to them."""

    command: ClassVar[tuple[str, ...]]
    """Terraform's."""

    workspace: Workspace
    settings: Settings
    environment: RunningEnvironment
    folder: Path

    def run(self) -> int | HarnessError:
        """Destroy it; how many resources that were, or the error where some are left."""
        with locked(self.folder / "lock"):
            record = DeploymentRecord.read(self.folder)
            if record is None:
                return 0
            try:
                count = self._destroy(record)
                self._clear()
            except HarnessError as error:
                return error
            except (OSError, ValueError) as error:
                return TerraformError(f"Terraform's work folder in {self.folder} cannot be used: {error}.")
            return count

    @abstractmethod
    def _prepared(self, record: DeploymentRecord, work: WorkFolder, state: TerraformState) -> dict[str, Any]:
        """What has to be done before Terraform; the document that Terraform is initialized with."""

    @abstractmethod
    def _clear(self) -> None:
        """What has to be done after Terraform."""

    @property
    def place(self) -> Place:
        """Where it lies."""
        account, _, prefix = self.folder.name.partition("-")
        return Place(account, f"{prefix}-" if prefix else "", self.environment.on_aws)

    def regions(self) -> set[str]:
        """The regions that its providers name."""
        record = DeploymentRecord.read(self.folder)
        try:
            document = self._document()
        except (OSError, ValueError):
            document = {}
        regions = {region for region in provider_regions(document).values() if region}
        return regions | ({record.region} if record else set())

    def _destroy(self, record: DeploymentRecord) -> int:
        work = self._work()
        state = TerraformState.read(work.state_file)
        count = 0 if state is None else len(state.addresses())
        if state is None or not count:
            return 0
        work.initialize(self._prepared(record, work, state))
        ran = work.run(*self.command, environment=self.environment, region=record.region)
        if ran.code:
            raise TerraformError(
                f"Terraform could not destroy all that was deployed to {self.environment.address}.",
                detail=str(Diagnostics.of(ran.output)),
                hint="Try again with `harness down`.",
            )
        return count

    def _work(self) -> WorkFolder:
        terraform = find_terraform(self.workspace, self.settings)
        variables = InputVariables.of(self.workspace, self.settings)
        return WorkFolder(self.workspace, self.place, terraform, variables)

    def _document(self) -> dict[str, Any]:
        text = (self.folder / "terraform" / DOCUMENT).read_text(encoding="utf-8")
        return dict(json.loads(text))


@dataclass
class _OnAws(_Undeploying):
    """By Terraform alone; its state is what tells of everything that is there."""

    # The lock: a run that was killed leaves a Terraform that still ends what it began.
    command = (*DESTROY, "-lock-timeout=180s")

    def _prepared(self, record: DeploymentRecord, work: WorkFolder, state: TerraformState) -> dict[str, Any]:  # noqa: ARG002 - the other place needs it
        replace(record, complete=False).write(self.folder)
        document = self._document()
        if work.root != work.path:
            return document  # Terraform has the project's own files
        document = _without_resources(document)
        write_atomically(work.path / DOCUMENT, json.dumps(document, indent=2))
        return document

    def _clear(self) -> None:
        """Nothing: what Terraform did not know of is swept, and the folder removed, when all is destroyed."""


@dataclass
class _AtAnEndpoint(_Undeploying):
    """With what Terraform does not know of, and without its waits."""

    # Without a refresh: what is gone already does not matter.
    command = (*DESTROY, "-parallelism=20", "-refresh=false")

    _log_groups: tuple[str, Sequence[str]] = ("", ())

    def _prepared(self, record: DeploymentRecord, work: WorkFolder, state: TerraformState) -> dict[str, Any]:
        deployment = read_deployment(self.folder, record, self.place, changed=False)
        groups = {function.log_group for function in deployment.functions} if deployment else set()
        self._log_groups = (record.region, sorted(groups))
        self._delete_queues(state, work.state_file)
        return self._document()

    def _clear(self) -> None:
        self._delete_log_groups(*self._log_groups)
        Roles(self.workspace, self.environment, self.place).delete()
        self._work().discard_state()
        (self.folder / "deployed.json").unlink(missing_ok=True)

    def _client(self, service: str, region: str) -> Any:
        return client(self.environment.endpoint(region=region, account=self.place.account), service)

    def _delete_queues(self, state: TerraformState, file: Path) -> None:
        """Delete the queues without Terraform: the AWS provider would look for a deleted one for a minute."""
        gone = set()
        for queue in state.instances(QUEUE):
            sqs = self._client("sqs", str(queue.attributes["arn"]).split(":")[3])
            url = queue.attributes["url"]
            with contextlib.suppress(*_refusals()):  # Terraform says what is wrong with it
                with contextlib.suppress(sqs.exceptions.QueueDoesNotExist):
                    sqs.delete_queue(QueueUrl=url)
                gone.add(url)
        state.forget(QUEUE, "url", gone)
        for kind in QUEUE_PARTS:
            state.forget(kind, "queue_url", gone)
        state.write(file)

    def _delete_log_groups(self, region: str, groups: Sequence[str]) -> None:
        """Lambda makes a function's log group with its first line; Terraform does not know of it."""
        for group in groups:
            with contextlib.suppress(*_refusals()):
                self._client("logs", region).delete_log_group(logGroupName=group)


def _without_resources(document: dict[str, Any]) -> dict[str, Any]:
    """What Terraform needs to destroy all that its state names: the providers.

    Without the rest, no variable of a variation is asked for, and nothing is kept by `prevent_destroy`.
    """
    if "module" in document or "${" in json.dumps(document.get("provider", {})):
        return document  # the providers need what they refer to
    return {name: document[name] for name in ("terraform", "provider") if name in document}


def _addresses(folder: Path) -> list[str]:
    state = TerraformState.read(folder / "terraform" / "terraform.tfstate")
    return sorted(state.addresses()) if state else []


def _refusals() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - boto3 takes a second to import

    return BotoCoreError, ClientError
