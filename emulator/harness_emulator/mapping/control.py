"""Create-, Update- and DeleteEventSourceMapping for SQS queues, as AWS answers and refuses them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from localstack.aws.api.lambda_ import (
    ResourceConflictException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from localstack.services.lambda_ import api_utils
from localstack.services.lambda_.api_utils import function_locators_from_arn
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.lambda_.provider_utils import get_function_version_from_arn
from localstack.utils.aws.arns import lambda_event_source_mapping_arn

from harness_emulator.account import ACCOUNTS
from harness_emulator.mapping import advice, rights
from harness_emulator.mapping.life import WORKERS, SqsMapping
from harness_emulator.mapping.limits import check_parameters, check_shape, refused
from harness_emulator.mapping.settings import BATCH_SIZE, POLLERS
from harness_emulator.sqs import in_process

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localstack.aws.api import RequestContext

UPDATABLE = (
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "FunctionResponseTypes",
    "FilterCriteria",
    "ScalingConfig",
    "ProvisionedPollerConfig",
    "MetricsConfig",
    "KMSKeyArn",
    "DestinationConfig",
)
EMPTIED = ("FilterCriteria", "ScalingConfig", "ProvisionedPollerConfig", "MetricsConfig", "DestinationConfig")
"""What an empty document takes away again (rows B-48, B-52)."""


def is_about_sqs(arn: str | None) -> bool:
    """Whether an event source is an SQS queue."""
    return bool(arn) and arn.split(":")[2:3] == ["sqs"]  # type: ignore[union-attr] # not None


def create(context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
    """CreateEventSourceMapping; returns the configuration in its first state (rows B-01, B-03).

    Raises:
        ValidationException: A parameter is not what the service's model allows.
        InvalidParameterValueException: Rows B-08 to B-10, B-12, B-14, B-17 to B-19, B-44, B-47, B-54.
        ResourceConflictException: The queue is mapped to the function already (B-11).
    """
    check_shape(request)
    queue_arn = request["EventSourceArn"]
    function_arn = _function_arn(context, request.get("FunctionName") or "")
    identity = str(uuid.uuid4())
    configuration = {
        "UUID": identity,
        "EventSourceMappingArn": lambda_event_source_mapping_arn(
            identity, context.account_id, context.region
        ),
        "EventSourceArn": queue_arn,
        "FunctionArn": function_arn,
        "BatchSize": BATCH_SIZE,
        "MaximumBatchingWindowInSeconds": 0,
        "FunctionResponseTypes": [],
        "LastModified": _now(context),
    }
    _apply(configuration, request)
    store = lambda_stores[context.account_id][context.region].event_source_mappings
    _check(configuration)
    for other in list(store.values()):
        if (other.get("EventSourceArn"), other["FunctionArn"]) == (queue_arn, function_arn):
            name = function_arn.split(":")[6]
            raise ResourceConflictException(
                f'An event source mapping with SQS arn (" {queue_arn} ") and function (" {name} ") already '
                f"exists. Please update or delete the existing mapping with UUID {other['UUID']}",
                Type="User",
            )
    enabled = request.get("Enabled")
    mapping = SqsMapping(configuration, store, enabled=enabled is None or bool(enabled))
    answer = mapping.configuration
    mapping.create()
    advice.log(mapping)
    return answer


def update(context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
    """UpdateEventSourceMapping; returns the configuration in transition.

    Raises:
        ResourceNotFoundException: There is no such mapping (row B-07).
        ResourceInUseException: It is in transition already (B-06).
        ValidationException: As `create`.
        InvalidParameterValueException: As `create`.
    """
    mapping = _mapping(context, request["UUID"])
    check_shape(request)
    _refuse_in_transition(mapping, "update")
    configuration = mapping.configuration
    if request.get("FunctionName"):
        configuration["FunctionArn"] = _function_arn(context, request["FunctionName"])
    _apply(configuration, request)
    _check(configuration)
    configuration["LastModified"] = _now(context)
    enabled = request.get("Enabled")
    mapping.update(configuration, enabled=mapping.enabled if enabled is None else bool(enabled))
    advice.log(mapping)
    return mapping.configuration


def delete(context: RequestContext, identity: str) -> dict[str, Any]:
    """DeleteEventSourceMapping (row B-05).

    Raises:
        ResourceNotFoundException: There is no such mapping (B-07).
        ResourceInUseException: It is in transition (B-06).
    """
    mapping = _mapping(context, identity)
    _refuse_in_transition(mapping, "delete")
    answer = mapping.configuration
    mapping.delete()
    return {**answer, "State": mapping.current_state.value}


def find(context: RequestContext, identity: str) -> SqsMapping | None:
    """The mapping of that UUID, of the caller's account and region; None where it has none of SQS."""
    mapping = WORKERS.get(identity)
    if mapping is None or not mapping.configuration:
        return None
    own = (mapping.settings.account, mapping.settings.region) == (context.account_id, context.region)
    return mapping if own else None


