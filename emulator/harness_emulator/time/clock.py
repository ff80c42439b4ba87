"""One clock per account: whatever in the emulator waits or stamps asks it, and a test can move it.

A clock runs with the machine's until it is frozen or advanced. Frozen, it stands: also while a handler runs
or a debugger holds one. It never goes back, except by `reset`.

Nothing here knows SQS or Lambda. Timers are run by the thread that advances the clock or, on a running clock,
by one thread for all clocks: what they do must be short, and wait for nothing.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from typing import TYPE_CHECKING

from harness_emulator.time.timers import ClockState, Timer

if TYPE_CHECKING:
    from collections.abc import Callable

LOG = logging.getLogger(__name__)

LONGEST_SLEEP = 3600.0
"""Seconds after which the timers' thread looks again in any case: the machine's clock may be set."""


class Clock:
    """The time of one account.

    Args:
        account: Its 12 digits.
        wall: The machine's clock, in epoch seconds.

    Attributes:
        settle: Called before and between the steps of an advance.
        advances: How many there have been.
    """

    def __init__(self, account: str, wall: Callable[[], float] = time.time) -> None:
        self.account = account
        self.settle: Callable[[], None] = _nothing
        self.advances = 0
        self._wall = wall
        self._lock = threading.Lock()
        self._firing = threading.RLock()
        self._timers: list[Timer] = []
        self._numbers = itertools.count()
        self._offset = 0.0
        self._frozen_at: float | None = None
        self._latest = wall()
        self._tell: Callable[[ClockState], object] = _unheard

    def now(self) -> float:
        """Epoch seconds. Never less than at an earlier call, also when the machine's clock is set back."""
        frozen_at = self._frozen_at
        if frozen_at is not None:
            return frozen_at
        now = self._wall() + self._offset
        latest = self._latest
        if now < latest:
            return latest
        self._latest = now
        return now

    @property
    def millis(self) -> int:
        """Epoch milliseconds, as SQS's and CloudWatch's timestamps are."""
        return int(self.now() * 1000)

    @property
    def frozen(self) -> bool:
        """Whether it stands."""
        return self._frozen_at is not None

    def freeze(self) -> float:
        """Stop it; returns the time at which it stands. A frozen clock stays as it is."""
        with self._firing, self._lock:
            if self._frozen_at is None:
                self._frozen_at = self.now()
                self._tell(self._state)
            return self._frozen_at

    def resume(self) -> float:
        """Let it run on from the time at which it stands; returns that time."""
        with self._firing:
            with self._lock:
                if self._frozen_at is not None:
                    self._go_on_from(self._frozen_at)
                    self._frozen_at = None
                    self._tell(self._state)
            now = self.now()
        TICKER.look_again()
        return now

    def advance(self, seconds: float) -> float:
        """Move it forward; returns the time then.

        Timers that become due on the way run in the order of their deadlines, each at its own time; the
        system settles before time moves on to the next.

        Args:
            seconds: At least 0.

        Raises:
            ValueError: It would go back.
        """
        if not seconds >= 0:
            raise ValueError(f"A clock does not go back: seconds must be 0 or more, not {seconds}.")
        with self._firing:
            self.advances += 1
            self.settle()
            target = self.now() + seconds
            while self._step(target):
                pass
            self._set(target)
        TICKER.look_again()
        return target

    def advance_to_next(self, most: float | None = None) -> bool:
        """Move it to the next deadline, do what is due then, and let that settle.

        Args:
            most: At most so many seconds, at least 0; None for no limit.

        Returns:
            Whether anything became due. If not, it has moved by `most`, or not at all where there is none.
        """
        if most is not None and not most >= 0:
            raise ValueError(f"A clock does not go back: seconds must be 0 or more, not {most}.")
        with self._firing:
            self.advances += 1
            self.settle()
            target = None if most is None else self.now() + most
            fired = self._step(target)
            if not fired and target is not None:
                self._set(target)
        TICKER.look_again()
        return fired

    def _step(self, target: float | None) -> bool:
        """Go to the next deadline, unless it is after `target`; whether there was one."""
        when = self.next_deadline()
        if when is None or (target is not None and when > target):
            return False
        self._set(when)
        self._fire(self.now())
        self.settle()
        return True

    def reset(self) -> float:
        """Make it the machine's clock again. What is waited for stays as far away as it was.

        Returns:
            By how many seconds it was ahead.
        """
        with self._firing, self._lock:
            back = self._wall() - self.now()
            self._offset, self._frozen_at, self._latest = 0.0, None, 0.0
            self._tell(self._state)
            for timer in self._timers:
                timer.when += back
        TICKER.look_again()
        return -back

    def tell(self, listener: Callable[[ClockState], object]) -> None:
        """Tell `listener`, the only one, how it goes, now and whenever that changes; it must be short."""
        with self._lock:
            self._tell = listener
            listener(self._state)

    @property
    def _state(self) -> ClockState:
        return ClockState(self._offset, self._frozen_at)

    # Timers and waits.

    def call_at(
        self, when: float, action: Callable[[], object], needed: Callable[[], bool] | None = None
    ) -> Timer:
        """Have `action` run when the clock reaches `when`; past: at once, by the timers' thread.

        Args:
            when: Epoch seconds of this clock.
            action: What is run.
            needed: See `Timer`; where it may say no, `action` must do no harm before its time.
        """
        timer = Timer(when, next(self._numbers), action, needed)
        with self._lock:
            heapq.heappush(self._timers, timer)
            first = self._timers[0] is timer
        if first and not self.frozen:
            TICKER.look_again()
        return timer

    def call_later(self, seconds: float, action: Callable[[], object]) -> Timer:
        """Have `action` run when so much of the clock's time has passed."""
        return self.call_at(self.now() + seconds, action)

    def next_deadline(self) -> float | None:
        """When there is something to do next; None where nothing waits for time."""
        while (timer := self._first()) is not None:
            if timer.needed is None or timer.needed():
                return timer.when
            # It would only look, and wait on: it does that now.
            if self._take(timer):
                self._run(timer)
        return None

    def _first(self) -> Timer | None:
        with self._lock:
            while self._timers and self._timers[0].cancelled:
                heapq.heappop(self._timers)
            return self._timers[0] if self._timers else None

    def _take(self, timer: Timer) -> bool:
        """Take the first timer out; False where another one is the first by now."""
        with self._lock:
            if not self._timers or self._timers[0] is not timer:
                return False
            heapq.heappop(self._timers)
            return not timer.cancelled

    def wait_for(
        self,
        condition: threading.Condition,
        predicate: Callable[[], bool],
        seconds: float | None = None,
        *,
        real_seconds: float | None = None,
    ) -> bool:
        """`Condition.wait_for` in this clock's time; the caller holds `condition`.

        Args:
            condition: Notified whenever `predicate` may have changed.
            predicate: What is waited for.
            seconds: At most so long; None without end.
            real_seconds: At most so long by the machine's clock: for those who wait outside (a client's long
                poll), whom a frozen clock must not hang.

        Returns:
            What `predicate` said last.
        """
        deadline = None if seconds is None else self.now() + seconds
        real_deadline = None if real_seconds is None else time.monotonic() + real_seconds

        def wake() -> None:
            with condition:
                condition.notify_all()

        timer = None if deadline is None else self.call_at(deadline, wake)
        try:
            while not (met := predicate()):
                real_left = None if real_deadline is None else real_deadline - time.monotonic()
                if (real_left is not None and real_left <= 0) or (
                    deadline is not None and self.now() >= deadline
                ):
                    break
                condition.wait(real_left)
            return met
        finally:
            if timer is not None:
                timer.cancel()

    # What the timers' thread asks.

    def fire_due(self) -> float | None:
        """Run what is due; returns after how many real seconds to look again, None where there is nothing.

        Where the clock is being advanced, that runs it.
        """
        if not self._firing.acquire(blocking=False):
            return None
        try:
            self._fire(self.now())
            when = self.next_deadline()
            return None if when is None or self.frozen else max(0.0, when - self.now())
        finally:
            self._firing.release()

    def _fire(self, now: float) -> None:
        while (timer := self._pop(now)) is not None:
            self._run(timer)

    @staticmethod
    def _run(timer: Timer) -> None:
        try:
            timer.action()
        except Exception:
            LOG.exception("What was to be done at %s failed.", timer.when)

    def _pop(self, now: float) -> Timer | None:
        with self._lock:
            while self._timers and (self._timers[0].cancelled or self._timers[0].when <= now):
                timer = heapq.heappop(self._timers)
                if not timer.cancelled:
                    return timer
            return None

    def _set(self, now: float) -> None:
        with self._lock:
            now = max(now, self.now())
            if self._frozen_at is not None:
                self._frozen_at = now
            else:
                self._go_on_from(now)
            self._tell(self._state)

    def _go_on_from(self, now: float) -> None:
        self._offset = now - self._wall()
        self._latest = now


class Ticker:
    """The thread that runs the timers of all running clocks."""

    def __init__(self) -> None:
        self._clocks: list[Clock] = []
        self._changed = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, clock: Clock) -> None:
        """From now on, run this clock's timers too."""
        with self._lock:
            self._clocks.append(clock)

    def clocks(self) -> list[Clock]:
        """All clocks."""
        with self._lock:
            return list(self._clocks)

    def look_again(self) -> None:
        """A deadline is nearer than all before, or a clock runs again."""
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="clocks", daemon=True)
                    self._thread.start()
        self._changed.set()

    def _run(self) -> None:
        while True:
            self._changed.clear()
            waits = [left for clock in self.clocks() if (left := clock.fire_due()) is not None]
            self._changed.wait(min([LONGEST_SLEEP, *waits]))


def _nothing() -> None:
    return


def _unheard(_: ClockState) -> None:
    return


TICKER = Ticker()
