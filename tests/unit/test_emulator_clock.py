import threading

import pytest

from harness_emulator.time import clock as clocks
from harness_emulator.time.clock import Clock, Ticker

ACCOUNT = "111111111111"


class Machine:
    """A machine's clock, set by hand."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def clock(machine: Machine) -> Clock:
    return Clock(ACCOUNT, machine)


@pytest.fixture(autouse=True)
def _ticker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "TICKER", Ticker())
    monkeypatch.setattr(Ticker, "look_again", lambda _: None)


def test_a_clock_runs_with_the_machines(clock: Clock, machine: Machine) -> None:
    assert clock.now() == 1000.0
    machine.time += 2.5
    assert clock.now() == 1002.5
    assert clock.millis == 1002500


def test_a_clock_never_goes_back_when_the_machines_does(clock: Clock, machine: Machine) -> None:
    clock.now()
    machine.time -= 100
    assert clock.now() == 1000.0


def test_a_frozen_clock_stands(clock: Clock, machine: Machine) -> None:
    assert clock.freeze() == 1000.0
    machine.time += 60
    assert clock.frozen
    assert clock.now() == 1000.0
    assert clock.freeze() == 1000.0


def test_a_resumed_clock_goes_on_from_where_it_stood(clock: Clock, machine: Machine) -> None:
    clock.freeze()
    machine.time += 60
    assert clock.resume() == 1000.0
    machine.time += 1
    assert clock.now() == 1001.0
    assert clock.resume() == 1001.0


@pytest.mark.parametrize("frozen", [True, False])
def test_an_advance_moves_it_by_as_much_as_asked(clock: Clock, machine: Machine, *, frozen: bool) -> None:
    if frozen:
        clock.freeze()
    assert clock.advance(43_200) == 44_200.0
    assert clock.now() == 44_200.0
    machine.time += 5
    assert clock.now() == (44_200.0 if frozen else 44_205.0)


@pytest.mark.parametrize("seconds", [-1, -0.001, float("nan")])
def test_it_is_not_turned_back(clock: Clock, seconds: float) -> None:
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(seconds)
    assert clock.now() == 1000.0


def test_timers_run_in_the_order_of_their_deadlines_each_at_its_time(clock: Clock) -> None:
    clock.freeze()
    seen: list[tuple[str, float]] = []
    for name, seconds in (("late", 60), ("early", 30), ("same", 30), ("never", 61)):
        clock.call_later(seconds, lambda name=name: seen.append((name, clock.now())))  # type: ignore[misc]
    clock.advance(60)
    assert seen == [("early", 1030.0), ("same", 1030.0), ("late", 1060.0)]
    assert clock.next_deadline() == 1061.0


def test_a_timer_that_is_made_on_the_way_runs_in_the_same_advance(clock: Clock) -> None:
    clock.freeze()
    seen: list[float] = []
    clock.call_later(30, lambda: clock.call_later(30, lambda: seen.append(clock.now())))
    clock.advance(90)
    assert seen == [1060.0]


def test_the_system_settles_before_every_step(clock: Clock) -> None:
    clock.freeze()
    seen: list[str | float] = []
    clock.settle = lambda: seen.append(clock.now())
    clock.call_later(30, lambda: seen.append("a"))
    clock.call_later(40, lambda: seen.append("b"))
    clock.advance(50)
    assert seen == [1000.0, "a", 1030.0, "b", 1040.0]
    assert clock.now() == 1050.0


@pytest.mark.parametrize("frozen", [True, False])
def test_it_goes_to_the_next_deadline_and_no_further(clock: Clock, *, frozen: bool) -> None:
    if frozen:
        clock.freeze()
    seen: list[str | float] = []
    clock.settle = lambda: seen.append(clock.now())
    for name, seconds in (("late", 60), ("early", 30), ("same", 30)):
        clock.call_later(seconds, lambda name=name: seen.append(name))  # type: ignore[misc]
    assert clock.advance_to_next()
    assert seen == [1000.0, "early", "same", 1030.0]
    assert clock.advance_to_next()
    assert clock.now() == 1060.0
    assert not clock.advance_to_next()
    assert clock.now() == 1060.0
    assert clock.frozen == frozen


def test_how_far_it_goes_to_the_next_deadline_can_be_limited(clock: Clock) -> None:
    clock.freeze()
    clock.call_later(30, lambda: None)
    assert not clock.advance_to_next(29)
    assert clock.now() == 1029.0
    assert clock.advance_to_next(1)
    assert not clock.advance_to_next(0)
    assert not clock.advance_to_next(5)
    assert clock.now() == 1035.0
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance_to_next(-1)


def test_where_there_is_nothing_to_do_any_more_is_no_deadline(clock: Clock) -> None:
    """A queue's timer is not moved for each message that is deleted: it looks, and waits on."""
    clock.freeze()
    due = 1090.0
    looked: list[float] = []

    def look() -> None:
        looked.append(clock.now())
        clock.call_at(due, looked.clear)

    clock.call_at(1030.0, look, lambda: False)
    assert clock.next_deadline() == due
    assert looked == [1000.0]
    assert clock.advance_to_next()
    assert (clock.now(), looked) == (due, [])


