"""FIFO queues on a clock that stands; a test's rows stand behind its name."""

from __future__ import annotations

import hashlib
import json

import pytest
from localstack.aws.api import ServiceException

from harness_emulator.sqs import quotas
from harness_emulator.sqs.message import StoredMessage
from tests.support.sqs_queues import Queues, bodies, counts, message, put


@pytest.fixture
def queues() -> Queues:
    return Queues()


def test_one_group_first_and_the_oldest_group_before_others(queues: Queues) -> None:
    queue = queues.fifo(VisibilityTimeout=5)
    for body in ("1a", "2a", "1b", "1c"):
        put(queue, body, group=body[0])
    assert bodies(queue.receive(10)) == ["1a", "1b", "1c", "2a"]
    queues.clock.advance(5)
    assert bodies(queue.receive(10)) == ["1a", "1b", "1c", "2a"]


def test_messages_in_flight_lock_their_group(queues: Queues) -> None:
    queue = queues.fifo()
    put(queue, "a", "b", group="g")
    (first,) = queue.receive()
    assert not queue.receivable()
    put(queue, "c", group="g")
    assert queue.receive(10) == []
    queue.remove(first.handle)
    assert bodies(queue.receive(10)) == ["b", "c"]


def test_deleting_some_of_a_group_does_not_unlock_it(queues: Queues) -> None:
    queue = queues.fifo()
    put(queue, "a", "b", "c", group="g")
    first, second = queue.receive(2)
    queue.remove(first.handle)
    assert queue.receive(10) == []
    queue.remove(second.handle)
    assert bodies(queue.receive(10)) == ["c"]


def test_a_group_in_flight_delays_no_other(queues: Queues) -> None:
    queue = queues.fifo(VisibilityTimeout=5)
    put(queue, "1a", group="1")
    put(queue, "2a", group="2")
    first, _ = queue.receive(2)
    queue.update_visibility_timeout(first.handle, 100)
    queues.clock.advance(5)
    assert bodies(queue.receive(10)) == ["2a"]


@pytest.mark.parametrize(("extended", "returned"), [(0, []), (1, ["a"]), (2, ["a", "b"])])
def test_what_is_still_invisible_holds_back_what_comes_after_it(
    queues: Queues, extended: int, returned: list[str]
) -> None:
    queue = queues.fifo(VisibilityTimeout=5)
    put(queue, "a", "b", "c", group="g")
    received = queue.receive(10)
    queue.update_visibility_timeout(received[extended].handle, 100)
    queues.clock.advance(5)
    assert bodies(queue.receive(10)) == returned


def test_a_handle_deletes_until_its_timeout_ends(queues: Queues) -> None:
    queue = queues.fifo(VisibilityTimeout=5)
    put(queue, "a", group="g")
    (received,) = queue.receive()
    queue.update_visibility_timeout(received.handle, 10)
    queues.clock.advance(10)
    with pytest.raises(ServiceException) as caught:
        queue.remove(received.handle)
    assert str(caught.value) == (
        f"Value {received.handle} for parameter ReceiptHandle is invalid. "
        "Reason: The receipt handle has expired."
    )
    old = received.handle
    (again,) = queue.receive()
    with pytest.raises(ServiceException):
        queue.remove(old)
    queue.remove(again.handle)
    queue.remove(again.handle)
    assert counts(queue) == (0, 0, 0)


def test_a_repetition_is_accepted_and_not_delivered_for_five_minutes(queues: Queues) -> None:
    queue = queues.fifo()
    first = queue.put(message("a", group="g", deduplication_id="d"))
    (received,) = queue.receive()
    queue.remove(received.handle)
    queues.clock.advance(299.999)
    assert queue.put(message("b", group="other", deduplication_id="d")) == first
    assert counts(queue) == (0, 0, 0)
    queues.clock.advance(0.001)
    assert queue.put(message("c", group="g", deduplication_id="d")) != first
    assert bodies(queue.receive(10)) == ["c"]


