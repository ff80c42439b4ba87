"""What Lambda refuses of a mapping's parameters, whatever the queue and the function are."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from localstack.aws.api.lambda_ import InvalidParameterValueException
from localstack.services.lambda_.invocation.lambda_models import ValidationException
from localstack.utils.event_matcher import validate_event_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_FILTERS = 5
ARN = re.compile(
    r"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:([a-z]{2}(-gov)?-[a-z]+-\d{1})?:(\d{12})?:(.*)", re.DOTALL
)
PATTERN_LENGTH = 4096
RANGES = (
    ("batchSize", ("BatchSize",), 1, 10_000),
    ("maximumBatchingWindowInSeconds", ("MaximumBatchingWindowInSeconds",), 0, 300),
    ("scalingConfig.maximumConcurrency", ("ScalingConfig", "MaximumConcurrency"), 2, 1000),
    ("provisionedPollerConfig.minimumPollers", ("ProvisionedPollerConfig", "MinimumPollers"), 1, 200),
    ("provisionedPollerConfig.maximumPollers", ("ProvisionedPollerConfig", "MaximumPollers"), 1, 2000),
)
"""Rows B-17, B-19, B-52, B-54: ranges of the service's model. SQS asks for two pollers at least."""
FEWEST_POLLERS = 2
FIFO_BATCH_SIZE = 10
UNWINDOWED_BATCH_SIZE = 10
RESPONSE_TYPES = ("ReportBatchItemFailures",)
STREAMS = frozenset({"dynamodb", "kinesis"})
"""Services besides SQS whose mappings LocalStack has."""
METRICS = ("EventCount", "ErrorCount", "KafkaMetrics")


def refused(message: str) -> InvalidParameterValueException:
    """Lambda's error for a parameter that cannot be."""
    return InvalidParameterValueException(message, Type="User")


def check_shape(request: Mapping[str, Any]) -> None:
    """Refuse what the service's model does not allow.

    Raises:
        ValidationException: As AWS does before it looks at anything else; all that is wrong, in one text.
    """
    errors = list(_violations(request))
    if errors:
        noun = "error" if len(errors) == 1 else "errors"
        raise ValidationException(f"{len(errors)} validation {noun} detected: {'; '.join(errors)}")


def check_source(arn: str | None) -> None:
    """Refuse what is no ARN, or one of a service that is no event source here (row B-08).

    Args:
        arn: Of an event source that is no SQS queue.

    Raises:
        ValidationException: It is no ARN.
        InvalidParameterValueException: LocalStack has no mappings of that service.
    """
    if arn is None:
        return
    check_shape({"EventSourceArn": arn})
    if arn.split(":")[2] not in STREAMS:
        raise refused("Unrecognized event source.")


def _violations(request: Mapping[str, Any]) -> Iterator[str]:
    arn = request.get("EventSourceArn")
    if arn is not None and not ARN.fullmatch(arn):
        yield _violation(arn, "eventSourceArn", f"satisfy regular expression pattern: {ARN.pattern}")
    for name, path, least, most in RANGES:
        value: Any = request
        for key in path:
            value = value.get(key) if value else None
        if value is not None and value < least:
            yield _violation(value, name, f"have value greater than or equal to {least}")
        elif value is not None and value > most:
            yield _violation(value, name, f"have value less than or equal to {most}")
    for number, item in enumerate(_filters(request), start=1):
        pattern = item.get("Pattern") or ""
        if len(pattern) > PATTERN_LENGTH:
            name = f"filterCriteria.filters.{number}.member.pattern"
            yield _violation(pattern, name, f"have length less than or equal to {PATTERN_LENGTH}")
    metrics = (request.get("MetricsConfig") or {}).get("Metrics") or []
    yield from _list_violations(
        "functionResponseTypes", request.get("FunctionResponseTypes") or [], RESPONSE_TYPES
    )
    yield from _list_violations("metricsConfig.metrics", metrics, METRICS)


def _list_violations(name: str, values: list[str], allowed: tuple[str, ...]) -> Iterator[str]:
    listed = f"[{', '.join(values)}]"
    if len(values) > len(allowed):
        yield _violation(listed, name, f"have length less than or equal to {len(allowed)}")
    if set(values) - set(allowed):
        yield _violation(listed, name, f"satisfy enum value set: [{', '.join(allowed)}]")


def _violation(value: object, name: str, constraint: str) -> str:
    return f"Value '{value}' at '{name}' failed to satisfy constraint: Member must {constraint}"


def _filters(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list((request.get("FilterCriteria") or {}).get("Filters") or [])


def check_parameters(mapping: Mapping[str, Any], *, fifo: bool) -> None:
    """Refuse what an SQS mapping cannot have.

    Args:
        mapping: The whole configuration as it is to be.
        fifo: Whether its queue is a FIFO queue.

    Raises:
        InvalidParameterValueException: Rows B-08, B-17 to B-19, B-44, B-47, B-54.
    """
    if any((mapping.get("DestinationConfig") or {}).values()):
        raise refused("Unsupported DestinationConfig parameter for given event source mapping type.")
    batch_size = mapping.get("BatchSize") or 0
    window = mapping.get("MaximumBatchingWindowInSeconds") or 0
    if fifo and window:
        raise refused("Batching window is not supported for FIFO queues")
    if fifo and batch_size > FIFO_BATCH_SIZE:
        # AWS's text is not known.
        raise refused(f"Maximum batch size for FIFO queues is {FIFO_BATCH_SIZE}.")
    if batch_size > UNWINDOWED_BATCH_SIZE and not window:
        raise refused(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )
    _check_filters(mapping)
    _check_pollers(mapping)


def _check_filters(mapping: Mapping[str, Any]) -> None:
    filters = _filters(mapping)
    if len(filters) > MOST_FILTERS:
        # AWS's text is not known.
        raise refused(f"The number of filters exceeds the limit of {MOST_FILTERS}.")
    for item in filters:
        pattern = item.get("Pattern")
        if not isinstance(pattern, str) or not _is_pattern(pattern):
            raise refused("Invalid filter pattern definition.")


def _is_pattern(pattern: str) -> bool:
    try:
        document = json.loads(pattern)
        return isinstance(document, dict) and bool(validate_event_pattern(pattern))
    except Exception:  # noqa: BLE001 - LocalStack's engine stumbles over some of what is no pattern
        return False


def _check_pollers(mapping: Mapping[str, Any]) -> None:
    provisioned = mapping.get("ProvisionedPollerConfig") or {}
    if not provisioned:
        return
    # The texts of these are not known either.
    if (mapping.get("ScalingConfig") or {}).get("MaximumConcurrency") is not None:
        raise refused("ScalingConfig.MaximumConcurrency and ProvisionedPollerConfig exclude each other.")
    least, most = provisioned.get("MinimumPollers"), provisioned.get("MaximumPollers")
    for name, value in (("MinimumPollers", least), ("MaximumPollers", most)):
        if value is not None and value < FEWEST_POLLERS:
            raise refused(f"{name} must be at least {FEWEST_POLLERS} for SQS event sources.")
    if least is not None and most is not None and least > most:
        raise refused("MinimumPollers must not be greater than MaximumPollers.")
