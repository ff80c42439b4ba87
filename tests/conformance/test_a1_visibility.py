"""SQS: visibility timeout and receipt handles (A-01 to A-12)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.conformance import Make, attributes, both_protocols, receive, refused, take

LONGEST = 43_200
"""Seconds that a message is invisible at most: twelve hours."""
IN_FLIGHT = 120_000
"""Messages of a queue that can be in flight."""


@pytest.mark.aws("A-01")
@both_protocols
def test_a_queues_timeout_is_30_s_unless_it_says_otherwise(sqs: Any, queue: Make) -> None:
    assert attributes(sqs, queue(), "VisibilityTimeout") == {"VisibilityTimeout": "30"}
    for seconds in (0, LONGEST):
        url = queue(VisibilityTimeout=seconds)
        assert attributes(sqs, url, "VisibilityTimeout") == {"VisibilityTimeout": str(seconds)}


@pytest.mark.aws("A-01")
@both_protocols
@pytest.mark.parametrize("seconds", ["-1", "43201"])
def test_a_queues_timeout_is_twelve_hours_at_most(sqs: Any, name: Make, seconds: str) -> None:
    error = refused(sqs.create_queue, QueueName=name(), Attributes={"VisibilityTimeout": seconds})
    assert (error.code, error.status) == ("InvalidAttributeValue", 400)


@pytest.mark.aws("A-02")
def test_a_receives_own_timeout_holds_for_its_messages_only(sqs: Any, queue: Make, clock: Any) -> None:
    url = queue(VisibilityTimeout=4)
    clock.freeze()
    sqs.send_message_batch(
        QueueUrl=url, Entries=[{"Id": body, "MessageBody": body} for body in ("one", "two")]
    )
    (first,) = take(sqs, url, VisibilityTimeout=2)
    (second,) = take(sqs, url)
    clock.advance(2.1)
    (again,) = take(sqs, url)
    assert again["MessageId"] == first["MessageId"]
    clock.advance(2.1)  # the other's four seconds have ended; the first is hidden by the queue's four again
    assert [m["MessageId"] for m in take(sqs, url)] == [second["MessageId"]]
    assert receive(sqs, url) == []


@pytest.mark.aws("A-02")
@both_protocols
def test_a_receive_with_timeout_0_leaves_the_message_visible(sqs: Any, queue: Make) -> None:
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (first,) = take(sqs, url, VisibilityTimeout=0)
    (second,) = take(sqs, url, VisibilityTimeout=0)
    assert first["MessageId"] == second["MessageId"]


@pytest.mark.aws("A-02")
@both_protocols
@pytest.mark.parametrize("seconds", [-1, LONGEST + 1])
def test_a_receives_own_timeout_is_twelve_hours_at_most(sqs: Any, queue: Make, seconds: int) -> None:
    error = refused(sqs.receive_message, QueueUrl=queue(), VisibilityTimeout=seconds)
    assert (error.code, error.status) == ("InvalidParameterValue", 400)


@pytest.mark.aws("A-03")
@both_protocols
def test_a_message_in_flight_comes_back_when_its_timeout_ends(sqs: Any, queue: Make, clock: Any) -> None:
    url = queue(VisibilityTimeout=2)
    clock.freeze()
    sent = sqs.send_message(QueueUrl=url, MessageBody="x")["MessageId"]
    (first,) = take(sqs, url)
    clock.advance(1.9)
    assert receive(sqs, url) == []
    clock.advance(0.2)
    (second,) = take(sqs, url)
    assert first["MessageId"] == second["MessageId"] == sent
    assert first["ReceiptHandle"] != second["ReceiptHandle"]


@pytest.mark.aws("A-04")
def test_a_changed_timeout_counts_from_the_call_and_for_this_receive(
    sqs: Any, queue: Make, clock: Any
) -> None:
    url = queue(VisibilityTimeout=3)
    clock.freeze()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = take(sqs, url)
    clock.advance(2)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=2)
    clock.advance(1.9)  # the queue's three seconds have passed, the two new ones have not
    assert receive(sqs, url) == []
    clock.advance(0.2)  # nor were they added to what was left
    assert len(take(sqs, url)) == 1
    clock.advance(2.5)  # this receive has the queue's three again
    assert receive(sqs, url) == []
    clock.advance(0.6)
    assert len(take(sqs, url)) == 1


@pytest.mark.aws("A-04")
@both_protocols
def test_a_timeout_changed_to_0_makes_the_message_visible_at_once(sqs: Any, queue: Make) -> None:
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = take(sqs, url)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    assert len(take(sqs, url)) == 1


@pytest.mark.aws("A-04")
@both_protocols
@pytest.mark.parametrize("seconds", [-1, LONGEST + 1])
def test_a_timeout_is_changed_to_twelve_hours_at_most(sqs: Any, queue: Make, seconds: int) -> None:
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = take(sqs, url)
    error = refused(
        sqs.change_message_visibility,
        QueueUrl=url,
        ReceiptHandle=message["ReceiptHandle"],
        VisibilityTimeout=seconds,
    )
    assert (error.code, error.status) == ("InvalidParameterValue", 400)


@pytest.mark.aws("A-05")
@both_protocols
def test_a_message_is_invisible_for_twelve_hours_since_its_receive_at_most(
    sqs: Any, queue: Make, clock: Any
) -> None:
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = take(sqs, url)
    handle = message["ReceiptHandle"]
    clock.advance(1)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=43_195)
    error = refused(
        sqs.change_message_visibility, QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=LONGEST
    )
    assert (error.code, error.status) == ("InvalidParameterValue", 400)
    assert error.message == (
        "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the "
        "message is beyond the limit [43200 seconds]"
    )


@pytest.mark.aws("A-06")
@both_protocols
def test_an_expired_handle_still_changes_a_timeout(sqs: Any, queue: Make, clock: Any) -> None:
    url = queue(VisibilityTimeout=1)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = take(sqs, url)
    clock.advance(1.2)
    answer = sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=2
    )
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 200
    assert answer == {}


@pytest.mark.aws("A-07")
@both_protocols
def test_a_deleted_messages_timeout_cannot_be_changed(sqs: Any, queue: Make) -> None:
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = take(sqs, url)
    handle = message["ReceiptHandle"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    error = refused(sqs.change_message_visibility, QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=42)
    assert (error.code, error.status) == ("InvalidParameterValue", 400)
    assert error.message == (
        f"Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not "
        "available for visibility timeout change."
    )


@pytest.mark.aws("A-08")
@both_protocols
@pytest.mark.parametrize(
    ("operation", "more"), [("delete_message", {}), ("change_message_visibility", {"VisibilityTimeout": 1})]
)
def test_a_handle_that_is_none_is_refused(
    sqs: Any, queue: Make, operation: str, more: dict[str, int]
) -> None:
    error = refused(getattr(sqs, operation), QueueUrl=queue(), ReceiptHandle="garbage", **more)
    assert (error.code, error.status) == ("ReceiptHandleIsInvalid", 400)
    assert error.message == 'The input receipt handle "garbage" is not a valid receipt handle.'


@pytest.mark.aws("A-09")
@both_protocols
def test_an_expired_handle_of_a_standard_queue_deletes(sqs: Any, queue: Make, clock: Any) -> None:
    url = queue(VisibilityTimeout=1)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = take(sqs, url)
    clock.advance(1.2)
    answer = sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)


@pytest.mark.aws("A-10")
@both_protocols
def test_an_expired_handle_of_a_fifo_queue_does_not_delete(sqs: Any, fifo_queue: Make, clock: Any) -> None:
    url = fifo_queue(ContentBasedDeduplication="true", VisibilityTimeout=1)
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="g")
    (message,) = take(sqs, url)
    handle = message["ReceiptHandle"]
    clock.advance(1.2)
    error = refused(sqs.delete_message, QueueUrl=url, ReceiptHandle=handle)
    assert (error.code, error.status) == ("InvalidParameterValue", 400)
    assert error.message == (
        f"Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
    )
    assert len(take(sqs, url)) == 1


@pytest.mark.aws("A-10")
def test_a_handle_of_a_fifo_queue_deletes_while_its_timeout_is_extended(
    sqs: Any, fifo_queue: Make, clock: Any
) -> None:
    url = fifo_queue(ContentBasedDeduplication="true", VisibilityTimeout=1)
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="g")
    (message,) = take(sqs, url)
    handle = message["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=10)
    clock.advance(1.2)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    sqs.send_message(QueueUrl=url, MessageBody="y", MessageGroupId="g")
    assert [m["Body"] for m in take(sqs, url)] == ["y"]


@pytest.mark.aws("A-11")
@both_protocols
def test_what_is_deleted_can_be_deleted_again(sqs: Any, queue: Make) -> None:
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = take(sqs, url)
    for _ in range(2):
        answer = sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.aws("A-11")
@both_protocols
def test_an_older_handle_is_taken(sqs: Any, queue: Make) -> None:
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (first,) = take(sqs, url, VisibilityTimeout=0)
    (second,) = take(sqs, url)
    for handle in (first["ReceiptHandle"], second["ReceiptHandle"]):
        answer = sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.aws("A-12")
def test_a_standard_queue_has_120_000_messages_in_flight_at_most(sqs: Any, queue: Make, clock: Any) -> None:
    clock.takes(300)
    url = queue(VisibilityTimeout=LONGEST)
    entries = [{"Id": str(n), "MessageBody": "x"} for n in range(10)]

    def send(_: int) -> None:
        assert len(sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == 10

    def receive_ten(_: int) -> None:
        take(sqs, url, 10, MaxNumberOfMessages=10)

    with ThreadPoolExecutor(4) as threads:
        for step in (send, receive_ten):
            list(threads.map(step, range(IN_FLIGHT // 10)))
    sqs.send_message(QueueUrl=url, MessageBody="one too many")
    error = refused(sqs.receive_message, QueueUrl=url)
    assert (error.code, error.status) == ("OverLimit", 403)
    assert receive(sqs, url, WaitTimeSeconds=1) == []  # a long poll is no error
