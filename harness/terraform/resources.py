"""What is deployed: queues, functions, mappings and outputs, read from Terraform's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.terraform.record import DeploymentRecord
from harness.terraform.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.model.environment import Environment, Place
    from harness.project.workspace import Workspace


@dataclass(frozen=True)
class QueueResource:
    """An `aws_sqs_queue`.

    Attributes:
        construct_id: Its CDKTF construct id, with the ids of the constructs around it below the stack
            (`Pair/Input`).
        address: Terraform's.
        name: AWS's.
        url: As the emulator gives it.
        arn: As AWS gives it.
        fifo: Whether it is a FIFO queue.
    """

    construct_id: str
    address: str
    name: str
    url: str
    arn: str
    fifo: bool


@dataclass(frozen=True)
class FunctionResource:
    """An `aws_lambda_function`.

    Attributes:
        construct_id: Its CDKTF construct id.
        address: Terraform's.
        name: AWS's.
        arn: Without a version.
        log_group: The CloudWatch log group that it writes to.
        timeout: Seconds.
        runtime: `python3.13`.
        environment: Its environment variables.
        code_sha256: Of its deployed code, base64 as Lambda tells it.
        package: Its deployed zip; None where the code is not a file.
    """

    construct_id: str
    address: str
    name: str
    arn: str
    log_group: str
    timeout: int
    runtime: str
    environment: Mapping[str, str]
    code_sha256: str = ""
    package: Path | None = None


@dataclass(frozen=True)
class MappingResource:
    """An `aws_lambda_event_source_mapping` from a queue."""

    uuid: str
    queue_arn: str
    function_arn: str
    batch_size: int


@dataclass(frozen=True)
class Deployment:
    """A stack as it is deployed to one place of one environment.

    Attributes:
        stack: Its CDKTF name.
        account: 12 digits.
        prefix: What its resources' AWS names begin with, before what the stack calls them; often empty.
        region: The default AWS provider's.
        environment_id: Of the environment that holds it.
        folder: Terraform's work folder, with the state.
        queues: In the order of their addresses; functions and mappings too.
        functions: See `queues`.
        mappings: See `queues`.
        outputs: Terraform's outputs.
        changed: Whether this deployment changed anything; False when all stood already.
    """

    stack: str
    account: str
    region: str
    environment_id: str
    folder: Path
    queues: tuple[QueueResource, ...]
    functions: tuple[FunctionResource, ...]
    mappings: tuple[MappingResource, ...]
    outputs: Mapping[str, Any]
    changed: bool
    prefix: str = ""


def load_deployment(
    workspace: Workspace,
    environment: Environment,
    *,
    place: Place | None = None,
) -> Deployment | None:
    """What is deployed at `place` of `environment`; None when nothing was deployed to its id.

    Args:
        workspace: The project.
        environment: Where.
        place: Where in it; default: where the project's stack as it is lies.
    """
    place = place or environment.place()
    folder = workspace.deployment(place.folder)
    record = DeploymentRecord.read(folder)
    if record is None or not record.complete or record.environment != environment.id:
        return None
    return read_deployment(folder, record, place, changed=False)


def read_deployment(
    folder: Path, record: DeploymentRecord, place: Place, *, changed: bool
) -> Deployment | None:
    """The deployment that `record` and the state in `folder` describe; None where there is no state."""
    work = folder / "terraform"
    state = State.read(work / "terraform.tfstate")
    if state is None:
        return None
    ids = record.construct_ids
    return Deployment(
        stack=record.stack,
        account=place.account,
        prefix=place.prefix,
        region=record.region,
        environment_id=record.environment,
        folder=work,
        queues=tuple(_queues(state, ids)),
        functions=tuple(_functions(state, ids, work)),
        mappings=tuple(_mappings(state)),
        outputs=state.outputs(),
        changed=changed,
    )


def construct_ids(document: dict[str, Any], stack: str) -> dict[str, str]:
    """Terraform address to CDKTF construct id, from the metadata that cdktf writes beside each resource."""
    ids = {}
    for kind, resources in document.get("resource", {}).items():
        for name, resource in resources.items():
            metadata = resource.get("//", {}).get("metadata", {}) if isinstance(resource, dict) else {}
            path = metadata.get("path")
            if isinstance(path, str):
                ids[f"{kind}.{name}"] = path.removeprefix(f"{stack}/")
    return ids


def _queues(state: State, ids: Mapping[str, str]) -> Iterator[QueueResource]:
    for instance in state.instances("aws_sqs_queue"):
        values = instance.attributes
        yield QueueResource(
            construct_id=instance.construct_id(ids),
            address=instance.address,
            name=values["name"],
            url=values["url"],
            arn=values["arn"],
            fifo=bool(values["fifo_queue"]),
        )


def _functions(state: State, ids: Mapping[str, str], work: Path) -> Iterator[FunctionResource]:
    for instance in state.instances("aws_lambda_function"):
        values = instance.attributes
        environment = (values.get("environment") or [{}])[0].get("variables") or {}
        logging = (values.get("logging_config") or [{}])[0]
        yield FunctionResource(
            construct_id=instance.construct_id(ids),
            address=instance.address,
            name=values["function_name"],
            arn=values["arn"],
            log_group=logging.get("log_group") or f"/aws/lambda/{values['function_name']}",
            timeout=int(values["timeout"]),
            runtime=values["runtime"],
            environment=dict(environment),
            code_sha256=values.get("code_sha256") or "",
            package=work / values["filename"] if values.get("filename") else None,
        )


def _mappings(state: State) -> Iterator[MappingResource]:
    for instance in state.instances("aws_lambda_event_source_mapping"):
        values = instance.attributes
        if ":sqs:" in (values.get("event_source_arn") or ""):
            yield MappingResource(
                uuid=values["uuid"],
                queue_arn=values["event_source_arn"],
                function_arn=values["function_arn"],
                batch_size=int(values["batch_size"]),
            )
