"""SQS: FIFO queues, and fair queues (A-56 to A-66)."""

from __future__ import annotations

import hashlib
import string
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.conformance import attributes, both_protocols, receive, refused, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

BY_CONTENT = {"ContentBasedDeduplication": "true"}


def send(sqs: Any, url: str, *bodies: str, group: str = "g", **more: Any) -> list[dict[str, Any]]:
    """Send messages of one group, one after another; what SendMessage answers."""
    return [sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, **more) for body in bodies]


def bodies(messages: Iterable[dict[str, Any]]) -> list[str]:
    return [message["Body"] for message in messages]


def delete(sqs: Any, url: str, message: dict[str, Any]) -> None:
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


# What a message must have.


@pytest.mark.aws("A-56")
@both_protocols
def test_a_message_without_a_group_is_refused(sqs: Any, fifo_queue: Callable[..., str]) -> None:
    error = refused(sqs.send_message, QueueUrl=fifo_queue(**BY_CONTENT), MessageBody="x")
    assert (error.status, error.code) == (400, "MissingParameter")
    assert error.message == "The request must contain the parameter MessageGroupId."


@pytest.mark.aws("A-56")
@both_protocols
def test_in_a_batch_it_has_the_whole_batch_refused(sqs: Any, fifo_queue: Callable[..., str]) -> None:
    url = fifo_queue(**BY_CONTENT)
    entries = [{"Id": "a", "MessageBody": "a", "MessageGroupId": "g"}, {"Id": "b", "MessageBody": "b"}]
    error = refused(sqs.send_message_batch, QueueUrl=url, Entries=entries)
    assert (error.status, error.code) == (400, "InvalidParameterValue")
    assert error.message == "The request must contain the parameter MessageGroupId."
    assert receive(sqs, url) == []


@pytest.mark.aws("A-57")
@both_protocols
def test_a_message_has_a_deduplication_id_unless_its_content_is_one(
    sqs: Any, fifo_queue: Callable[..., str]
) -> None:
    url = fifo_queue()
    entries = [{"Id": "a", "MessageBody": "a", "MessageGroupId": "g"}]
    for error in (
        refused(sqs.send_message, QueueUrl=url, MessageBody="x", MessageGroupId="g"),
        refused(sqs.send_message_batch, QueueUrl=url, Entries=entries),
    ):
        assert (error.status, error.code) == (400, "InvalidParameterValue")
        assert error.message == (
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
            "provided explicitly"
        )


@pytest.mark.aws("A-58")
@both_protocols
@pytest.mark.parametrize("bad", ["with space", "é", "tab\t", "a" * 129])
@pytest.mark.parametrize("parameter", ["MessageGroupId", "MessageDeduplicationId"])
def test_ids_are_128_letters_digits_or_punctuation_marks(
    sqs: Any, fifo_queue: Callable[..., str], parameter: str, bad: str
) -> None:
    asked = {"MessageGroupId": "g", "MessageDeduplicationId": "d", parameter: bad}
    error = refused(sqs.send_message, QueueUrl=fifo_queue(), MessageBody="x", **asked)
    assert (error.status, error.code) == (400, "InvalidParameterValue")
    assert error.message == (
        f"Value {bad} for parameter {parameter} is invalid. Reason: {parameter} can only include "
        "alphanumeric and punctuation characters. 1 to 128 in length."
    )


@pytest.mark.aws("A-58")
@both_protocols
def test_and_these_are_all_of_them(sqs: Any, fifo_queue: Callable[..., str]) -> None:
    url = fifo_queue()
    accepted = (string.ascii_letters + string.digits + string.punctuation).ljust(128, "x")
    assert len(accepted) == 128
    send(sqs, url, "x", group=accepted, MessageDeduplicationId=accepted)
    (message,) = take(sqs, url, AttributeNames=["All"])
    assert message["Attributes"]["MessageGroupId"] == accepted
    assert message["Attributes"]["MessageDeduplicationId"] == accepted


# Deduplication.


@pytest.mark.aws("A-59")
@both_protocols
def test_a_repeated_message_is_accepted_and_not_delivered(sqs: Any, fifo_queue: Callable[..., str]) -> None:
    url = fifo_queue()
    send(sqs, url, "first", MessageDeduplicationId="d")
    (repeated,) = send(sqs, url, "again", MessageDeduplicationId="d")
    assert repeated["ResponseMetadata"]["HTTPStatusCode"] == 200
    (first,) = take(sqs, url)
    assert first["Body"] == "first"
    delete(sqs, url, first)
    send(sqs, url, "after it was deleted", MessageDeduplicationId="d")
    assert receive(sqs, url) == []
    send(sqs, url, "other", MessageDeduplicationId="other")
    assert bodies(take(sqs, url)) == ["other"]