def test_what_is_needed_at_its_time_is_not_done_before(clock: Clock) -> None:
    clock.freeze()
    seen: list[float] = []
    clock.call_at(1030.0, lambda: seen.append(clock.now()), lambda: True)
    assert clock.next_deadline() == 1030.0
    assert seen == []
    clock.advance(60)
    assert seen == [1030.0]


def test_a_cancelled_timer_does_not_run(clock: Clock) -> None:
    clock.freeze()
    timer = clock.call_later(10, lambda: pytest.fail("It ran."))
    timer.cancel()
    assert clock.next_deadline() is None
    clock.advance(20)


def test_a_timer_that_fails_does_not_stop_the_others(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    clock.freeze()
    seen: list[str] = []

    def fail() -> None:
        raise LookupError("no such queue")

    clock.call_later(10, fail)
    clock.call_later(20, lambda: seen.append("ran"))
    clock.advance(30)
    assert seen == ["ran"]
    assert "no such queue" in caplog.text


def test_a_running_clock_fires_what_is_due(clock: Clock, machine: Machine) -> None:
    seen: list[float] = []
    clock.call_later(10, lambda: seen.append(clock.now()))
    clock.call_later(25, lambda: seen.append(clock.now()))
    assert clock.fire_due() == 10.0
    machine.time += 11
    assert clock.fire_due() == 14.0
    assert seen == [1011.0]


def test_a_frozen_clock_fires_nothing_and_asks_for_no_second_look(clock: Clock, machine: Machine) -> None:
    clock.call_later(10, lambda: pytest.fail("It ran."))
    clock.freeze()
    machine.time += 60
    assert clock.fire_due() is None


def test_a_wait_ends_when_the_clock_is_advanced_past_it(clock: Clock) -> None:
    clock.freeze()
    condition = threading.Condition()
    ended: list[bool] = []

    def wait() -> None:
        with condition:
            ended.append(clock.wait_for(condition, lambda: False, 43_200))

    waiting = threading.Thread(target=wait)
    waiting.start()
    while clock.next_deadline() is None:
        pass
    clock.advance(43_199)
    assert waiting.is_alive()
    clock.advance(1)
    waiting.join(10)
    assert ended == [False]
    assert clock.next_deadline() is None


def test_a_wait_of_somebody_outside_ends_after_as_much_real_time(clock: Clock) -> None:
    clock.freeze()
    condition = threading.Condition()
    with condition:
        assert not clock.wait_for(condition, lambda: False, 20, real_seconds=0.01)


def test_a_reset_keeps_what_is_waited_for_as_far_away_as_it_was(clock: Clock, machine: Machine) -> None:
    clock.freeze()
    clock.advance(43_200)
    clock.call_later(30, lambda: None)
    machine.time += 1
    clock.reset()
    assert not clock.frozen
    assert clock.now() == 1001.0
    assert clock.next_deadline() == 1031.0


def test_accounts_do_not_feel_each_others_time() -> None:
    one, other = Clock("111111111111"), Clock("222222222222")
    one.freeze()
    one.advance(3600)
    assert not other.frozen
    assert other.now() < one.now()


def test_a_ticker_knows_the_clocks_that_were_added() -> None:
    ticker = Ticker()
    clock = Clock(ACCOUNT)
    ticker.add(clock)
    assert ticker.clocks() == [clock]
