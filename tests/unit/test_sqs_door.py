"""The queues as the emulator's other parts have them, and as a client looks into them."""

from __future__ import annotations

import json
import threading

import pytest

from harness_emulator.sqs import in_process as door
from harness_emulator.sqs.endpoints import DeveloperApi
from tests.support.sqs_queues import Queues, counts, message, put


@pytest.fixture
def queues() -> Queues:
    return Queues()


def test_a_queue_is_found_by_its_arn(queues: Queues) -> None:
    queue = queues.standard()
    assert door.find_queue(queue.queue_arn) is queue
    for arn in (f"{queue.queue_arn}-no", "garbage", "arn:aws:sqs:nowhere:1:q"):
        assert door.find_queue(arn) is None


def test_what_is_received_is_as_receivemessage_shows_it(queues: Queues) -> None:
    queue = queues.fifo()
    put(queue, "a", "b", group="1")
    put(queue, "c", group="2")
    assert door.receivable(queue)
    received = door.receive(queue, 10)
    assert [(found.message["Body"], found.group) for found in received] == [
        ("a", "1"),
        ("b", "1"),
        ("c", "2"),
    ]
    assert set(received[0].message) == {"MessageId", "ReceiptHandle", "MD5OfBody", "Body", "Attributes"}
    assert set(received[0].message["Attributes"]) >= {
        "ApproximateReceiveCount",
        "MessageDeduplicationId",
        "MessageGroupId",
        "SequenceNumber",
    }
    assert not door.receivable(queue)
    door.delete(queue, received[:2])
    assert counts(queue) == (0, 1, 0)


def test_a_handle_that_expired_stays_out_of_the_way(queues: Queues) -> None:
    queue = queues.fifo(VisibilityTimeout=5)
    put(queue, "a", group="1")
    put(queue, "b", group="2")
    first, second = door.receive(queue, 10)
    queues.clock.advance(4)
    queue.update_visibility_timeout(second.message["ReceiptHandle"], 5)
    queues.clock.advance(1)
    door.delete(queue, [first, second])
    assert [found.message["Body"] for found in door.receive(queue, 10)] == ["a"]


def test_a_move_to_the_dead_letter_queue_is_something_to_receive(queues: Queues) -> None:
    dead = queues.standard("dead")
    policy = json.dumps({"deadLetterTargetArn": dead.queue_arn, "maxReceiveCount": 1})
    queue = queues.standard(VisibilityTimeout=0, RedrivePolicy=policy)
    told: list[str] = []
    door.listen(dead, lambda: told.append("dead"))
    put(queue, "a")
    door.receive(queue, 10)
    assert door.receivable(queue)
    assert door.receive(queue, 10) == []
    assert not door.receivable(queue)
    assert told == ["dead"]


def test_waiting(queues: Queues) -> None:
    queue = queues.standard()
    sender = threading.Timer(0.05, put, (queue, "a"))
    sender.start()
    assert door.wait_for_message(queue, lambda: False)
    sender.join(10)
    assert door.wait_for_message(queue, lambda: False, 0)
    assert not door.wait_for_message(queue, lambda: True)
    door.receive(queue, 1)
    assert not door.wait_for_message(queue, lambda: False, 0)


def test_who_gives_up_is_woken(queues: Queues) -> None:
    queue = queues.standard()
    given_up = threading.Event()

    def give_up() -> None:
        given_up.set()
        door.wake(queue)

    other = threading.Timer(0.05, give_up)
    other.start()
    assert not door.wait_for_message(queue, given_up.is_set)
    other.join(10)


def test_emptied_queues_are_as_new(queues: Queues) -> None:
    queue = queues.fifo()
    queue.put(message("a", group="g", deduplication_id="d"))
    door.receive(queue, 1)
    queue.purged = queues.clock.now()
    other = Queues().standard()
    put(other, "stays")
    assert door.empty(queues.account) == 1
    assert vars(queue)["purged"] is None
    assert (counts(queue), counts(other)) == ((0, 0, 0), (1, 0, 0))
    queue.put(message("b", group="g", deduplication_id="d"))
    assert [found.message["Body"] for found in door.receive(queue, 10)] == ["b"]


def test_looking_in_changes_nothing_and_shows_what_is_asked_for(queues: Queues) -> None:
    queue = queues.fifo()
    put(queue, "1a", "1b", group="1")
    put(queue, "2a", group="2")
    queue.set_attributes({"DelaySeconds": "5"})
    put(queue, "late", group="3")
    door.receive(queue, 1)

    def seen(**show: bool) -> list[tuple[str, str | None, str | None]]:
        return [
            (found["Body"], found["Attributes"].get("IsVisible"), found["Attributes"].get("IsDelayed"))
            for found in DeveloperApi()._collect_messages(queue, **show)
        ]

    assert seen() == [("2a", None, None)]
    assert seen(show_invisible=True, show_delayed=True) == [
        ("1a", "false", "false"),
        ("1b", "true", "false"),
        ("2a", "true", "false"),
        ("late", "true", "true"),
    ]
    assert counts(queue) == (2, 1, 1)
