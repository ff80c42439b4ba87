"""Event source mappings: scaling (B-49 to B-55)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.conformance import refused
from tests.support.conformance_batches import (
    ECHO,
    GATED,
    behind_gate,
    bodies_of,
    open_gate,
    send,
    settles_at,
)

if TYPE_CHECKING:
    from tests.support.conformance_batches import Make

TELLS_ITS_STREAM = """
from report import tell

def handler(event, context):
    tell({"stream": context.log_stream_name, "records": event["Records"]})
"""


@pytest.mark.aws("B-49")
def test_five_batches_are_in_flight_to_begin_with(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url, gate = queue(), queue()
    mapping(url, function(GATED, **behind_gate(gate)), BatchSize=1)
    clock.freeze()
    send(sqs, url, *"abcdefg")
    deliveries(5)
    # The others are not even received.
    assert settles_at(sqs, url, 2, 5)
    assert deliveries.rest(0) == []
    open_gate(sqs, gate, 7)
    deliveries(2)
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("B-49")
def test_more_are_in_flight_as_time_goes_by(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any
) -> None:
    url, gate = queue(), queue()
    mapping(url, function(GATED, **behind_gate(gate)), BatchSize=1)
    send(sqs, url, *"abcdefg")
    # 300 more in a minute: two more in less than one second.
    deliveries(7)
    assert settles_at(sqs, url, 0, 7)
    open_gate(sqs, gate, 7)
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("B-51")
@pytest.mark.parametrize(("maximum", "at_once"), [(10, 6), (2, 2)])
def test_fifo_each_group_has_one_batch_in_flight(
    sqs: Any,
    fifo_queue: Make,
    queue: Make,
    function: Make,
    mapping: Make,
    deliveries: Any,
    clock: Any,
    maximum: int,
    at_once: int,
) -> None:
    url, gate = fifo_queue(ContentBasedDeduplication="true"), queue()
    name = function(GATED, **behind_gate(gate))
    mapping(url, name, BatchSize=1, ScalingConfig={"MaximumConcurrency": maximum})
    clock.freeze()
    for group in "abcdef":
        send(sqs, url, f"{group}1", f"{group}2", group=group)
    first = [bodies_of(records) for records in deliveries(at_once)]
    assert sorted(first) == [[f"{group}1"] for group in "abcdef"[:at_once]]
    assert settles_at(sqs, url, 12 - at_once, at_once)
    assert deliveries.rest(0) == []
    open_gate(sqs, gate, 12)
    assert len(deliveries(12 - at_once)) == 12 - at_once
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("B-51")
def test_fifo_one_group_is_strictly_serial(
    sqs: Any, fifo_queue: Make, function: Make, mapping: Make, deliveries: Any
) -> None:
    url = fifo_queue(ContentBasedDeduplication="true")
    mapping(url, function(TELLS_ITS_STREAM), BatchSize=1)
    send(sqs, url, *"abcde", group="g")
    told = deliveries(5)
    assert [bodies_of(each["records"]) for each in told] == [["a"], ["b"], ["c"], ["d"], ["e"]]
    assert len({each["stream"] for each in told}) == 1


@pytest.mark.aws("B-52")
def test_no_more_are_in_flight_than_asked_until_that_is_turned_off(
    sqs: Any,
    lambda_: Any,
    queue: Make,
    function: Make,
    mapping: Make,
    deliveries: Any,
    wait_for_mapping: Any,
) -> None:
    url, gate = queue(), queue()
    name = function(GATED, **behind_gate(gate))
    uuid = mapping(url, name, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    assert lambda_.get_event_source_mapping(UUID=uuid)["ScalingConfig"] == {"MaximumConcurrency": 2}
    send(sqs, url, *"abcd")
    deliveries(2)
    # The others are not even received, also while time goes by.
    assert deliveries.rest(1) == []
    assert settles_at(sqs, url, 2, 2)
    lambda_.update_event_source_mapping(UUID=uuid, ScalingConfig={})
    wait_for_mapping(uuid, "Enabled")
    assert not lambda_.get_event_source_mapping(UUID=uuid).get("ScalingConfig")
    deliveries(2)
    assert settles_at(sqs, url, 0, 4)
    open_gate(sqs, gate, 4)
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("B-52")
@pytest.mark.parametrize("maximum", [1, 1001])
def test_a_maximum_out_of_range_is_refused(
    lambda_: Any, queue: Make, function: Make, arn: Any, maximum: int
) -> None:
    error = refused(
        lambda_.create_event_source_mapping,
        EventSourceArn=arn(queue()),
        FunctionName=function(ECHO),
        ScalingConfig={"MaximumConcurrency": maximum},
    )
    assert error.status == 400


@pytest.mark.aws("B-52")
def test_a_maximum_is_independent_of_reserved_concurrency(
    lambda_: Any, queue: Make, function: Make, mapping: Make
) -> None:
    name = function(ECHO)
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    uuid = mapping(queue(), name, Enabled=False, ScalingConfig={"MaximumConcurrency": 1000})
    assert lambda_.get_event_source_mapping(UUID=uuid)["ScalingConfig"] == {"MaximumConcurrency": 1000}


@pytest.mark.aws("B-53")
def test_thirty_messages_in_batches_of_twenty_are_two_invocations(
    sqs: Any, lambda_: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url = queue()
    name = function(ECHO)
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
    for first in range(0, 30, 10):
        send(sqs, url, *map(str, range(first, first + 10)))
    mapping(
        url,
        name,
        BatchSize=20,
        MaximumBatchingWindowInSeconds=1,
        ScalingConfig={"MaximumConcurrency": 2},
    )
    clock.advance(1)
    batches = deliveries(2)
    assert sum(map(len, batches)) == 30
    assert max(map(len, batches)) <= 20
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("B-54")
def test_provisioned_mode_has_ten_batches_in_flight_for_each_poller_to_begin_with(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url, gate = queue(), queue()
    name = function(GATED, **behind_gate(gate))
    mapping(url, name, BatchSize=1, ProvisionedPollerConfig={"MinimumPollers": 2, "MaximumPollers": 2})
    clock.freeze()
    for _ in range(3):
        send(sqs, url, *"abcdefgh")
    deliveries(20)
    assert settles_at(sqs, url, 4, 20)
    open_gate(sqs, gate, 24)
    deliveries(4)
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("B-54")
@pytest.mark.parametrize(
    ("asked", "pollers"),
    [
        ({"MinimumPollers": 3}, {"MinimumPollers": 3, "MaximumPollers": 200}),
        ({"MaximumPollers": 5}, {"MinimumPollers": 2, "MaximumPollers": 5}),
        (
            {"MinimumPollers": 200, "MaximumPollers": 2000},
            {"MinimumPollers": 200, "MaximumPollers": 2000},
        ),
    ],
    ids=["least", "most", "largest"],
)
def test_provisioned_mode_has_2_to_200_pollers_unless_asked_otherwise(
    lambda_: Any,
    queue: Make,
    function: Make,
    mapping: Make,
    asked: dict[str, int],
    pollers: dict[str, int],
) -> None:
    uuid = mapping(queue(), function(ECHO), Enabled=False, ProvisionedPollerConfig=asked)
    assert lambda_.get_event_source_mapping(UUID=uuid)["ProvisionedPollerConfig"] == pollers


@pytest.mark.aws("B-54")
@pytest.mark.parametrize(
    "asked",
    [
        {"ProvisionedPollerConfig": {"MinimumPollers": 1}},
        {"ProvisionedPollerConfig": {"MinimumPollers": 201, "MaximumPollers": 300}},
        {"ProvisionedPollerConfig": {"MaximumPollers": 10_001}},
        {
            "ProvisionedPollerConfig": {"MinimumPollers": 2, "MaximumPollers": 2},
            "ScalingConfig": {"MaximumConcurrency": 20},
        },
    ],
    ids=["too few", "too many at least", "too many", "with MaximumConcurrency"],
)
def test_provisioned_mode_is_refused_with(
    lambda_: Any, queue: Make, function: Make, arn: Any, asked: dict[str, Any]
) -> None:
    error = refused(
        lambda_.create_event_source_mapping,
        EventSourceArn=arn(queue()),
        FunctionName=function(ECHO),
        **asked,
    )
    assert error.status == 400


@pytest.mark.aws("B-55")
def test_metrics_are_asked_for(lambda_: Any, queue: Make, function: Make, mapping: Make, arn: Any) -> None:
    name = function(ECHO)
    silent = mapping(queue(), name, Enabled=False)
    assert "MetricsConfig" not in lambda_.get_event_source_mapping(UUID=silent)
    asked = {"Metrics": ["EventCount"]}
    uuid = mapping(queue(), name, Enabled=False, MetricsConfig=asked)
    assert lambda_.get_event_source_mapping(UUID=uuid)["MetricsConfig"] == asked
    error = refused(
        lambda_.create_event_source_mapping,
        EventSourceArn=arn(queue()),
        FunctionName=name,
        MetricsConfig={"Metrics": ["Everything"]},
    )
    assert error.status == 400
