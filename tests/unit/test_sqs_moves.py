"""Message move tasks on a clock that stands (A-44)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness_emulator.sqs.moves import MoveTask, task_of
from tests.support.sqs_queues import Queues, bodies, counts, put

if TYPE_CHECKING:
    from harness_emulator.sqs.standard import StandardQueue


@pytest.fixture
def queues() -> Queues:
    return Queues()


def with_dead_letters(queues: Queues, *sent: str) -> tuple[StandardQueue, StandardQueue]:
    """A source queue and its dead-letter queue, which holds the messages."""
    dead = queues.standard("dead")
    policy = json.dumps({"deadLetterTargetArn": dead.queue_arn, "maxReceiveCount": 1})
    source = queues.standard("source", RedrivePolicy=policy, VisibilityTimeout=0)
    put(source, *sent)
    source.receive(10)
    source.receive(10)
    assert counts(dead) == (len(sent), 0, 0)
    return source, dead


def test_without_a_rate_all_go_back_at_once(queues: Queues) -> None:
    source, dead = with_dead_letters(queues, *"abc")
    task = MoveTask(dead.queue_arn, None, None)
    task.start()
    shown = task.show()
    assert (shown["Status"], shown["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 3)
    assert (shown["ApproximateNumberOfMessagesToMove"], "TaskHandle" in shown) == (3, False)
    received = source.receive(10)
    assert bodies(received) == ["a", "b", "c"]
    assert "DeadLetterQueueSourceArn" not in received[0].show(["All"])["Attributes"]
    assert counts(dead) == (0, 0, 0)


def test_with_a_rate_they_go_as_the_clock_goes(queues: Queues) -> None:
    source, dead = with_dead_letters(queues, *"abc")
    task = MoveTask(dead.queue_arn, None, 2)
    task.start()
    assert (counts(source)[0], task.status) == (1, "RUNNING")
    queues.clock.advance(0.499)
    assert counts(source)[0] == 1
    queues.clock.advance(0.001)
    assert counts(source)[0] == 2
    queues.clock.advance(0.5)
    assert (counts(source)[0], task.status) == (3, "RUNNING")
    queues.clock.advance(0.5)
    assert (task.moved, task.status) == (3, "COMPLETED")


def test_what_is_in_flight_stays(queues: Queues) -> None:
    source, dead = with_dead_letters(queues, *"ab")
    dead.receive(1)
    task = MoveTask(dead.queue_arn, None, None)
    task.start()
    assert (task.moved, counts(source), counts(dead)) == (1, (1, 0, 0), (0, 1, 0))


def test_a_cancelled_task_moves_no_more(queues: Queues) -> None:
    source, dead = with_dead_letters(queues, *"abc")
    task = MoveTask(dead.queue_arn, None, 1)
    task.start()
    task.cancel()
    queues.clock.advance(10)
    assert (task.status, counts(source)[0], counts(dead)[0]) == ("CANCELLED", 1, 2)


def test_to_another_destination(queues: Queues) -> None:
    _, dead = with_dead_letters(queues, "a")
    other = queues.standard("other")
    task = MoveTask(dead.queue_arn, other.queue_arn, None)
    task.start()
    assert (task.show()["DestinationArn"], bodies(other.receive(10))) == (other.queue_arn, ["a"])


def test_what_was_sent_to_the_dead_letter_queue_has_no_source(queues: Queues) -> None:
    _, dead = with_dead_letters(queues)
    put(dead, "a")
    task = MoveTask(dead.queue_arn, None, None)
    task.start()
    assert (task.status, task.show()["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert counts(dead) == (1, 0, 0)


def test_a_destination_that_goes_away(queues: Queues) -> None:
    source, dead = with_dead_letters(queues, *"ab")
    task = MoveTask(dead.queue_arn, None, 1)
    task.start()
    queues.delete(source)
    queues.clock.advance(1)
    assert (task.status, task.show()["FailureReason"]) == (
        "FAILED",
        "AWS.SimpleQueueService.NonExistentQueue",
    )
    assert counts(dead) == (1, 0, 0)


def test_a_handle_names_its_task(queues: Queues) -> None:
    _, dead = with_dead_letters(queues, "a")
    task = MoveTask(dead.queue_arn, None, 1)
    assert task_of(task.handle) == (task.task_id, dead.queue_arn)
    for bad in ("", "garbage", "é", "QUJD", "bnVsbA==", "W10=", "eyJ0YXNrSWQiOiA1fQ=="):
        with pytest.raises(ValueError, match=r".*"):
            task_of(bad)
