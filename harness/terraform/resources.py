"""What is deployed: queues, functions, mappings and outputs, read from Terraform's state."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.client.boto import client
from harness.model.deployment import Deployment, FunctionResource, MappingResource, QueueResource
from harness.terraform.record import DeploymentRecord
from harness.terraform.state import TerraformState
from harness.terraform.tree import root_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from harness.model.environment import Endpoint, Place, RunningEnvironment
    from harness.project.workspace import Workspace


_GONE = frozenset(
    {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "ResourceNotFoundException"}
)


def load_deployment(
    workspace: Workspace,
    environment: RunningEnvironment,
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
    state = TerraformState.read(work / "terraform.tfstate")
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
        functions=tuple(_functions(state, ids, root_of(work))),
        mappings=tuple(_mappings(state)),
        outputs=state.outputs(),
        sensitive=state.sensitive_outputs(),
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


def _queues(state: TerraformState, ids: Mapping[str, str]) -> Iterator[QueueResource]:
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


def _functions(state: TerraformState, ids: Mapping[str, str], work: Path) -> Iterator[FunctionResource]:
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


def _mappings(state: TerraformState) -> Iterator[MappingResource]:
    for instance in state.instances("aws_lambda_event_source_mapping"):
        values = instance.attributes
        if ":sqs:" in (values.get("event_source_arn") or ""):
            yield MappingResource(
                uuid=values["uuid"],
                queue_arn=values["event_source_arn"],
                function_arn=values["function_arn"],
                batch_size=int(values["batch_size"]),
            )


def stands(deployment: Deployment, endpoint: Endpoint) -> bool:
    """Whether every queue, function and mapping of the deployment exists.

    What cannot be asked counts as standing: the next step says what is wrong with the endpoint.
    """
    return not any(_is_gone(call) for call in _calls(deployment, endpoint))


def _calls(deployment: Deployment, endpoint: Endpoint) -> Iterator[Callable[[], Any]]:
    for queue in deployment.queues:
        sqs = client(replace(endpoint, region=queue.arn.split(":")[3]), "sqs")
        yield partial(sqs.get_queue_attributes, QueueUrl=queue.url)
    for function in deployment.functions:
        functions = client(replace(endpoint, region=function.arn.split(":")[3]), "lambda")
        yield partial(functions.get_function_configuration, FunctionName=function.arn)
    for mapping in deployment.mappings:
        functions = client(replace(endpoint, region=mapping.queue_arn.split(":")[3]), "lambda")
        yield partial(functions.get_event_source_mapping, UUID=mapping.uuid)


def _is_gone(call: Callable[[], Any]) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - boto3 takes a while to import

    with suppress(BotoCoreError):
        try:
            call()
        except ClientError as error:
            return error.response.get("Error", {}).get("Code") in _GONE
    return False
