"""When an account has settled: nothing in it can move unless time moves.

Whatever can move is a `Source`, which says in sentences what still does. Whoever starts, ends or wakes
something bumps the account's generation; a look at all sources counts only when the generation is the same
before and after it. So it is exact, and nothing is polled.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from harness_emulator.time import real_time

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from harness_emulator.time.clock import Clock
    from harness_emulator.time.turns import Turns

ADVANCE_SECONDS = 10.0
"""Real seconds for which an advance of the clock waits at each deadline for what moves. What takes longer,
such as a handler that sleeps, or one that a debugger holds, is not waited for again by that advance's other
deadlines."""


class Source(Protocol):
    """Something that can move by itself."""

    def moving(self) -> list[str]:
        """A sentence about everything that moves; empty when it waits for messages or time."""


class Activity:
    """What goes on in one account.

    `_generation` counts what starts, ends or has to look again; `_settled` is the one at which nothing moved.

    Args:
        clock: The account's; from now on it lets the account settle on the way of an advance.
        turns: The account's.
    """

    def __init__(self, clock: Clock, turns: Turns) -> None:
        self._clock = clock
        self._turns = turns
        self._changed = threading.Condition()
        self._generation = 0
        self._settled = -1
        self._sources: list[Source] = []
        self._running: dict[object, str] = {}
        self._given_up: frozenset[object] = frozenset()
        self._advance = 0
        clock.settle = self.settle_for_clock

    def bump(self) -> None:
        """Something started, ended, or has to look again."""
        with self._changed:
            self._generation += 1
            self._changed.notify_all()

    def add(self, source: Source) -> None:
        """From now on it has to be quiet, too."""
        with self._changed:
            self._sources.append(source)
        self.bump()

    def remove(self, source: Source) -> None:
        """It is gone."""
        with self._changed:
            if source in self._sources:
                self._sources.remove(source)
        self.bump()

    def begin(self, token: object, what: str) -> None:
        """Something runs; `what` is a sentence."""
        with self._changed:
            self._running[token] = what
        self.bump()

    def end(self, token: object) -> None:
        """It has ended; twice is no matter."""
        with self._changed:
            self._running.pop(token, None)
        self.bump()

    @contextmanager
    def running(self, what: str) -> Iterator[None]:
        """Something runs as long as the block does."""
        token = object()
        self.begin(token, what)
        try:
            yield
        finally:
            self.end(token)

    def moving(self, ignored: Container[object] = ()) -> list[str]:
        """What moves now, but for the ignored tokens."""
        with self._changed:
            sources = list(self._sources)
            running = [what for token, what in self._running.items() if token not in ignored]
        return [sentence for source in sources for sentence in source.moving()] + running

    def wait_until_settled(self, seconds: float, ignored: Container[object] = ()) -> list[str]:
        """Wait until only the passing of time could start more work, for so many real seconds at most.

        Returns:
            Empty when it has settled: no mapping would take a visible message, no batch is being formed that
            does not wait for time, no function runs. Else sentences that say what still moves.
        """
        deadline = real_time.deadline(seconds)
        while True:
            with self._changed:
                seen = self._generation
            moving = self.moving(ignored)
            with self._changed:
                settled = not moving and self._generation == seen
                if settled:
                    self._settled = seen
                elif self._generation == seen:
                    self._wait_for_change(seen, deadline.left)
            if settled and not self._turns.give():
                return []
            if moving and deadline.passed:
                return moving

    def _wait_for_change(self, seen: int, seconds: float) -> None:
        real_time.wait_for(self._changed, lambda: self._generation != seen, seconds)

    def settle_for_clock(self) -> None:
        """Between two deadlines of an advance: wait, but not again for what did not end the last time."""
        advance = self._clock.advances
        if advance != self._advance:
            self._advance, self._given_up, self._settled = advance, frozenset(), -1
        if self._generation == self._settled and not self._turns.claimed:
            return  # an advance may pass thousands of deadlines at which nothing is set in motion
        if self.wait_until_settled(ADVANCE_SECONDS, self._given_up):
            with self._changed:
                self._given_up = frozenset(self._running)
