"""Leave an endpoint that others run as it was found: `terraform destroy`, and what Terraform cannot see."""

from __future__ import annotations

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from harness.client.boto import client
from harness.machine.files import locked
from harness.model.environment import Place
from harness.model.errors import TerraformError
from harness.terraform.diagnostics import Diagnostics
from harness.terraform.program import find_terraform
from harness.terraform.queue_plan import QUEUE
from harness.terraform.record import DeploymentRecord
from harness.terraform.resources import read_deployment
from harness.terraform.stage import DOCUMENT
from harness.terraform.state import State
from harness.terraform.variables import InputVariables
from harness.terraform.workfolder import WorkFolder

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model.environment import Environment
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace

DESTROY = (
    *("destroy", "-json", "-auto-approve", "-input=false", "-compact-warnings", "-parallelism=20"),
    "-refresh=false",  # what is gone already is no matter
)
QUEUE_PARTS = ("aws_sqs_queue_policy", "aws_sqs_queue_redrive_policy", "aws_sqs_queue_redrive_allow_policy")
"""Resource types that are attributes of a queue, and gone with it."""
_AT_ONCE = 2  # each is a Terraform with its provider: a processor's work


def leave(workspace: Workspace, settings: Settings, environment: Environment) -> int:
    """Destroy all that this project has deployed there, in all its variations; returns how many resources.

    Raises:
        HarnessError: Terraform could not destroy some of it; what is left is in its state, for another try.
    """
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="harness-leave") as pool:
        work = [
            pool.submit(_destroy, workspace, settings, environment, place)
            for place in _places(workspace, environment)
        ]
    return sum(one.result() for one in work)


def _places(workspace: Workspace, environment: Environment) -> list[Place]:
    """The places there that hold something of this project's, as far as is recorded."""
    found = []
    for folder in sorted(workspace.deployment("").glob("*/deployed.json")):
        record = DeploymentRecord.read(folder.parent)
        if record is not None and record.environment == environment.id:
            account, _, prefix = folder.parent.name.partition("-")
            found.append(Place(account, f"{prefix}-" if prefix else ""))
    return found


def _destroy(workspace: Workspace, settings: Settings, environment: Environment, place: Place) -> int:
    folder = workspace.deployment(place.folder)
    with locked(folder / "lock"):
        record = DeploymentRecord.read(folder)
        if record is None or record.environment != environment.id:
            return 0
        work = WorkFolder(
            workspace, place, find_terraform(workspace, settings), InputVariables.of(workspace, settings)
        )
        state = State.read(work.state_file)
        count = 0 if state is None else len(state.addresses())
        if state is not None and count:
            deployment = read_deployment(folder, record, place, changed=False)
            groups = {function.log_group for function in deployment.functions} if deployment else set()
            work.initialize(json.loads((work.path / DOCUMENT).read_text(encoding="utf-8")))
            _delete_queues(environment, place, state, work.state_file)
            ran = work.run(*DESTROY, environment=environment, region=record.region)
            if ran.code:
                raise TerraformError(
                    f"Terraform could not destroy all that was deployed to {environment.url}.",
                    detail=str(Diagnostics.of(ran.output)),
                    hint="Try again with `harness down`.",
                )
            _delete_log_groups(environment, place, record.region, groups)
        _delete_roles(environment, folder / "roles.json")
        work.discard_state()
        (folder / "deployed.json").unlink(missing_ok=True)
    return count


def _delete_queues(environment: Environment, place: Place, state: State, file: Path) -> None:
    """Delete the queues, past Terraform: the AWS provider would look for a deleted one for a minute."""
    gone = set()
    for queue in state.instances(QUEUE):
        region, url = str(queue.attributes["arn"]).split(":")[3], queue.attributes["url"]
        sqs = client(environment.endpoint(region=region, account=place.account), "sqs")
        with contextlib.suppress(*_refusals()):  # Terraform says what is wrong with it
            with contextlib.suppress(sqs.exceptions.QueueDoesNotExist):
                sqs.delete_queue(QueueUrl=url)
            gone.add(url)
    state.forget(QUEUE, "url", gone)
    for kind in QUEUE_PARTS:
        state.forget(kind, "queue_url", gone)
    state.write(file)


def _delete_log_groups(environment: Environment, place: Place, region: str, groups: set[str]) -> None:
    """Lambda makes a function's log group with its first line; Terraform knows nothing of it."""
    for group in sorted(groups):
        with contextlib.suppress(*_refusals()):
            logs = client(environment.endpoint(region=region, account=place.account), "logs")
            logs.delete_log_group(logGroupName=group)


def _delete_roles(environment: Environment, note: Path) -> None:
    """Delete the roles that were made for the stack there."""
    try:
        made = json.loads(note.read_bytes()).get("made", ())
    except (OSError, ValueError):
        return
    if made:
        from harness.terraform.roles import delete_roles  # noqa: PLC0415 - boto3 takes a second to import

        for role in made:
            account, _, name = role.partition("/")
            delete_roles(environment.endpoint(account=account), [name])
    note.unlink(missing_ok=True)


def _refusals() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - boto3 takes a second to import

    return BotoCoreError, ClientError
