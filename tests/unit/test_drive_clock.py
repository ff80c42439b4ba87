"""The clock that a test holds, over the emulator's own, without a server between them."""

from __future__ import annotations

import math
from typing import Any, override

import pytest

from harness.client import Clock
from harness.client.control import ControlApi, RefusedError
from harness.model.errors import HarnessError, UsageError, WaitTimeoutError
from harness_emulator.time import clock as emulators

START = 1_000_000.0


class InProcess(ControlApi):
    """The control API of an emulator that is this process; the machine's clock stands at START."""

    def __init__(self, *moving: str) -> None:
        super().__init__("http://127.0.0.1:1", "111111111111")
        self.moving = list(moving)
        self.moved = emulators.Clock(self.account, wall=lambda: START)

    @override
    def call(self, method: Any, route: str, body: Any = None, *, timeout: float = 30.0, **_: str) -> Any:
        if route == "settle":
            if self.moving:
                raise RefusedError("(408)", 408, {"settled": False, "moving": self.moving})
            return {"settled": True, "moving": []}
        assert route == "clock"
        more = {}
        if method == "POST":
            action = body.pop("action")
            if action == "next":
                more["fired"] = self.moved.advance_to_next(body.get("seconds"))
            else:
                getattr(self.moved, action)(**body)
        return {"now": self.moved.now(), "frozen": self.moved.frozen, **more}


@pytest.fixture
def clock() -> Clock:
    return Clock(InProcess())


def test_it_tells_the_accounts_time(clock: Clock) -> None:
    assert clock.virtual
    assert clock.now() == START
    assert not clock.frozen


def test_it_stands_and_runs_on(clock: Clock) -> None:
    assert clock.freeze() == START
    assert clock.frozen
    assert clock.resume() == START
    assert not clock.frozen


@pytest.mark.parametrize("frozen", [False, True])
def test_it_moves_whether_it_stands_or_runs(clock: Clock, *, frozen: bool) -> None:
    if frozen:
        clock.freeze()
    assert clock.advance(30) == START + 30
    assert clock.advance(0.25) == START + 30.25
    assert clock.now() == START + 30.25
    assert clock.frozen == frozen


@pytest.mark.parametrize("control", [None, InProcess()])
@pytest.mark.parametrize("seconds", [-1, -0.001, math.nan, math.inf])
def test_it_does_not_go_back(control: ControlApi | None, seconds: float) -> None:
    with pytest.raises(UsageError, match="does not go back"):
        Clock(control).advance(seconds)


def test_without_a_clock_to_move_an_advance_waits() -> None:
    waited: list[float] = []
    clock = Clock(None, waited.append)
    before = clock.now()
    assert clock.advance(3) >= before
    assert waited == [3]
    assert not clock.virtual
    assert not clock.frozen


@pytest.mark.parametrize("action", ["freeze", "resume", "advance_to_next"])
def test_without_a_clock_to_stop_that_is_said(action: str) -> None:
    with pytest.raises(HarnessError, match=f"Cannot {action[:7].rstrip('_')} the clock") as error:
        getattr(Clock(None), action)()
    assert "virtual_clock" in str(error.value)


def test_it_goes_from_deadline_to_deadline() -> None:
    control = InProcess()
    clock = Clock(control)
    clock.freeze()
    done: list[str] = []
    control.moved.call_later(20, lambda: done.append("second"))
    control.moved.call_later(10, lambda: done.append("first"))
    assert clock.advance_to_next() == START + 10
    assert done == ["first"]
    assert clock.advance_to_next() == START + 20
    assert clock.advance_to_next() is None
    assert clock.now() == START + 20
    assert done == ["first", "second"]


def test_it_goes_on_until_something_holds() -> None:
    control = InProcess()
    clock = Clock(control)
    clock.freeze()
    done: list[int] = []
    for number in (1, 2, 3):
        control.moved.call_later(number * 10, lambda number=number: done.append(number))  # type: ignore[misc]
    assert clock.run_until(lambda: 2 in done, limit=100) == START + 20
    assert done == [1, 2]
    assert clock.run_until(lambda: 2 in done, limit=0) == START + 20
    with pytest.raises(WaitTimeoutError, match="did not happen within 5 s"):
        clock.run_until(lambda: 3 in done, limit=5)
    assert clock.now() == START + 25
    assert clock.run_until(lambda: 3 in done, limit=5) == START + 30


@pytest.mark.parametrize("control", [None, InProcess()])
@pytest.mark.parametrize("seconds", [-1, math.nan])
def test_limits_are_no_negative_times(control: ControlApi | None, seconds: float) -> None:
    with pytest.raises(UsageError, match="run_until: the limit is"):
        Clock(control).run_until(lambda: True, seconds)
    with pytest.raises(UsageError, match="settle: the time-out is"):
        Clock(control).settle(seconds)


def test_what_does_not_settle_is_said() -> None:
    with pytest.raises(WaitTimeoutError, match=r"Not settled after 2 s") as error:
        Clock(InProcess("f runs", "g runs")).settle(2)
    assert error.value.detail == "f runs\ng runs"
    Clock(InProcess()).settle()


def test_without_a_clock_to_move_the_counters_say_what_still_moves() -> None:
    asked: list[float] = []

    def still_moving(seconds: float) -> list[str]:
        asked.append(seconds)
        return ["in holds 1 visible, 0 in flight, 0 delayed"] if len(asked) == 1 else []

    clock = Clock(None, still_moving=still_moving)
    with pytest.raises(WaitTimeoutError) as error:
        clock.settle(3)
    assert error.value.detail == "in holds 1 visible, 0 in flight, 0 delayed"
    clock.settle()
    assert asked == [3, 60]


def test_without_a_clock_to_move_a_predicate_is_asked_again() -> None:
    answers = iter([False, 0, "yes"])
    clock = Clock(None, pause=0)
    assert clock.run_until(lambda: next(answers), limit=60) <= clock.now()
    with pytest.raises(WaitTimeoutError):
        clock.run_until(lambda: False, limit=0)