def test_deduplication_within_a_group(queues: Queues) -> None:
    queue = queues.fifo(DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    for group in ("1", "2", "1"):
        queue.put(message(group, group=group, deduplication_id="d"))
    assert bodies(queue.receive(10)) == ["1", "2"]


def test_what_deduplication_remembers_is_pruned(queues: Queues) -> None:
    queue = queues.fifo()
    put(queue, *"abc", group="g")
    queues.clock.advance(quotas.DEDUPLICATION_SECONDS)
    put(queue, "d", group="g")
    assert (len(queue._sent), len(queue._sent_until)) == (1, 1)


def test_an_id_from_the_content_is_the_body_s_digest(queues: Queues) -> None:
    queue = queues.fifo(ContentBasedDeduplication="true")
    for attributes in (None, {"n": {"DataType": "Number", "StringValue": "1"}}):
        queue.put(StoredMessage("m", "é", "md5", {"MessageGroupId": "g"}, group="g", attributes=attributes))
    (received,) = queue.receive(10)
    shown = received.show(["All"])["Attributes"]
    assert shown["MessageDeduplicationId"] == hashlib.sha256("é".encode()).hexdigest()


def test_sequence_numbers_increase(queues: Queues) -> None:
    queue = queues.fifo()
    numbers = [queue.put(message(group="g")).sequence_number for _ in range(3)]
    assert numbers == sorted(map(str, numbers))
    assert {len(str(number)) for number in numbers} == {20}
    assert [m.show(["All"])["Attributes"]["SequenceNumber"] for m in queue.receive(10)] == numbers


def test_only_the_queue_delays(queues: Queues) -> None:
    queue = queues.fifo(DelaySeconds=10)
    with pytest.raises(ServiceException, match="not valid for this queue type"):
        put(queue, "a", group="g", delay=2)
    put(queue, "a", group="g", delay=0)
    assert counts(queue) == (0, 0, 1)
    queue.set_attributes({"DelaySeconds": "5"})  # counts for what is there already
    queues.clock.advance(4.999)
    assert not queue.receivable()
    queues.clock.advance(0.001)
    assert bodies(queue.receive()) == ["a"]


def test_the_quota_is_no_error(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quotas, "IN_FLIGHT_LIMIT", 2)
    queue = queues.fifo()
    put(queue, *"abc", group="g")
    put(queue, "d", group="h")
    first, second = queue.receive(10)
    assert (first.body, second.body, queue.receive(10)) == ("a", "b", [])
    queue.remove(second.handle)
    assert bodies(queue.receive(10)) == ["d"]


def test_the_dead_letter_queue_gives_new_ids_and_a_new_time(queues: Queues) -> None:
    dead = queues.fifo("dead.fifo")
    policy = json.dumps({"deadLetterTargetArn": dead.queue_arn, "maxReceiveCount": "1"})
    source = queues.fifo(VisibilityTimeout=5, RedrivePolicy=policy)
    source.put(message("a", group="g", deduplication_id="d"))
    source.put(message("b", group="g"))
    (first, _) = source.receive(2)
    queues.clock.advance(5)
    put(source, "c", group="g")
    assert bodies(source.receive(10)) == ["c"]
    moved, other = dead.receive(10)
    attributes = moved.show(["All"])["Attributes"]
    assert (moved.body, other.body) == ("a", "b")
    assert (moved.id, attributes["MessageDeduplicationId"]) == (first.id, first.id)
    assert (moved.enqueued, attributes["MessageGroupId"]) == (queues.clock.now(), "g")
    assert attributes["DeadLetterQueueSourceArn"] == source.queue_arn


def test_without_its_dead_letter_queue_a_message_holds_its_group(queues: Queues) -> None:
    dead = queues.fifo("dead.fifo")
    policy = json.dumps({"deadLetterTargetArn": dead.queue_arn, "maxReceiveCount": 1})
    source = queues.fifo(VisibilityTimeout=5, RedrivePolicy=policy)
    put(source, "a", "b", group="g")
    source.receive(1)
    queues.clock.advance(5)
    queues.delete(dead)
    assert source.receive(10) == []
    assert counts(source) == (1, 1, 0)


def test_a_purge_forgets_what_was_sent(queues: Queues) -> None:
    queue = queues.fifo()
    queue.put(message("a", group="g", deduplication_id="d"))
    queue.receive()
    queue.clear()
    queue.put(message("b", group="g", deduplication_id="d"))
    assert bodies(queue.receive(10)) == ["b"]


def test_retention_unlocks_a_group(queues: Queues) -> None:
    queue = queues.fifo(MessageRetentionPeriod=60, VisibilityTimeout=43_200)
    put(queue, "a", group="g")
    queue.receive()
    queues.clock.advance(30)
    put(queue, "b", group="g")
    assert not queue.receivable()
    queues.clock.advance(30)
    assert bodies(queue.receive(10)) == ["b"]


def test_listeners_are_told_when_a_group_is_unlocked(queues: Queues) -> None:
    queue = queues.fifo(VisibilityTimeout=5)
    told: list[bool] = []
    queue.listen(lambda: told.append(queue.receivable()))
    put(queue, "a", "b", group="g")
    told.clear()
    (received,) = queue.receive(1)
    put(queue, "c", group="g")
    assert told == []
    queue.remove(received.handle)
    assert told == [True]
    queue.receive(10)
    queues.clock.advance(5)
    assert told == [True, True]


def test_an_answer_has_a_message_once(queues: Queues) -> None:
    queue = queues.fifo()
    put(queue, "a", "b", group="g")
    assert bodies(queue.receive(10, visibility_timeout=0)) == ["a", "b"]
    assert bodies(queue.receive(10)) == ["a", "b"]


def test_a_group_that_is_done_leaves_nothing(queues: Queues) -> None:
    queue = queues.fifo()
    for number in range(300):
        put(queue, "x", group=str(number))
    while received := queue.receive(10):
        for found in received:
            queue.remove(found.handle)
    assert (len(queue._groups), len(queue._ready), counts(queue)) == (0, 0, (0, 0, 0))
