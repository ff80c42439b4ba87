"""Event source mappings: batches, and the event (B-17 to B-27)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.conformance import refused
from tests.support.conformance_batches import (
    ECHO,
    behind_gate,
    bodies_of,
    counts,
    counts_of,
    open_gate,
    send,
    settles_at,
    told_records,
)

if TYPE_CHECKING:
    from tests.support.conformance_batches import Make

STANDARD_KEYS = {
    *("messageId", "receiptHandle", "body", "attributes", "messageAttributes"),
    *("md5OfBody", "eventSource", "eventSourceARN", "awsRegion"),
}
STANDARD_ATTRIBUTES = {
    *("ApproximateReceiveCount", "SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"),
}
FIFO_ATTRIBUTES = {*STANDARD_ATTRIBUTES, "SequenceNumber", "MessageGroupId", "MessageDeduplicationId"}

BODIES = [
    *('{"a":1}', '{"a": 1, "a": 2}', "1e5", "12345678901234567890.123456789", '"hello"'),
    *('{"name": "é ☃"}', "not JSON", '  {"spaced" : true}  '),
]
WINDOW_NEEDED = (
    "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
)
NO_WINDOW = "Batching window is not supported for FIFO queues"

SIZES = """
import json
from report import tell

def handler(event, context):
    tell({"records": len(event["Records"]), "bytes": len(json.dumps(event, ensure_ascii=False).encode())})
"""
IDENTIFIED = """
from report import tell, wait_for_gate

def handler(event, context):
    tell({"invocation": context.aws_request_id, "records": event["Records"]})
    wait_for_gate()
"""
FAILS_ONCE = """
from report import tell

def handler(event, context):
    tell(event["Records"])
    if any(record["body"] == "fails once" and record["attributes"]["ApproximateReceiveCount"] == "1"
           for record in event["Records"]):
        raise RuntimeError("fails once")