@pytest.mark.aws("A-59")
@pytest.mark.parametrize(("seconds", "delivered"), [(3, False), (299, False), (301, True), (360, True)])
def test_for_five_minutes(
    *, sqs: Any, fifo_queue: Callable[..., str], clock: Any, seconds: int, delivered: bool
) -> None:
    url = fifo_queue()
    clock.freeze()
    send(sqs, url, "first", MessageDeduplicationId="d")
    delete(sqs, url, take(sqs, url)[0])
    clock.advance(seconds)
    send(sqs, url, "again", MessageDeduplicationId="d")
    if delivered:
        assert bodies(take(sqs, url)) == ["again"]
    else:
        assert receive(sqs, url) == []


@pytest.mark.aws("A-59")
def test_in_whatever_group(sqs: Any, fifo_queue: Callable[..., str]) -> None:
    url = fifo_queue()
    send(sqs, url, "first", group="g", MessageDeduplicationId="d")
    send(sqs, url, "again", group="h", MessageDeduplicationId="d")
    assert bodies(take(sqs, url)) == ["first"]
    assert receive(sqs, url, MaxNumberOfMessages=10) == []


@pytest.mark.aws("A-59")
def test_in_its_group_alone_where_the_scope_says_so(sqs: Any, fifo_queue: Callable[..., str]) -> None:
    url = fifo_queue(DeduplicationScope="messageGroup")
    for group in ("g", "h", "g"):
        send(sqs, url, f"of {group}", group=group, MessageDeduplicationId="d")
    for message in (received := take(sqs, url, 2)):
        delete(sqs, url, message)
    assert sorted(bodies(received)) == ["of g", "of h"]
    assert receive(sqs, url, MaxNumberOfMessages=10) == []


@pytest.mark.aws("A-60")
def test_the_content_is_the_body_and_no_attribute(sqs: Any, fifo_queue: Callable[..., str]) -> None:
    url = fifo_queue(**BY_CONTENT)
    for value in ("a", "b"):
        attribute = {"DataType": "String", "StringValue": value}
        send(sqs, url, "the body", MessageAttributes={"Name": attribute})
    (message,) = take(sqs, url, AttributeNames=["All"])
    digest = hashlib.sha256(b"the body").hexdigest()
    assert message["Attributes"]["MessageDeduplicationId"] == digest
    delete(sqs, url, message)
    assert receive(sqs, url) == []


@pytest.mark.aws("A-60")
def test_an_explicit_id_wins(sqs: Any, fifo_queue: Callable[..., str]) -> None:
    url = fifo_queue(**BY_CONTENT)
    for id_ in ("one", "two"):
        send(sqs, url, "the same body", MessageDeduplicationId=id_)
    found = take(sqs, url, 2, AttributeNames=["All"])
    assert [message["Attributes"]["MessageDeduplicationId"] for message in found] == ["one", "two"]


@pytest.mark.aws("A-61")
@both_protocols
def test_sequence_numbers_grow(sqs: Any, fifo_queue: Callable[..., str]) -> None:
    url = fifo_queue(**BY_CONTENT)
    told = [answer["SequenceNumber"] for answer in send(sqs, url, "1", "2", "3")]
    received = take(sqs, url, 3, AttributeNames=["All"])
    assert [message["Attributes"]["SequenceNumber"] for message in received] == told
    numbers = [int(number) for number in told]
    assert numbers == sorted(set(numbers))
    assert 0 <= numbers[0] < numbers[-1] < 2**128


@pytest.mark.aws("A-61")
@both_protocols
def test_standard_queues_have_none(sqs: Any, queue: Callable[..., str]) -> None:
    url = queue()
    assert "SequenceNumber" not in sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = take(sqs, url, AttributeNames=["All"])
    assert "SequenceNumber" not in message["Attributes"]


# Groups.


