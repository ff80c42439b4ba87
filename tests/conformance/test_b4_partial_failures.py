"""Event source mappings: ReportBatchItemFailures (B-36 to B-42)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.conformance import refused, take
from tests.support.conformance_batches import (
    ECHO,
    behind_gate,
    bodies_of,
    counts_of,
    open_gate,
    send,
    settles_at,
    told_records,
)

if TYPE_CHECKING:
    from tests.support.conformance_batches import Make

REPORTS = ["ReportBatchItemFailures"]

RETURNS = """
from report import tell

def handler(event, context):
    tell(event["Records"])
    first, *others = event["Records"]
    if first["attributes"]["ApproximateReceiveCount"] == "1":
        return {returned}
"""
"""Returns that once; the same messages are handled without fault when they come again."""

REPORTS_BAD = """
from report import tell

def handler(event, context):
    tell(event["Records"])
    bad = [record["messageId"] for record in event["Records"] if record["body"].startswith("bad")]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in bad]}
"""
STOPS_AT_THE_FIRST_BAD = """
from report import tell

def handler(event, context):
    tell(event["Records"])
    records = event["Records"]
    if records[0]["attributes"]["ApproximateReceiveCount"] == "1":
        bad = [record["body"] for record in records].index("bad")
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in records[bad:]]}
"""
REPORTS_BAD_ONCE = """
from report import tell

def handler(event, context):
    tell(event["Records"])
    bad = [record["messageId"] for record in event["Records"]
           if record["body"] == "bad" and record["attributes"]["ApproximateReceiveCount"] == "1"]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in bad]}
"""
REPORTS_ALL = """
from report import tell, wait_for_gate

def handler(event, context):
    tell(event["Records"])
    wait_for_gate()
    if event["Records"][0]["body"].startswith("bad"):
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in event["Records"]]}
"""
FAILS = """
from report import tell, wait_for_gate

def handler(event, context):
    tell(event["Records"])
    {failure}