"""


@pytest.mark.aws("B-17")
@pytest.mark.parametrize(
    ("fifo", "asked", "size"),
    [
        (False, {}, 10),
        (False, {"BatchSize": 10_000, "MaximumBatchingWindowInSeconds": 1}, 10_000),
        (True, {}, 10),
        (True, {"BatchSize": 10}, 10),
    ],
)
def test_the_batch_size_is_ten_unless_asked_otherwise(
    lambda_: Any,
    queue: Make,
    fifo_queue: Make,
    function: Make,
    mapping: Make,
    fifo: bool,  # noqa: FBT001 - a parameter of the test
    asked: dict[str, int],
    size: int,
) -> None:
    url = fifo_queue() if fifo else queue()
    uuid = mapping(url, function(ECHO), Enabled=False, **asked)
    assert lambda_.get_event_source_mapping(UUID=uuid)["BatchSize"] == size


@pytest.mark.aws("B-17")
@pytest.mark.parametrize(
    ("fifo", "asked"),
    [
        (False, {"BatchSize": 10_001, "MaximumBatchingWindowInSeconds": 1}),
        (False, {"BatchSize": 0}),
        (True, {"BatchSize": 11}),
    ],
)
def test_a_batch_size_out_of_range_is_refused(
    lambda_: Any,
    queue: Make,
    fifo_queue: Make,
    function: Make,
    arn: Any,
    fifo: bool,  # noqa: FBT001 - a parameter of the test
    asked: dict[str, int],
) -> None:
    url = fifo_queue() if fifo else queue()
    error = refused(
        lambda_.create_event_source_mapping, EventSourceArn=arn(url), FunctionName=function(ECHO), **asked
    )
    assert error.status == 400


@pytest.mark.aws("B-17")
def test_a_batch_holds_no_more_messages_than_its_size(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any
) -> None:
    url = queue()
    sent = send(sqs, url, *"abcdefg")
    mapping(url, function(ECHO), BatchSize=3)
    batches: list[list[Any]] = []
    while sum(len(batch) for batch in batches) < len(sent):
        batches += deliveries(1)
    assert max(len(batch) for batch in batches) <= 3
    assert sorted(record["messageId"] for batch in batches for record in batch) == sorted(sent)


@pytest.mark.aws("B-18")
def test_more_than_ten_messages_need_a_window(
    lambda_: Any, queue: Make, function: Make, mapping: Make, arn: Any
) -> None:
    url, name = queue(), function(ECHO)
    error = refused(
        lambda_.create_event_source_mapping, EventSourceArn=arn(url), FunctionName=name, BatchSize=11
    )
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert error.message == WINDOW_NEEDED
    uuid = mapping(url, name, Enabled=False)
    error = refused(lambda_.update_event_source_mapping, UUID=uuid, BatchSize=11)
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert error.message == WINDOW_NEEDED


@pytest.mark.aws("B-19")
@pytest.mark.parametrize(("asked", "window"), [({}, 0), ({"MaximumBatchingWindowInSeconds": 300}, 300)])
def test_the_window_is_0_to_300_seconds(
    lambda_: Any, queue: Make, function: Make, mapping: Make, asked: dict[str, int], window: int
) -> None:
    uuid = mapping(queue(), function(ECHO), Enabled=False, **asked)
    assert lambda_.get_event_source_mapping(UUID=uuid)["MaximumBatchingWindowInSeconds"] == window
    error = refused(lambda_.update_event_source_mapping, UUID=uuid, MaximumBatchingWindowInSeconds=301)
    assert error.status == 400


@pytest.mark.aws("B-19")
def test_a_fifo_queue_has_no_window(
    lambda_: Any, fifo_queue: Make, function: Make, mapping: Make, arn: Any
) -> None:
    url, name = fifo_queue(), function(ECHO)
    error = refused(
        lambda_.create_event_source_mapping,
        EventSourceArn=arn(url),
        FunctionName=name,
        MaximumBatchingWindowInSeconds=1,
    )
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert error.message == NO_WINDOW
    uuid = mapping(url, name, Enabled=False)
    error = refused(lambda_.update_event_source_mapping, UUID=uuid, MaximumBatchingWindowInSeconds=1)
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert error.message == NO_WINDOW


@pytest.mark.aws("B-20")
def test_a_batch_is_flushed_when_its_window_ends(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url = queue()
    mapping(url, function(ECHO), BatchSize=100, MaximumBatchingWindowInSeconds=4)
    clock.freeze()
    send(sqs, url, "at first")
    clock.advance(2)
    assert deliveries.rest(0) == []
    send(sqs, url, "at two seconds")
    clock.advance(2.1)
    # In one batch: the window was open until then.
    (records,) = deliveries(1)
    assert bodies_of(records) == ["at first", "at two seconds"]


@pytest.mark.aws("B-20")
def test_a_full_batch_is_flushed_before_its_window_ends(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url = queue()
    mapping(url, function(ECHO), BatchSize=10, MaximumBatchingWindowInSeconds=300)
    clock.freeze()
    sent = send(sqs, url, *"abcdefghij")
    (records,) = deliveries(1)
    assert sorted(record["messageId"] for record in records) == sorted(sent)


@pytest.mark.aws("B-20")
def test_a_batch_is_flushed_when_another_message_would_make_it_larger_than_6_mb(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url = queue()
    mapping(url, function(SIZES), BatchSize=100, MaximumBatchingWindowInSeconds=4)
    clock.freeze()
    for letter in "abcdefg":
        send(sqs, url, letter * 1_000_000)
    (full,) = deliveries(1)
    assert full["records"] == 6
    assert full["bytes"] < 6 * 2**20
    clock.advance(4.1)
    (last,) = deliveries(1)
    assert last["records"] == 1


@pytest.mark.aws("B-21")
def test_a_small_batch_waits_20_seconds_at_most(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url = queue()
    mapping(url, function(ECHO), BatchSize=100, MaximumBatchingWindowInSeconds=1)
    clock.freeze()
    send(sqs, url, "alone")
    clock.advance(20)
    (records,) = deliveries(1)
    assert bodies_of(records) == ["alone"]


@pytest.mark.aws("B-22")
def test_each_batch_is_one_invocation_which_is_waited_for(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any
) -> None:
    url, gate = queue(), queue()
    mapping(url, function(IDENTIFIED, **behind_gate(gate)), BatchSize=1)
    send(sqs, url, "a", "b")
    first = deliveries(1)
    # It has not returned: neither message is deleted.
    assert sum(counts(sqs, url)) == 2
    open_gate(sqs, gate, 2)
    told = first + deliveries(1)
    assert len({each["invocation"] for each in told}) == 2
    assert sorted(bodies_of(each["records"]) for each in told) == [["a"], ["b"]]
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("B-23")
def test_a_record_of_a_standard_queue(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, arn: Any, clock: Any
) -> None:
    url = queue()
    mapping(url, function(ECHO))
    before = clock.now()
    sent = sqs.send_message(QueueUrl=url, MessageBody="Test message.")
    ((record,),) = deliveries(1)
    assert set(record) == STANDARD_KEYS
    assert record["messageId"] == sent["MessageId"]
    assert record["receiptHandle"]
    assert (record["body"], record["md5OfBody"]) == ("Test message.", "e4e68fb7bd0e697a0ae8f1bb342846b3")
    assert record["messageAttributes"] == {}
    assert (record["eventSource"], record["eventSourceARN"]) == ("aws:sqs", arn(url))
    assert record["awsRegion"] == "us-east-1"
    assert set(record["attributes"]) == STANDARD_ATTRIBUTES
    assert all(isinstance(value, str) for value in record["attributes"].values())
    assert counts_of([record]) == ["1"]
    # Milliseconds; AWS's clock and the test's own may differ by some.
    sent_at = int(record["attributes"]["SentTimestamp"])
    assert abs(sent_at / 1000 - before) < 60
    assert sent_at <= int(record["attributes"]["ApproximateFirstReceiveTimestamp"])


@pytest.mark.aws("B-23")
def test_bodies_are_strings_as_they_were_sent(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any
) -> None:
    url = queue()
    mapping(url, function(ECHO))
    sent = send(sqs, url, *BODIES)
    got = {record["messageId"]: record for record in told_records(deliveries, len(sent))}
    assert [got[identifier]["body"] for identifier in sent] == BODIES
    assert [got[identifier]["md5OfBody"] for identifier in sent] == [
        hashlib.md5(body.encode(), usedforsecurity=False).hexdigest() for body in BODIES
    ]


@pytest.mark.aws("B-24")
def test_a_record_of_a_fifo_queue_tells_its_order_group_and_deduplication_id(
    sqs: Any, fifo_queue: Make, function: Make, mapping: Make, deliveries: Any
) -> None:
    url = fifo_queue()
    mapping(url, function(ECHO))
    sent = sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="g", MessageDeduplicationId="d")
    ((record,),) = deliveries(1)
    assert set(record) == STANDARD_KEYS
    assert set(record["attributes"]) == FIFO_ATTRIBUTES
    assert record["attributes"]["SequenceNumber"] == sent["SequenceNumber"]
    assert record["attributes"]["MessageGroupId"] == "g"
    assert record["attributes"]["MessageDeduplicationId"] == "d"


@pytest.mark.aws("B-25")
def test_message_attributes_are_told_in_lower_case_with_their_md5(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any
) -> None:
    url = queue()
    mapping(url, function(ECHO))
    sent = {"WeeksOn": ("6", "Number"), "Author": ("John Grisham", "String")}
    sent["Title"] = ("The Whistler", "String")
    sqs.send_message(
        QueueUrl=url,
        MessageBody="Test message.",
        MessageAttributes={
            name: {"StringValue": value, "DataType": kind} for name, (value, kind) in sent.items()
        },
    )
    ((record,),) = deliveries(1)
    assert record["messageAttributes"] == {
        name: {"stringValue": value, "stringListValues": [], "binaryListValues": [], "dataType": kind}
        for name, (value, kind) in sent.items()
    }
    assert record["md5OfMessageAttributes"] == "d25a6aea97eb8f585bfa92d314504a92"


@pytest.mark.aws("B-26")
def test_without_attributes_and_window_there_is_no_md5_of_them(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any
) -> None:
    url = queue()
    mapping(url, function(ECHO))
    send(sqs, url, "x")
    ((record,),) = deliveries(1)
    assert "md5OfMessageAttributes" not in record


@pytest.mark.aws("B-26")
def test_without_attributes_and_with_a_window_their_md5_is_null(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url = queue()
    mapping(url, function(ECHO), MaximumBatchingWindowInSeconds=1)
    send(sqs, url, "x")
    clock.advance(1)
    ((record,),) = deliveries(1)
    assert set(record) == {*STANDARD_KEYS, "md5OfMessageAttributes"}
    assert record["md5OfMessageAttributes"] is None


@pytest.mark.aws("B-27")
def test_a_fifo_batch_mixes_groups_and_keeps_the_order_of_each(
    sqs: Any, fifo_queue: Make, function: Make, mapping: Make, deliveries: Any
) -> None:
    url = fifo_queue(ContentBasedDeduplication="true")
    for body in ("a1", "b1", "a2", "b2", "a3"):
        send(sqs, url, body, group=body[0])
    mapping(url, function(ECHO))
    (records,) = deliveries(1)
    bodies = bodies_of(records)
    assert {body[0] for body in bodies} == {"a", "b"}
    bodies += bodies_of(told_records(deliveries, 5 - len(bodies)))
    assert [body for body in bodies if body[0] == "a"] == ["a1", "a2", "a3"]
    assert [body for body in bodies if body[0] == "b"] == ["b1", "b2"]


@pytest.mark.aws("B-27")
def test_a_failed_fifo_group_is_tried_again_before_its_newer_messages_and_stops_no_other(
    sqs: Any, fifo_queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url = fifo_queue(ContentBasedDeduplication="true", VisibilityTimeout=4)
    mapping(url, function(FAILS_ONCE))
    clock.freeze()
    send(sqs, url, "fails once", group="a")
    assert bodies_of(told_records(deliveries, 1)) == ["fails once"]
    send(sqs, url, "newer", group="a")
    send(sqs, url, "of another group", group="b")
    assert bodies_of(told_records(deliveries, 1)) == ["of another group"]
    clock.advance(2)
    assert deliveries.rest(0) == []
    clock.advance(2.1)
    assert bodies_of(told_records(deliveries, 2)) == ["fails once", "newer"]
    assert settles_at(sqs, url, 0, 0)
