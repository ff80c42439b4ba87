from __future__ import annotations

import threading

import pytest

from harness_emulator.account import ACCOUNTS
from harness_emulator.time.clock import Clock
from harness_emulator.time.settling import Activity
from harness_emulator.time.turns import Turns

ACCOUNT = "222222222222"
LONG = 30.0


class Thing:
    """A source that moves until it is told otherwise."""

    def __init__(self, *sentences: str) -> None:
        self.sentences = list(sentences)

    def moving(self) -> list[str]:
        return self.sentences


@pytest.fixture
def activity() -> Activity:
    clock = Clock(ACCOUNT)
    return Activity(clock, Turns(clock))


def test_where_nothing_is_there_all_has_settled(activity: Activity) -> None:
    assert activity.wait_until_settled(0) == []


def test_what_still_moves_is_said(activity: Activity) -> None:
    activity.add(Thing("a queue is read"))
    with activity.running("f runs"):
        assert activity.wait_until_settled(0) == ["a queue is read", "f runs"]
    assert activity.wait_until_settled(0) == ["a queue is read"]


def test_a_wait_ends_when_the_last_thing_has_ended(activity: Activity) -> None:
    activity.begin("token", "f runs")
    ended = threading.Thread(target=activity.end, args=("token",))
    ended.start()
    assert activity.wait_until_settled(LONG) == []
    ended.join()


def test_a_source_that_is_removed_moves_no_more(activity: Activity) -> None:
    thing = Thing("moves")
    activity.add(thing)
    activity.remove(thing)
    assert activity.wait_until_settled(0) == []


def test_what_starts_something_and_ends_while_others_are_looked_at_is_seen(activity: Activity) -> None:
    """A function that sends to a queue which has been looked at already, and then ends."""

    class Reader(Thing):
        pass

    reader = Reader()

    class Function(Thing):
        def moving(self) -> list[str]:
            if not reader.sentences:
                reader.sentences.append("a queue is read")
                activity.bump()
            return []

    activity.add(reader)
    activity.add(Function())
    assert activity.wait_until_settled(0) == ["a queue is read"]


def test_an_advance_does_not_look_again_where_nothing_was_set_in_motion() -> None:
    """Fourteen days may hold thousands of deadlines of messages that nobody reads."""
    activity = ACCOUNTS.of(ACCOUNT).activity
    looks: list[float] = []

    class Queue(Thing):
        def moving(self) -> list[str]:
            looks.append(clock.now())
            return []

    clock = ACCOUNTS.of(ACCOUNT).clock
    now = clock.freeze()
    activity.add(queue := Queue())
    for second in range(1, 1001):
        clock.call_at(now + second, (lambda: None) if second != 500 else activity.bump)
    clock.advance(14 * 24 * 3600)
    assert looks == [now, now + 500]
    activity.remove(queue)
    clock.reset()
