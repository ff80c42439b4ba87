"""Standard queues on a clock that stands; a test's rows stand behind its name."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from localstack.aws.api import ServiceException

from harness_emulator.sqs import quotas
from tests.support.sqs_queues import Queues, bodies, counts, message, put
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from harness_emulator.sqs.queue import HarnessQueue


@pytest.fixture
def queues() -> Queues:
    return Queues()


def refused(action: Any, *arguments: Any) -> str:
    with pytest.raises(ServiceException) as caught:
        action(*arguments)
    return f"{caught.value.code}: {caught.value}"


def test_a_timeout_ends_to_the_millisecond(queues: Queues) -> None:
    queue = queues.standard(VisibilityTimeout=30)
    put(queue, "a")
    (first,) = queue.receive()
    handle = first.handle
    queues.clock.advance(29.999)
    assert queue.receive() == []
    queues.clock.advance(0.001)
    (again,) = queue.receive()
    assert (again.id, again.handle != handle) == (first.id, True)


def test_a_receive_s_own_timeout_holds_for_that_receive(queues: Queues) -> None:
    queue = queues.standard(VisibilityTimeout=30)
    put(queue, "a", "b")
    assert bodies(queue.receive(1, visibility_timeout=5)) == ["a"]
    assert bodies(queue.receive(1, visibility_timeout=0)) == ["b"]
    assert bodies(queue.receive(1)) == ["b"]
    queues.clock.advance(5)
    assert bodies(queue.receive()) == ["a"]
    queues.clock.advance(24.999)
    assert queue.receive() == []


def test_a_message_is_in_an_answer_once(queues: Queues) -> None:
    queue = queues.standard()
    put(queue, "a", "b")
    assert bodies(queue.receive(10, visibility_timeout=0)) == ["a", "b"]


def test_a_changed_timeout_counts_from_the_call(queues: Queues) -> None:
    queue = queues.standard(VisibilityTimeout=30)
    put(queue, "a")
    (received,) = queue.receive()
    queues.clock.advance(20)
    queue.update_visibility_timeout(received.handle, 20)
    queues.clock.advance(19.999)
    assert queue.receive() == []
    queues.clock.advance(0.001)
    (again,) = queue.receive()
    queue.update_visibility_timeout(again.handle, 0)
    assert bodies(queue.receive()) == ["a"]


def test_a_message_is_invisible_for_less_than_twelve_hours(queues: Queues) -> None:
    queue = queues.standard()
    put(queue, "a")
    (received,) = queue.receive()
    queue.update_visibility_timeout(received.handle, 43_195)
    assert refused(queue.update_visibility_timeout, received.handle, 43_200) == (
        "InvalidParameterValueException: Value 43200 for parameter VisibilityTimeout is invalid. "
        "Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"
    )
    queues.clock.advance(43_000)
    assert "beyond the limit" in refused(queue.update_visibility_timeout, received.handle, 200)
    queue.update_visibility_timeout(received.handle, 199)
    for seconds in (-1, 43_201, 10**30):
        assert "Must be >= 0 and <= 43200" in refused(
            queue.update_visibility_timeout, received.handle, seconds
        )


def test_a_change_after_the_timeout_changes_nothing(queues: Queues) -> None:
    queue = queues.standard(VisibilityTimeout=5)
    put(queue, "a")
    (received,) = queue.receive()
    handle = received.handle
    queues.clock.advance(5)
    queue.update_visibility_timeout(handle, 100)
    (again,) = queue.receive()
    queue.update_visibility_timeout(handle, 0)  # of the receive before
    assert (counts(queue), again.body) == ((0, 1, 0), "a")


def test_a_deleted_message_s_timeout_cannot_be_changed(queues: Queues) -> None:
    queue = queues.standard()
    put(queue, "a")
    (received,) = queue.receive()
    queue.remove(received.handle)
    assert refused(queue.update_visibility_timeout, received.handle, 5) == (
        f"InvalidParameterValueException: Value {received.handle} for parameter ReceiptHandle is invalid. "
        "Reason: Message does not exist or is not available for visibility timeout change."
    )


@pytest.mark.parametrize("handle", ["garbage", "", "é", "QUJD", "YSBiIGMgZA=="])
def test_what_is_no_handle_is_refused(queues: Queues, handle: str) -> None:
    queue = queues.standard()
    said = f'ReceiptHandleIsInvalid: The input receipt handle "{handle}" is not a valid receipt handle.'
    assert refused(queue.remove, handle) == said
    assert refused(queue.update_visibility_timeout, handle, 1) == said


def test_another_queue_s_handle_is_none(queues: Queues) -> None:
    queue, other = queues.standard("one"), queues.standard("two")
    put(other, "a")
    (received,) = other.receive()
    assert "is not a valid receipt handle" in refused(queue.remove, received.handle)


def test_a_handle_deletes_after_its_timeout(queues: Queues) -> None:
    queue = queues.standard(VisibilityTimeout=5)
    put(queue, "a", "b")
    (received,) = queue.receive()
    queues.clock.advance(5)
    assert counts(queue) == (2, 0, 0)
    queue.remove(received.handle)
    assert bodies(queue.receive(10)) == ["b"]


def test_deleting_again_succeeds_and_an_older_handle_does_not_delete(queues: Queues) -> None:
    queue = queues.standard(VisibilityTimeout=5)
    put(queue, "a")
    (received,) = queue.receive()
    old = received.handle
    queues.clock.advance(5)
    queue.receive()
    queue.remove(old)
    assert counts(queue) == (0, 1, 0)
    queue.remove(received.handle)
    queue.remove(received.handle)
    assert counts(queue) == (0, 0, 0)


def test_the_in_flight_quota(queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
    assert quotas.IN_FLIGHT_LIMIT == 120_000
    monkeypatch.setattr(quotas, "IN_FLIGHT_LIMIT", 3)
    queue = queues.standard()
    put(queue, *"abcde")
    taken = [*queue.receive(2), *queue.receive(2)]
    assert bodies(taken) == ["a", "b", "c"]
    assert not queue.receivable()
    assert queue.receive(1) == []
    with pytest.raises(ServiceException) as caught:
        queue.receive(1, quota_fails=True)
    assert (caught.value.code, caught.value.status_code) == ("OverLimit", 403)
    queue.remove(taken[0].handle)
    assert queue.receivable()
    assert bodies(queue.receive(10, quota_fails=True)) == ["d"]


def test_delays_end_to_the_millisecond(queues: Queues) -> None:
    queue = queues.standard(DelaySeconds=10)
    put(queue, "late")
    put(queue, "soon", delay=0)
    assert counts(queue) == (1, 0, 1)
    queues.clock.advance(9.999)
    assert bodies(queue.receive(10)) == ["soon"]
    queue.set_attributes({"DelaySeconds": "900"})  # not for what is there already
    queues.clock.advance(0.001)
    assert bodies(queue.receive(10)) == ["late"]


def test_the_counters(queues: Queues) -> None:
    queue = queues.standard()
    put(queue, *"abcdef")
    assert counts(queue) == (6, 0, 0)
    (received,) = queue.receive()
    assert counts(queue) == (5, 1, 0)
    queue.update_visibility_timeout(received.handle, 0)
    assert counts(queue) == (6, 0, 0)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    assert queue.get_queue_attributes(names) == dict(zip(names, ("6", "0"), strict=True))


def test_receives_are_counted_and_the_first_is_remembered(queues: Queues) -> None:
    queue = queues.standard(VisibilityTimeout=5)
    put(queue, "a")
    first = queues.clock.millis
    shown = []
    for _ in range(2):
        (received,) = queue.receive()
        shown.append(received.show(["All"])["Attributes"])
        queues.clock.advance(5)
    assert [attributes["ApproximateReceiveCount"] for attributes in shown] == ["1", "2"]
    assert {attributes["ApproximateFirstReceiveTimestamp"] for attributes in shown} == {str(first)}
    assert {attributes["SentTimestamp"] for attributes in shown} == {str(first)}


def dead_letters(queues: Queues, most: int, **attributes: Any) -> tuple[HarnessQueue, HarnessQueue]:
    dead = queues.standard("dead")
    policy = json.dumps({"deadLetterTargetArn": dead.queue_arn, "maxReceiveCount": most})
    return queues.standard("source", RedrivePolicy=policy, **attributes), dead


@pytest.mark.parametrize("most", [1, 2])
def test_a_message_is_delivered_maxreceivecount_times(queues: Queues, most: int) -> None:
    source, dead = dead_letters(queues, most, VisibilityTimeout=0)
    put(source, "a")
    assert [bodies(source.receive()) for _ in range(most + 1)] == [["a"]] * most + [[]]
    assert (counts(source), counts(dead)) == ((0, 0, 0), (1, 0, 0))


def test_a_move_needs_a_receive(queues: Queues) -> None:
    source, dead = dead_letters(queues, 1, VisibilityTimeout=1)
    put(source, "a")
    source.receive()
    queues.clock.advance(60)
    assert (counts(source), counts(dead)) == ((1, 0, 0), (0, 0, 0))
    assert source.receivable()
    assert source.receive() == []
    assert not source.receivable()
    assert counts(dead) == (1, 0, 0)


def test_a_receive_passes_over_what_it_moves(queues: Queues) -> None:
    source, dead = dead_letters(queues, 1, VisibilityTimeout=0)
    put(source, "a")
    source.receive()
    put(source, "b")
    assert bodies(source.receive(1)) == ["b"]
    assert bodies(dead.receive()) == ["a"]


def test_what_a_moved_message_keeps(queues: Queues) -> None:
    source, dead = dead_letters(queues, 1, VisibilityTimeout=0)
    put(source, "a")
    sent = queues.clock.now()
    (first,) = source.receive()
    queues.clock.advance(5)
    source.receive()
    (moved,) = dead.receive()
    attributes = moved.show(["All"])["Attributes"]
    assert (moved.id, attributes["ApproximateReceiveCount"]) == (first.id, "2")
    assert attributes["DeadLetterQueueSourceArn"] == source.queue_arn
    assert moved.enqueued == sent


def test_without_its_dead_letter_queue_a_message_stays(queues: Queues) -> None:
    source, dead = dead_letters(queues, 1, VisibilityTimeout=5)
    put(source, "a")
    source.receive()
    queues.clock.advance(5)
    queues.delete(dead)
    assert source.receive() == []
    assert (counts(source), counts(dead)) == ((0, 1, 0), (0, 0, 0))


def test_retention(queues: Queues) -> None:
    queue = queues.standard(MessageRetentionPeriod=60, VisibilityTimeout=43_200)
    put(queue, "in flight", "visible")
    put(queue, "delayed", delay=900)
    (received,) = queue.receive()
    queues.clock.advance(59.999)
    assert counts(queue) == (1, 1, 1)
    queues.clock.advance(0.001)
    assert counts(queue) == (0, 0, 0)
    queue.remove(received.handle)
    queue.set_attributes({"MessageRetentionPeriod": "120"})
    put(queue, "longer")
    queues.clock.advance(60)
    assert counts(queue) == (1, 0, 0)


def test_purged_is_everything(queues: Queues) -> None:
    queue = queues.standard()
    put(queue, "a", "b")
    put(queue, "c", delay=5)
    (received,) = queue.receive()
    queue.clear()
    assert counts(queue) == (0, 0, 0)
    queues.clock.advance(60)
    assert queue.receive(10) == []
    queue.remove(received.handle)
    put(queue, "d")
    assert bodies(queue.receive(10)) == ["d"]


# Who waits.


def test_listeners_are_told_of_what_they_can_receive(queues: Queues) -> None:
    queue = queues.standard(VisibilityTimeout=10)
    told: list[bool] = []
    queue.listen(listener := lambda: told.append(queue.receivable()))
    put(queue, "a")
    (received,) = queue.receive()
    assert (told, queue.receivable()) == ([True], False)
    queues.clock.advance(10)
    assert told == [True, True]
    queue.update_visibility_timeout(queue.receive()[0].handle, 0)
    assert told == [True] * 3
    put(queue, "late", delay=5)
    queue.remove(received.handle)
    assert told == [True] * 3
    queues.clock.advance(5)
    assert told == [True] * 4
    queue.shutdown()
    assert told == [True] * 4 + [False]
    queue.unlisten(listener)
    queue.wake()
    assert len(told) == 5


def test_a_queue_has_one_timer_and_an_empty_one_none(queues: Queues) -> None:
    queue = queues.standard(VisibilityTimeout=10)
    put(queue, *"abc")
    queue.receive(10)
    assert queues.clock.next_deadline() == queues.clock.now() + 10
    assert len(queues.clock._timers) <= 2
    queue.clear()
    assert queues.clock.next_deadline() is None


def test_a_long_poll_ends_with_the_first_message(queues: Queues) -> None:
    queue = queues.standard()
    sender = threading.Timer(0.05, put, (queue, "a", "b"))
    sender.start()
    assert bodies(queue.receive(3, wait_time_seconds=20)) in (["a"], ["a", "b"])
    sender.join(10)


def test_a_long_poll_ends_with_the_clock_s_time(queues: Queues) -> None:
    queue = queues.standard(VisibilityTimeout=5)
    put(queue, "a")
    queue.receive()
    found: list[list[str]] = []
    poll = threading.Thread(target=lambda: found.append(bodies(queue.receive(1, wait_time_seconds=20))))
    poll.start()
    assert eventually(lambda: queue._changed._waiters)  # type: ignore[attr-defined]  # it waits
    queues.clock.advance(5)
    poll.join(10)
    assert found == [["a"]]


def test_a_deleted_queue_lets_go_of_who_waits(queues: Queues) -> None:
    queue = queues.standard()
    ended = threading.Timer(0.05, queue.shutdown)
    ended.start()
    assert queue.receive(1, wait_time_seconds=20) == []
    ended.join(10)


def test_messages_of_a_batch_are_there_at_once(queues: Queues) -> None:
    queue = queues.standard()
    told: list[int] = []
    queue.listen(lambda: told.append(queue.approximate_number_of_messages))
    with queue.mutex:
        put(queue, *"abc")
    assert told == [3]


def test_it_costs_the_same_with_a_backlog(queues: Queues) -> None:
    queue = queues.standard()
    for _ in range(2_000):
        queue.put(message())
    while received := queue.receive(10, visibility_timeout=0):
        for found in received:
            queue.remove(found.handle)
    assert (counts(queue), len(queue._visible._heap) < 200) == ((0, 0, 0), True)
    assert not queue._messages