def _mapping(context: RequestContext, identity: str) -> SqsMapping:
    mapping = find(context, identity)
    if mapping is None:
        raise ResourceNotFoundException("The resource you requested does not exist.", Type="User")
    return mapping


def _refuse_in_transition(mapping: SqsMapping, what: str) -> None:
    if mapping.in_transition:
        raise ResourceInUseException(
            f"Cannot {what} the event source mapping because it is in use.", Type="User"
        )


def _now(context: RequestContext) -> datetime:
    return datetime.fromtimestamp(ACCOUNTS.of(context.account_id).clock.now(), UTC)


def _apply(configuration: dict[str, Any], request: Mapping[str, Any]) -> None:
    """Put what a request says into a configuration; what it does not say stays."""
    for name in UPDATABLE:
        if request.get(name) is None:
            continue
        configuration[name] = request[name]
        if name in EMPTIED and not any((request[name] or {}).values()):
            del configuration[name]
    provisioned = configuration.get("ProvisionedPollerConfig")
    if provisioned and request.get("ProvisionedPollerConfig"):
        least = provisioned.get("MinimumPollers") or POLLERS[0]
        configuration["ProvisionedPollerConfig"] = {
            "MinimumPollers": least,
            "MaximumPollers": max(least, POLLERS[1]),
            **provisioned,
        }


def _function_arn(context: RequestContext, name: str) -> str:
    """The ARN of an existing function, version or alias; a name without a qualifier stays without.

    Raises:
        InvalidParameterValueException: There is none (row B-08).
    """
    try:
        found, qualifier, account, region = function_locators_from_arn(name)
        arn = api_utils.lambda_arn(found, qualifier, account or context.account_id, region or context.region)
        get_function_version_from_arn(arn)
    except Exception as error:
        raise refused("Function does not exist") from error
    return str(arn)


def _check(configuration: Mapping[str, Any]) -> None:
    """Refuse what cannot work, whether it is created or updated."""
    queue_arn, function_arn = configuration["EventSourceArn"], configuration["FunctionArn"]
    try:
        function = get_function_version_from_arn(function_arn)
    except ResourceNotFoundException as error:
        raise refused("Function does not exist") from error
    if queue_arn.split(":")[3] != function_arn.split(":")[3]:
        # Row B-14. AWS's text is not known.
        raise refused("The queue and the function must be in the same Region.")
    check_parameters(configuration, fifo=queue_arn.endswith(".fifo"))
    queue = in_process.find_queue(queue_arn)
    if queue is None:
        raise refused(
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
            "SQS Error Message: The specified queue does not exist."
        )
    action = rights.missing_action(function.config.role, queue_arn, queue.attributes.get("Policy"))
    if action is not None:
        raise refused(f"The provided execution role does not have permissions to call {action} on SQS")
    if queue.visibility_timeout < function.config.timeout:
        raise refused(
            f"Queue visibility timeout: {queue.visibility_timeout} seconds is less than Function timeout: "
            f"{function.config.timeout} seconds"
        )
