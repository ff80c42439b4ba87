from __future__ import annotations

from typing import Any

import pytest
from localstack.aws.api.lambda_ import InvalidParameterValueException
from localstack.services.lambda_.invocation.lambda_models import ValidationException

from harness_emulator.mapping.limits import check_parameters, check_shape, check_source

BODY = '{"body": {"a": ["b"]}}'


def filters(*patterns: Any) -> dict[str, Any]:
    return {"FilterCriteria": {"Filters": [{"Pattern": pattern} for pattern in patterns]}}


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({"BatchSize": 0}, "'0' at 'batchSize' failed to satisfy constraint: Member must have value greater"),
        ({"BatchSize": 10_001}, "less than or equal to 10000"),
        ({"MaximumBatchingWindowInSeconds": 301}, "less than or equal to 300"),
        ({"ScalingConfig": {"MaximumConcurrency": 1}}, "greater than or equal to 2"),
        ({"ScalingConfig": {"MaximumConcurrency": 1001}}, "'scalingConfig.maximumConcurrency'"),
        ({"ProvisionedPollerConfig": {"MinimumPollers": 201}}, "less than or equal to 200"),
        ({"ProvisionedPollerConfig": {"MaximumPollers": 2001}}, "less than or equal to 2000"),
        ({"FunctionResponseTypes": ["Other"]}, "enum value set: [ReportBatchItemFailures]"),
        ({"FunctionResponseTypes": ["ReportBatchItemFailures"] * 2}, "length less than or equal to 1"),
        ({"MetricsConfig": {"Metrics": ["Other"]}}, "'metricsConfig.metrics'"),
        ({"EventSourceArn": "queue"}, "'queue' at 'eventSourceArn'"),
        (filters(BODY, "x" * 4097), "'filterCriteria.filters.2.member.pattern'"),
    ],
)
def test_what_the_services_model_does_not_allow_is_refused(request_: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationException) as caught:
        check_shape(request_)
    assert str(caught.value).startswith("1 validation error detected: Value ")
    assert text in str(caught.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ValidationException, match=r"2 validation errors detected: .*; Value"):
        check_shape({"BatchSize": 0, "ScalingConfig": {"MaximumConcurrency": 1}})


def test_an_event_source_is_one_that_something_here_reads() -> None:
    check_source(None)
    check_source("arn:aws:kinesis:us-east-1:000000000000:stream/s")
    with pytest.raises(ValidationException):
        check_source("%zz")
    with pytest.raises(InvalidParameterValueException, match=r"Unrecognized event source\."):
        check_source("arn:aws:lambda:us-east-1:000000000000:function:f")


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"BatchSize": None, "ScalingConfig": {}, "FilterCriteria": {}, "FunctionResponseTypes": []},
        {"BatchSize": 10_000, "MaximumBatchingWindowInSeconds": 300},
    ],
)
def test_what_it_allows_passes(request_: dict[str, Any]) -> None:
    check_shape(request_)


@pytest.mark.parametrize(
    ("mapping", "fifo", "text"),
    [
        (
            {"BatchSize": 11},
            False,
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
        ),
        (
            {"MaximumBatchingWindowInSeconds": 1},
            True,
            "Batching window is not supported for FIFO queues",
        ),
        ({"BatchSize": 11}, True, "Maximum batch size for FIFO queues is 10."),
        (
            {"DestinationConfig": {"OnSuccess": {"Destination": "arn"}}},
            False,
            "Unsupported DestinationConfig parameter for given event source mapping type.",
        ),
        (filters(*[BODY] * 6), False, "The number of filters exceeds the limit of 5."),
        (filters(None), False, "Invalid filter pattern definition."),
        (filters("simple string"), False, "Invalid filter pattern definition."),
        (filters('{"eventSource": "aws:sqs"}'), False, "Invalid filter pattern definition."),
        (filters('{"eventSource": []}'), False, "Invalid filter pattern definition."),
        (filters('["a"]'), False, "Invalid filter pattern definition."),
        (filters(BODY, "{"), False, "Invalid filter pattern definition."),
        ({"ProvisionedPollerConfig": {"MinimumPollers": 1}}, False, "MinimumPollers must be at least 2"),
        (
            {"ProvisionedPollerConfig": {"MinimumPollers": 5, "MaximumPollers": 3}},
            False,
            "MinimumPollers must not be greater",
        ),
        (
            {"ProvisionedPollerConfig": {"MinimumPollers": 2}, "ScalingConfig": {"MaximumConcurrency": 2}},
            False,
            "exclude each other",
        ),
    ],
)
def test_what_a_mapping_of_a_queue_cannot_have_is_refused(
    mapping: dict[str, Any], *, fifo: bool, text: str
) -> None:
    with pytest.raises(InvalidParameterValueException) as caught:
        check_parameters(mapping, fifo=fifo)
    assert str(caught.value).startswith(text) or text in str(caught.value)


@pytest.mark.parametrize(
    "mapping",
    [
        {"BatchSize": 10_000, "MaximumBatchingWindowInSeconds": 1},
        {"DestinationConfig": {}},
        filters(*[BODY] * 5),
    ],
)
def test_what_it_can_have_passes(mapping: dict[str, Any]) -> None:
    check_parameters(mapping, fifo=False)
