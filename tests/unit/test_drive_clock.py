"""The clock that a test holds, over the emulator's own, without a server between them."""

from __future__ import annotations

import math
from typing import Any, override

import pytest

from harness.control import ControlApi
from harness.drive import Clock
from harness.emulator import clock as emulators
from harness.errors import HarnessError, UsageError

START = 1_000_000.0


class InProcess(ControlApi):
    """The control API of an emulator that is this process; the machine's clock stands at START."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", "111111111111")
        self.moved = emulators.Clock(self.account, wall=lambda: START)

    @override
    def call(self, method: Any, route: str, body: Any = None, *, timeout: float = 30.0, **_: str) -> Any:
        assert route == "clock"
        if method == "POST":
            action = getattr(self.moved, body.pop("action"))
            action(**body)
        return {"now": self.moved.now(), "frozen": self.moved.frozen}


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


@pytest.mark.parametrize("action", ["freeze", "resume"])
def test_without_a_clock_to_stop_that_is_said(action: str) -> None:
    with pytest.raises(HarnessError, match=f"Cannot {action} the clock") as error:
        getattr(Clock(None), action)()
    assert "virtual_clock" in str(error.value)
