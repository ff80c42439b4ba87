"""SQS: receiving, polling, delay, attributes of messages (A-13 to A-23)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.conformance import Make, attributes, both_protocols, receive, refused, take
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTERS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def send_batch(sqs: Any, url: str, count: int) -> None:
    entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(count)]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)


@pytest.mark.aws("A-13")
@both_protocols
def test_a_receive_brings_one_message_unless_it_says_otherwise(sqs: Any, queue: Make) -> None:
    url = queue()
    send_batch(sqs, url, 10)
    assert len(receive(sqs, url, WaitTimeSeconds=1)) == 1
    assert len(take(sqs, url, 9, MaxNumberOfMessages=10)) == 9


@pytest.mark.aws("A-13")
@both_protocols
@pytest.mark.parametrize("count", [-1, 0, 11])
def test_a_receive_brings_ten_messages_at_most(sqs: Any, queue: Make, count: int) -> None:
    error = refused(sqs.receive_message, QueueUrl=queue(), MaxNumberOfMessages=count)
    assert (error.code, error.status) == ("InvalidParameterValue", 400)
    assert error.message == (
        f"Value {count} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if "
        "provided."
    )


@pytest.mark.aws("A-14")
@both_protocols
@pytest.mark.parametrize("seconds", [-1, 21])
def test_a_receive_waits_20_s_at_most(sqs: Any, queue: Make, seconds: int) -> None:
    error = refused(sqs.receive_message, QueueUrl=queue(), WaitTimeSeconds=seconds)
    assert (error.code, error.status) == ("InvalidParameterValue", 400)
    assert error.message == (
        f"Value {seconds} for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if "
        "provided."
    )


@pytest.mark.aws("A-14")
@both_protocols
def test_a_queue_waits_0_to_20_s(sqs: Any, queue: Make, name: Make) -> None:
    wait = "ReceiveMessageWaitTimeSeconds"
    assert attributes(sqs, queue(), wait) == {wait: "0"}
    assert attributes(sqs, queue(ReceiveMessageWaitTimeSeconds=20), wait) == {wait: "20"}
    for seconds in ("-1", "21"):
        error = refused(sqs.create_queue, QueueName=name(), Attributes={wait: seconds})
        assert (error.code, error.status) == ("InvalidAttributeValue", 400)


@pytest.mark.aws("A-15")
def test_a_long_poll_answers_as_soon_as_there_is_a_message(sqs: Any, queue: Make) -> None:
    url = queue()
    send_batch(sqs, url, 2)
    began = time.monotonic()
    assert 1 <= len(receive(sqs, url, MaxNumberOfMessages=3, WaitTimeSeconds=5)) <= 2
    assert time.monotonic() - began < 2


@pytest.mark.aws("A-15")
@pytest.mark.parametrize("asked", [{"WaitTimeSeconds": 1}, {}])
def test_a_long_poll_waits_whether_the_call_or_the_queue_says_so(
    sqs: Any, queue: Make, asked: dict[str, int]
) -> None:
    url = queue() if asked else queue(ReceiveMessageWaitTimeSeconds=1)
    began = time.monotonic()
    assert receive(sqs, url, **asked) == []
    assert time.monotonic() - began > 0.9
    began = time.monotonic()
    assert receive(sqs, url, WaitTimeSeconds=0) == []
    assert time.monotonic() - began < 0.9


@pytest.mark.aws("A-16")
@both_protocols
@pytest.mark.parametrize("seconds", [0, 1])
def test_an_empty_receive_answers_without_messages(sqs: Any, queue: Make, seconds: int) -> None:
    answer = sqs.receive_message(QueueUrl=queue(), WaitTimeSeconds=seconds)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert "Messages" not in answer


@pytest.mark.aws("A-18")
def test_a_delayed_message_comes_after_its_delay(sqs: Any, queue: Make, clock: Any) -> None:
    url = queue()
    clock.freeze()
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=2)
    sqs.send_message(QueueUrl=url, MessageBody="now")
    assert [m["Body"] for m in take(sqs, url)] == ["now"]
    clock.advance(1.9)
    assert receive(sqs, url) == []
    clock.advance(0.2)
    assert [m["Body"] for m in take(sqs, url)] == ["later"]


@pytest.mark.aws("A-18")
def test_a_queues_delay_is_that_of_messages_without_one(sqs: Any, queue: Make, clock: Any) -> None:
    assert attributes(sqs, queue(), "DelaySeconds") == {"DelaySeconds": "0"}
    url = queue(DelaySeconds=2)
    clock.freeze()
    sqs.send_message(QueueUrl=url, MessageBody="later")
    sqs.send_message(QueueUrl=url, MessageBody="now", DelaySeconds=0)
    assert [m["Body"] for m in take(sqs, url)] == ["now"]
    assert receive(sqs, url) == []
    clock.advance(2.1)
    assert [m["Body"] for m in take(sqs, url)] == ["later"]


@pytest.mark.aws("A-18")
@both_protocols
@pytest.mark.parametrize("seconds", [-1, 901, 1000])
def test_a_message_is_delayed_900_s_at_most(sqs: Any, queue: Make, seconds: int) -> None:
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=900)
    error = refused(sqs.send_message, QueueUrl=url, MessageBody="x", DelaySeconds=seconds)
    assert (error.code, error.status) == ("InvalidParameterValue", 400)
    assert error.message == (
        f"Value {seconds} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and "
        "<= 900."
    )


@pytest.mark.aws("A-19")
@both_protocols
@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("DelaySeconds", "901"),
        ("MaximumMessageSize", "1023"),
        ("MessageRetentionPeriod", "59"),
        ("ReceiveMessageWaitTimeSeconds", "21"),
        ("VisibilityTimeout", "43201"),
    ],
)
def test_an_attribute_out_of_its_range_makes_no_queue(
    sqs: Any, name: Make, attribute: str, value: str
) -> None:
    error = refused(sqs.create_queue, QueueName=name(), Attributes={attribute: value})
    assert (error.code, error.status) == ("InvalidAttributeValue", 400)
    assert error.message == f"Invalid value for the parameter {attribute}."


@pytest.mark.aws("A-20")
@both_protocols
def test_a_fifo_message_has_no_delay_of_its_own(sqs: Any, fifo_queue: Make) -> None:
    url = fifo_queue(ContentBasedDeduplication="true")
    error = refused(sqs.send_message, QueueUrl=url, MessageBody="x", MessageGroupId="g", DelaySeconds=2)
    assert (error.code, error.status) == ("InvalidParameterValue", 400)
    assert error.message == (
        "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not "
        "valid for this queue type."
    )


@pytest.mark.aws("A-20")
def test_a_fifo_message_with_delay_0_has_the_queues_delay(sqs: Any, fifo_queue: Make, clock: Any) -> None:
    url = fifo_queue(ContentBasedDeduplication="true", DelaySeconds=2)
    clock.freeze()
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="g", DelaySeconds=0)
    clock.advance(1.9)
    assert receive(sqs, url) == []
    clock.advance(0.2)
    assert len(take(sqs, url)) == 1


@pytest.mark.aws("A-21")
def test_the_counters_follow_the_messages(sqs: Any, queue: Make, clock: Any) -> None:
    url = queue()

    def counters() -> dict[str, str]:
        return attributes(sqs, url, *COUNTERS)

    def becomes(visible: int, in_flight: int, delayed: int) -> None:
        expected = dict(zip(COUNTERS, map(str, (visible, in_flight, delayed)), strict=True))
        # They agree with the queue in the end; on AWS a minute after the last send.
        assert eventually(lambda: counters() == expected, timeout=clock.patience), counters()

    becomes(0, 0, 0)
    send_batch(sqs, url, 6)
    becomes(6, 0, 0)
    (message,) = take(sqs, url)
    becomes(5, 1, 0)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    becomes(6, 0, 0)
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=900)
    becomes(6, 0, 1)


ALL = {"ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", "SenderId", "SentTimestamp"}


@pytest.mark.aws("A-22")
@both_protocols
@pytest.mark.parametrize("parameter", ["AttributeNames", "MessageSystemAttributeNames"])
def test_system_attributes_come_when_they_are_asked_for(sqs: Any, queue: Make, parameter: str) -> None:
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="x")

    def found(*names: str) -> set[str]:
        asked: dict[str, Any] = {parameter: list(names)} if names else {}
        (message,) = take(sqs, url, VisibilityTimeout=0, **asked)
        return set(message.get("Attributes", {}))

    assert found() == set()
    assert found("SentTimestamp") == {"SentTimestamp"}
    assert found("SenderId", "ApproximateReceiveCount") == {"SenderId", "ApproximateReceiveCount"}
    assert found("All") == ALL
    trace = {
        "AWSTraceHeader": {"StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793", "DataType": "String"}
    }
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageSystemAttributes=trace)
    assert found("All") == ALL | {"AWSTraceHeader"}


@pytest.mark.aws("A-22")
def test_a_message_in_a_dead_letter_queue_tells_where_it_was(
    sqs: Any, queue: Make, arn: Callable[[str], str]
) -> None:
    dead = queue()
    policy = {"deadLetterTargetArn": arn(dead), "maxReceiveCount": 1}
    url = queue(VisibilityTimeout=0, RedrivePolicy=policy)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    take(sqs, url)
    assert receive(sqs, url) == []
    (message,) = take(sqs, dead, AttributeNames=["All"])
    assert set(message["Attributes"]) == ALL | {"DeadLetterQueueSourceArn"}
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == arn(url)


@pytest.mark.aws("A-22")
@both_protocols
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ([], set()),
        (["All"], {"hero.name", "hero.age", "place"}),
        ([".*"], {"hero.name", "hero.age", "place"}),
        (["hero.*"], {"hero.name", "hero.age"}),
        (["place"], {"place"}),
        (["hero"], set()),
        (["hero.age", "place", "other"], {"hero.age", "place"}),
    ],
)
def test_message_attributes_come_when_they_are_asked_for(
    sqs: Any, queue: Make, asked: list[str], expected: set[str]
) -> None:
    url = queue()
    sent = {name: {"StringValue": "x", "DataType": "String"} for name in ("hero.name", "hero.age", "place")}
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=sent)
    names: dict[str, Any] = {"MessageAttributeNames": asked} if asked else {}
    (message,) = take(sqs, url, **names)
    assert set(message.get("MessageAttributes", {})) == expected


@pytest.mark.aws("A-23")
def test_receives_are_counted_and_the_first_ones_time_is_kept(sqs: Any, queue: Make, clock: Any) -> None:
    url = queue(VisibilityTimeout=2)
    before = clock.now()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (first,) = take(sqs, url, AttributeNames=["All"])
    clock.advance(2.1)
    (second,) = take(sqs, url, AttributeNames=["All"])
    first, second = first["Attributes"], second["Attributes"]
    assert (first["ApproximateReceiveCount"], second["ApproximateReceiveCount"]) == ("1", "2")
    for timestamp in ("SentTimestamp", "ApproximateFirstReceiveTimestamp"):
        assert first[timestamp] == second[timestamp]
        assert len(first[timestamp]) == 13  # epoch milliseconds
        assert int(first[timestamp]) / 1000 == pytest.approx(before, abs=60)  # this machine's clock, or AWS's
    assert int(first["SentTimestamp"]) <= int(first["ApproximateFirstReceiveTimestamp"])


@pytest.mark.aws("A-23")
def test_receives_are_counted_across_queues(sqs: Any, queue: Make, arn: Callable[[str], str]) -> None:
    dead = queue()
    policy = {"deadLetterTargetArn": arn(dead), "maxReceiveCount": 1}
    url = queue(VisibilityTimeout=0, RedrivePolicy=policy)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    take(sqs, url)
    assert receive(sqs, url, WaitTimeSeconds=1) == []  # which moves it, and is not counted
    (moved,) = take(sqs, dead, AttributeNames=["All"])
    assert moved["Attributes"]["ApproximateReceiveCount"] == "2"