@pytest.mark.aws("A-62")
def test_a_message_in_flight_locks_its_group(sqs: Any, fifo_queue: Callable[..., str]) -> None:
    url = fifo_queue(**BY_CONTENT)
    send(sqs, url, "1", "2")
    (first,) = take(sqs, url)
    send(sqs, url, "3")
    assert receive(sqs, url, MaxNumberOfMessages=10) == []
    send(sqs, url, "other", group="h")
    assert bodies(take(sqs, url)) == ["other"]
    delete(sqs, url, first)
    assert bodies(take(sqs, url, 2)) == ["2", "3"]


@pytest.mark.aws("A-62")
def test_deleting_some_of_its_messages_in_flight_does_not_unlock_it(
    sqs: Any, fifo_queue: Callable[..., str]
) -> None:
    url = fifo_queue(**BY_CONTENT)
    send(sqs, url, "1", "2", "3")
    first, second = receive(sqs, url, MaxNumberOfMessages=2)
    delete(sqs, url, first)
    assert receive(sqs, url) == []
    delete(sqs, url, second)
    assert bodies(take(sqs, url)) == ["3"]


@pytest.mark.aws("A-62")
def test_another_groups_message_in_flight_delays_nobody(
    sqs: Any, fifo_queue: Callable[..., str], clock: Any
) -> None:
    url = fifo_queue(**BY_CONTENT)
    clock.freeze()
    send(sqs, url, "slow", group="g")
    take(sqs, url, VisibilityTimeout=60)
    send(sqs, url, "fast", group="h")
    take(sqs, url, VisibilityTimeout=1)
    clock.advance(1.1)
    assert bodies(take(sqs, url)) == ["fast"]


@pytest.mark.aws("A-63")
def test_a_receive_drains_one_group_in_order_and_then_the_others(
    sqs: Any, fifo_queue: Callable[..., str]
) -> None:
    url = fifo_queue(**BY_CONTENT)
    for body in ("g1-m1", "g2-m1", "g1-m2", "g1-m3"):
        send(sqs, url, body, group=body[:2])
    assert bodies(take(sqs, url, 4)) == ["g1-m1", "g1-m2", "g1-m3", "g2-m1"]


@pytest.mark.aws("A-63")
def test_the_order_is_the_same_again(sqs: Any, fifo_queue: Callable[..., str], clock: Any) -> None:
    url = fifo_queue(**BY_CONTENT)
    send(sqs, url, "1", "2", "3")
    clock.freeze()
    for _ in range(2):
        assert bodies(take(sqs, url, 3, VisibilityTimeout=1)) == ["1", "2", "3"]
        clock.advance(1.1)
    assert bodies(take(sqs, url, 3)) == ["1", "2", "3"]


@pytest.mark.aws("A-64")
@pytest.mark.parametrize(("extended", "back"), [(0, []), (1, ["1"]), (2, ["1", "2"])])
def test_a_message_that_is_still_invisible_blocks_those_after_it(
    sqs: Any, fifo_queue: Callable[..., str], clock: Any, extended: int, back: list[str]
) -> None:
    url = fifo_queue(**BY_CONTENT)
    send(sqs, url, "1", "2", "3")
    clock.freeze()
    messages = take(sqs, url, 3, VisibilityTimeout=2)
    sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=messages[extended]["ReceiptHandle"], VisibilityTimeout=60
    )
    clock.advance(2.1)
    assert bodies(take(sqs, url, len(back))) == back
    assert receive(sqs, url, MaxNumberOfMessages=10) == []


@pytest.mark.aws("A-65")
@both_protocols
def test_high_throughput_needs_deduplication_per_group(sqs: Any, fifo_queue: Callable[..., str]) -> None:
    url = fifo_queue(DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    found = attributes(sqs, url, "DeduplicationScope", "FifoThroughputLimit")
    assert found == {"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
    error = refused(
        sqs.set_queue_attributes,
        QueueUrl=fifo_queue(),
        Attributes={"FifoThroughputLimit": "perMessageGroupId"},
    )
    assert error.status == 400


@pytest.mark.aws("A-66")
@both_protocols
def test_a_group_on_a_standard_queue_is_echoed_and_locks_nothing(sqs: Any, queue: Callable[..., str]) -> None:
    url = queue()
    send(sqs, url, "1", "2", group="tenant")
    first = take(sqs, url, AttributeNames=["All"])  # it stays in flight
    second = take(sqs, url, AttributeNames=["All"])
    assert sorted(bodies(first + second)) == ["1", "2"]
    for message in first + second:
        assert message["Attributes"]["MessageGroupId"] == "tenant"
        assert "MessageDeduplicationId" not in message["Attributes"]