"""

SUCCESSES = {
    "an empty list": '{"batchItemFailures": []}',
    "a list that is null": '{"batchItemFailures": None}',
    "an empty response": "{}",
    "a null response": "None",
}
FAILURES = {
    # Python's runtime writes NaN, which is no JSON.
    "invalid JSON": '{"batchItemFailures": [], "rate": float("nan")}',
    "an empty identifier": '{"batchItemFailures": [{"itemIdentifier": ""}]}',
    "an identifier that is null": '{"batchItemFailures": [{"itemIdentifier": None}]}',
    "a bad key name": '{"batchItemFailures": [{"foo": first["messageId"]}]}',
    "an identifier that is not in the batch": (
        '{"batchItemFailures": [{"itemIdentifier": first["messageId"]},'
        ' {"itemIdentifier": "00000000-0000-4000-8000-000000000000"}]}'
    ),
}


@pytest.mark.aws("B-36")
def test_what_is_reported_comes_back_and_the_rest_is_deleted(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url = queue(VisibilityTimeout=4)
    mapping(url, function(REPORTS_BAD_ONCE), FunctionResponseTypes=REPORTS)
    clock.freeze()
    send(sqs, url, "good", "bad", "fine")
    assert sorted(bodies_of(told_records(deliveries, 3))) == ["bad", "fine", "good"]
    assert settles_at(sqs, url, 0, 1)
    clock.advance(2)
    assert deliveries.rest(0) == []
    clock.advance(2.1)
    (again,) = told_records(deliveries, 1)
    assert (again["body"], counts_of([again])) == ("bad", ["2"])
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("B-36")
def test_what_is_reported_to_the_last_ends_in_the_dead_letter_queue_fifo(
    sqs: Any, fifo_queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any, arn: Any
) -> None:
    dead = fifo_queue()
    url = fifo_queue(
        ContentBasedDeduplication="true",
        VisibilityTimeout=4,
        RedrivePolicy={"deadLetterTargetArn": arn(dead), "maxReceiveCount": 2},
    )
    mapping(url, function(REPORTS_BAD), FunctionResponseTypes=REPORTS)
    clock.freeze()
    send(sqs, url, "good", "bad 1", "bad 2", "bad 3", group="g")
    assert bodies_of(told_records(deliveries, 4)) == ["good", "bad 1", "bad 2", "bad 3"]
    clock.advance(4.1)
    (again,) = deliveries(1)
    assert bodies_of(again) == ["bad 1", "bad 2", "bad 3"]
    assert counts_of(again) == ["2", "2", "2"]
    clock.advance(4.1)
    assert [message["Body"] for message in take(sqs, dead, 3)] == ["bad 1", "bad 2", "bad 3"]
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("B-36")
@pytest.mark.parametrize("asked", [["ReportBatchItemFailures"] * 2, ["ReportEverything"]])
def test_there_is_one_response_type(
    lambda_: Any, queue: Make, function: Make, arn: Any, asked: list[str]
) -> None:
    error = refused(
        lambda_.create_event_source_mapping,
        EventSourceArn=arn(queue()),
        FunctionName=function(ECHO),
        FunctionResponseTypes=asked,
    )
    assert error.status == 400


@pytest.mark.aws("B-37")
@pytest.mark.parametrize("returned", SUCCESSES)
def test_the_whole_batch_succeeds_with(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any, returned: str
) -> None:
    url = queue(VisibilityTimeout=4)
    mapping(url, function(RETURNS.replace("{returned}", SUCCESSES[returned])), FunctionResponseTypes=REPORTS)
    clock.freeze()
    send(sqs, url, "a", "b")
    assert sorted(bodies_of(told_records(deliveries, 2))) == ["a", "b"]
    assert settles_at(sqs, url, 0, 0)
    clock.advance(4.1)
    assert deliveries.rest(0) == []


@pytest.mark.aws("B-38")
@pytest.mark.parametrize("returned", FAILURES)
def test_the_whole_batch_fails_with(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any, returned: str
) -> None:
    url = queue(VisibilityTimeout=4)
    mapping(url, function(RETURNS.replace("{returned}", FAILURES[returned])), FunctionResponseTypes=REPORTS)
    clock.freeze()
    sent = send(sqs, url, "a", "b")
    assert counts_of(told_records(deliveries, 2)) == ["1", "1"]
    clock.advance(2)
    assert deliveries.rest(0) == []
    clock.advance(2.1)
    again = told_records(deliveries, 2)
    assert sorted(record["messageId"] for record in again) == sorted(sent)
    assert counts_of(again) == ["2", "2"]
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("B-39")
@pytest.mark.parametrize("failure", ['raise RuntimeError("no")', "wait_for_gate()"], ids=["error", "timeout"])
def test_a_function_error_fails_the_good_messages_too(
    sqs: Any,
    queue: Make,
    function: Make,
    mapping: Make,
    deliveries: Any,
    clock: Any,
    arn: Any,
    failure: str,
) -> None:
    gate, dead = queue(), queue()
    url = queue(VisibilityTimeout=4, RedrivePolicy={"deadLetterTargetArn": arn(dead), "maxReceiveCount": 1})
    name = function(FAILS.replace("{failure}", failure), **{**behind_gate(gate), "Timeout": 2})
    mapping(url, name, FunctionResponseTypes=REPORTS)
    clock.freeze()
    sent = send(sqs, url, "good", "bad")
    assert sorted(bodies_of(told_records(deliveries, 2))) == ["bad", "good"]
    clock.advance(4.1)
    assert sorted(message["MessageId"] for message in take(sqs, dead, 2)) == sorted(sent)
    assert deliveries.rest(0) == []


@pytest.mark.aws("B-40")
def test_reported_failures_do_not_lower_the_concurrency(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url, gate = queue(), queue()
    mapping(url, function(REPORTS_ALL, **behind_gate(gate)), BatchSize=1, FunctionResponseTypes=REPORTS)
    clock.freeze()
    send(sqs, url, *(f"bad {n}" for n in range(5)))
    deliveries(5)
    open_gate(sqs, gate, 5)
    clock.advance(0)  # until the invocations have ended
    send(sqs, url, *(f"good {n}" for n in range(5)))
    deliveries(5)
    open_gate(sqs, gate, 5)
    assert settles_at(sqs, url, 0, 5)


@pytest.mark.aws("B-41")
def test_fifo_what_follows_a_reported_message_is_not_held_back(
    sqs: Any, fifo_queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url = fifo_queue(ContentBasedDeduplication="true", VisibilityTimeout=4)
    mapping(url, function(REPORTS_BAD_ONCE), FunctionResponseTypes=REPORTS)
    clock.freeze()
    send(sqs, url, "before", "bad", "after", group="g")
    assert bodies_of(told_records(deliveries, 3)) == ["before", "bad", "after"]
    assert settles_at(sqs, url, 0, 1)
    clock.advance(4.1)
    assert bodies_of(told_records(deliveries, 1)) == ["bad"]
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("B-41")
def test_fifo_order_is_kept_where_the_first_bad_message_and_all_later_ones_are_reported(
    sqs: Any, fifo_queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url = fifo_queue(ContentBasedDeduplication="true", VisibilityTimeout=4)
    mapping(url, function(STOPS_AT_THE_FIRST_BAD), FunctionResponseTypes=REPORTS)
    clock.freeze()
    send(sqs, url, "before", "bad", "after", group="g")
    assert bodies_of(told_records(deliveries, 3)) == ["before", "bad", "after"]
    assert settles_at(sqs, url, 0, 2)
    clock.advance(4.1)
    assert bodies_of(told_records(deliveries, 2)) == ["bad", "after"]
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("B-42")
def test_without_the_option_reported_messages_are_deleted(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url = queue(VisibilityTimeout=4)
    mapping(url, function(REPORTS_BAD))
    clock.freeze()
    send(sqs, url, "good", "bad")
    assert sorted(bodies_of(told_records(deliveries, 2))) == ["bad", "good"]
    assert settles_at(sqs, url, 0, 0)
    clock.advance(4.1)
    assert deliveries.rest(0) == []
