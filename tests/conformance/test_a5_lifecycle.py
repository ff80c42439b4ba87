"""SQS: the life of a queue, its name and attributes (A-45 to A-52)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.conformance import attributes, both_protocols, receive, refused, take
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULTS = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}
NAME_RULE = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
COUNTERS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
PROPAGATION_SECONDS = 60


def is_empty(sqs: Any, url: str) -> bool:
    """Whether a queue says that it holds nothing: visible, in flight or delayed."""
    return set(attributes(sqs, url, *COUNTERS).values()) == {"0"}


# Attributes.


@pytest.mark.aws("A-45")
@both_protocols
def test_a_new_queue_has_these_attributes(sqs: Any, queue: Callable[..., str]) -> None:
    found = attributes(sqs, queue())
    assert {name: found.get(name) for name in DEFAULTS} == DEFAULTS


@pytest.mark.aws("A-46")
@both_protocols
@pytest.mark.parametrize("seconds", [59, 1209601])
def test_messages_are_retained_for_a_minute_at_least_and_14_days_at_most(
    sqs: Any, name: Callable[..., str], cleanup: Any, seconds: int
) -> None:
    error = refused(sqs.create_queue, QueueName=name(), Attributes={"MessageRetentionPeriod": str(seconds)})
    assert (error.status, error.code) == (400, "InvalidAttributeValue")
    assert error.message == "Invalid value for the parameter MessageRetentionPeriod."
    nearest = "60" if seconds < 60 else "1209600"
    url = sqs.create_queue(QueueName=name(), Attributes={"MessageRetentionPeriod": nearest})["QueueUrl"]
    cleanup(lambda: sqs.delete_queue(QueueUrl=url))
    assert attributes(sqs, url)["MessageRetentionPeriod"] == nearest


@pytest.mark.aws("A-46")
def test_a_message_is_there_until_its_retention_ends(sqs: Any, queue: Callable[..., str], clock: Any) -> None:
    url = queue(MessageRetentionPeriod=60, VisibilityTimeout=0)
    clock.freeze()
    sqs.send_message(QueueUrl=url, MessageBody="old")
    clock.advance(55)
    assert take(sqs, url)[0]["Body"] == "old"
    clock.advance(6)
    assert receive(sqs, url) == []
    assert is_empty(sqs, url)


@pytest.mark.aws("A-46")
def test_so_is_a_message_in_flight_and_its_handle_still_deletes(
    sqs: Any, queue: Callable[..., str], clock: Any
) -> None:
    url = queue(MessageRetentionPeriod=60)
    sqs.send_message(QueueUrl=url, MessageBody="old")
    (message,) = take(sqs, url, VisibilityTimeout=100)
    clock.advance(61)
    assert is_empty(sqs, url)
    answer = sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.aws("A-46")
def test_and_it_does_not_come_back(sqs: Any, queue: Callable[..., str], clock: Any) -> None:
    url = queue(MessageRetentionPeriod=60)
    sqs.send_message(QueueUrl=url, MessageBody="old")
    take(sqs, url, VisibilityTimeout=100)
    clock.advance(101)
    assert receive(sqs, url) == []


@pytest.mark.aws("A-47")
def test_a_queue_is_usable_a_second_after_its_creation(
    sqs: Any, queue: Callable[..., str], clock: Any
) -> None:
    url = queue()
    clock.advance(1)
    sqs.send_message(QueueUrl=url, MessageBody="first")
    assert take(sqs, url)[0]["Body"] == "first"


@pytest.mark.aws("A-47")
def test_a_changed_attribute_holds_within_a_minute(sqs: Any, queue: Callable[..., str]) -> None:
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "0"})
    assert eventually(lambda: attributes(sqs, url)["VisibilityTimeout"] == "0", timeout=PROPAGATION_SECONDS)
    take(sqs, url)
    assert take(sqs, url)[0]["Body"] == "x"


@pytest.mark.aws("A-47")
def test_a_changed_retention_holds_within_a_quarter_of_an_hour(
    sqs: Any, queue: Callable[..., str], clock: Any
) -> None:
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="old")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "60"})
    clock.advance(900)
    assert receive(sqs, url) == []


# Names.


@pytest.mark.aws("A-48")
@both_protocols
@pytest.mark.parametrize("bad", ["a" * 81, "with space", "with.dot", "with!", "é"])
def test_a_name_is_80_letters_digits_hyphens_or_underscores(sqs: Any, bad: str) -> None:
    error = refused(sqs.create_queue, QueueName=bad)
    assert (error.status, error.code, error.message) == (400, "InvalidParameterValue", NAME_RULE)


@pytest.mark.aws("A-48")
@both_protocols
def test_a_fifo_suffix_counts_among_the_80(sqs: Any, name: Callable[..., str], cleanup: Any) -> None:
    fifo = {"FifoQueue": "true"}
    longest = name().ljust(75, "_") + ".fifo"
    url = sqs.create_queue(QueueName=longest, Attributes=fifo)["QueueUrl"]
    cleanup(lambda: sqs.delete_queue(QueueUrl=url))
    error = refused(sqs.create_queue, QueueName=name().ljust(76, "_") + ".fifo", Attributes=fifo)
    assert (error.status, error.code) == (400, "InvalidParameterValue")


@pytest.mark.aws("A-48")
@both_protocols
def test_a_fifo_queue_has_the_suffix(sqs: Any, name: Callable[..., str]) -> None:
    error = refused(sqs.create_queue, QueueName=name(), Attributes={"FifoQueue": "true"})
    assert (error.status, error.code) == (400, "InvalidParameterValue")


@pytest.mark.aws("A-48")
@both_protocols
def test_a_standard_queue_does_not(sqs: Any, name: Callable[..., str]) -> None:
    error = refused(sqs.create_queue, QueueName=name(".fifo"))
    assert (error.status, error.code) == (400, "InvalidParameterValue")


# Creating again, and what cannot be changed.


@pytest.mark.aws("A-49")
@both_protocols
def test_creating_a_queue_again_with_the_same_attributes_answers_the_same_url(
    sqs: Any, name: Callable[..., str], cleanup: Any
) -> None:
    asked = {"QueueName": name(), "Attributes": {"DelaySeconds": "1", "VisibilityTimeout": "7"}}
    url = sqs.create_queue(**asked)["QueueUrl"]
    cleanup(lambda: sqs.delete_queue(QueueUrl=url))
    assert sqs.create_queue(**asked)["QueueUrl"] == url


@pytest.mark.aws("A-49")
@both_protocols
def test_creating_it_again_with_other_attributes_is_refused(
    sqs: Any, name: Callable[..., str], cleanup: Any, request: pytest.FixtureRequest
) -> None:
    called = name()
    url = sqs.create_queue(QueueName=called, Attributes={"DelaySeconds": "1"})["QueueUrl"]
    cleanup(lambda: sqs.delete_queue(QueueUrl=url))
    error = refused(sqs.create_queue, QueueName=called, Attributes={"DelaySeconds": "2"})
    assert (error.status, error.code) == (400, "QueueAlreadyExists")
    assert error.message == (
        "A queue already exists with the same name and a different value for attribute DelaySeconds"
    )
    if "json" in request.node.name:
        assert error.error["QueryErrorCode"] == "QueueNameExists"


@pytest.mark.aws("A-50")
@both_protocols
def test_a_standard_queue_knows_no_attribute_fifo_queue(
    sqs: Any, queue: Callable[..., str], name: Callable[..., str]
) -> None:
    for error in (
        refused(sqs.create_queue, QueueName=name(), Attributes={"FifoQueue": "false"}),
        refused(sqs.set_queue_attributes, QueueUrl=queue(), Attributes={"FifoQueue": "true"}),
    ):
        assert (error.status, error.code) == (400, "InvalidAttributeName")
        assert error.message == "Unknown Attribute FifoQueue."


@pytest.mark.aws("A-50")
@both_protocols
def test_nor_a_deduplication_scope(sqs: Any, queue: Callable[..., str]) -> None:
    error = refused(
        sqs.set_queue_attributes, QueueUrl=queue(), Attributes={"DeduplicationScope": "messageGroup"}
    )
    assert (error.status, error.code) == (400, "InvalidAttributeName")
    assert error.message == "You can specify the DeduplicationScope only when FifoQueue is set to true."


@pytest.mark.aws("A-50")
@both_protocols
def test_a_fifo_queue_stays_one(sqs: Any, fifo_queue: Callable[..., str]) -> None:
    error = refused(sqs.set_queue_attributes, QueueUrl=fifo_queue(), Attributes={"FifoQueue": "false"})
    assert (error.status, error.code) == (400, "InvalidAttributeValue")
    assert error.message == (
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."
    )


# Purging and deleting.


@pytest.mark.aws("A-51")
def test_a_purge_removes_what_is_visible_in_flight_and_delayed(
    sqs: Any, queue: Callable[..., str], clock: Any
) -> None:
    url = queue()
    clock.freeze()
    sqs.send_message(QueueUrl=url, MessageBody="in flight")
    take(sqs, url, VisibilityTimeout=2)
    sqs.send_message(QueueUrl=url, MessageBody="visible")
    sqs.send_message(QueueUrl=url, MessageBody="delayed", DelaySeconds=2)
    sqs.purge_queue(QueueUrl=url)
    assert eventually(lambda: is_empty(sqs, url), timeout=60)
    clock.advance(3)
    assert receive(sqs, url, MaxNumberOfMessages=10) == []


@pytest.mark.aws("A-51")
def test_a_purge_forgets_deduplication_ids(sqs: Any, fifo_queue: Callable[..., str]) -> None:
    url = fifo_queue()
    asked = {"QueueUrl": url, "MessageGroupId": "g", "MessageDeduplicationId": "d"}
    sqs.send_message(**asked, MessageBody="before")
    sqs.purge_queue(QueueUrl=url)
    assert eventually(lambda: is_empty(sqs, url), timeout=60)
    sqs.send_message(**asked, MessageBody="after")
    assert take(sqs, url)[0]["Body"] == "after"


@pytest.mark.aws("A-51")
@both_protocols
def test_a_queue_is_purged_once_a_minute(sqs: Any, queue: Callable[..., str], clock: Any) -> None:
    url = queue()
    sqs.purge_queue(QueueUrl=url)
    error = refused(sqs.purge_queue, QueueUrl=url)
    assert (error.status, error.code) == (403, "AWS.SimpleQueueService.PurgeQueueInProgress")
    called = url.rpartition("/")[2]
    assert error.message == f"Only one PurgeQueue operation on {called} is allowed every 60 seconds."
    clock.advance(61)
    sqs.purge_queue(QueueUrl=url)


@pytest.mark.aws("A-52")
@both_protocols
def test_a_deleted_queue_is_gone_within_a_minute(sqs: Any, name: Callable[..., str], cleanup: Any) -> None:
    called = name()
    url = sqs.create_queue(QueueName=called)["QueueUrl"]
    cleanup(lambda: sqs.delete_queue(QueueUrl=url))
    sqs.delete_queue(QueueUrl=url)
    gone = eventually(lambda: url not in sqs.list_queues().get("QueueUrls", []), timeout=60)
    assert gone
    assert refused(sqs.get_queue_url, QueueName=called).code == "AWS.SimpleQueueService.NonExistentQueue"


@pytest.mark.aws("A-52")
@both_protocols
def test_its_name_is_free_again_after_a_minute(
    sqs: Any, name: Callable[..., str], cleanup: Any, clock: Any
) -> None:
    called = name()
    url = sqs.create_queue(QueueName=called)["QueueUrl"]
    cleanup(lambda: sqs.delete_queue(QueueUrl=url))
    sqs.delete_queue(QueueUrl=url)
    error = refused(sqs.create_queue, QueueName=called)
    assert (error.status, error.code) == (400, "AWS.SimpleQueueService.QueueDeletedRecently")
    assert error.message == (
        "You must wait 60 seconds after deleting a queue before you can create another with the same name."
    )
    clock.advance(61)
    assert sqs.create_queue(QueueName=called)["QueueUrl"] == url
