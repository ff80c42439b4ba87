"""How many batches of one mapping may be in flight at once.

AWS publishes where this begins, how fast it grows and where it ends (rows B-49, B-52, B-54). How it shrinks,
and how it backs off when a function fails or is throttled (B-32, B-33), has no published numbers: those
below are this project's, chosen to be simple.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from harness_emulator.mapping.settings import MappingSettings

STANDARD_START = 5
STANDARD_GROWTH = 300
STANDARD_MOST = 1250
POLLER_BATCHES = 10
"""Batches of one event poller of provisioned mode."""
PROVISIONED_GROWTH = 1000
PROVISIONED_MOST = 20_000
LEAST = 2
"""What an idle mapping, or one whose function fails, may come down to."""
IDLE_SECONDS = 60.0
"""After so long without a message a mapping is back at what it starts with (own number)."""
LONG_IDLE_SECONDS = 300.0
"""After so long it is at `LEAST` (own number)."""
GROWTH_DELAY_SECONDS = 5.0
"""How long a backlog has to last before more are started (own number, AWS only says how many a minute): a
short burst must not pay for starting processes that it does not need."""
GROWTH_STEP_SECONDS = 1.0
"""How often a growing mapping starts more."""

FEWEST_PROCESSES = 20
PROCESS_BYTES = 256 * 1024 * 1024
PROCESSES_OF_A_CORE = 32


@cache
def machine_limit() -> int:
    """Batches of one mapping that this machine can run at once: each is a process of a function."""
    by_memory = psutil.virtual_memory().total // PROCESS_BYTES
    return max(FEWEST_PROCESSES, min(by_memory, PROCESSES_OF_A_CORE * (os.cpu_count() or 1)))


@dataclass(frozen=True)
class Limits:
    """What AWS says about a mapping's concurrency.

    Attributes:
        start: Batches at once to begin with.
        most: Batches at once, ever.
        growth: More of them per minute, while there is a backlog.
        least: What it comes down to when nothing comes, or the function fails.
    """

    start: int
    most: int
    growth: int
    least: int

    @classmethod
    def of(cls, settings: MappingSettings) -> Limits:
        """Those of a mapping."""
        if settings.pollers is not None:
            least, most = (pollers * POLLER_BATCHES for pollers in settings.pollers)
            return cls(least, min(most, PROVISIONED_MOST), PROVISIONED_GROWTH, least)
        most = min(STANDARD_MOST, settings.concurrency or STANDARD_MOST)
        if settings.fifo:
            # As many as there are active groups (B-51): the queue gives no message of a group in flight.
            return cls(most, most, 0, LEAST)
        return cls(min(STANDARD_START, most), most, STANDARD_GROWTH, LEAST)


class Scaling:
    """The concurrency of one mapping; its caller holds a lock.

    Args:
        limits: AWS's numbers.
        machine: The most that this machine can do.
        shrinks: Whether it comes down to `least` when it is idle for long: not with MaximumConcurrency.
    """

    def __init__(self, limits: Limits, machine: int, *, shrinks: bool = True) -> None:
        self._limits = limits
        self._most = min(limits.most, machine)
        self._shrinks = shrinks
        self._reached = float(min(limits.start, self._most))
        self._backlog_since: float | None = None
        self._idle_since: float | None = None
        self._withheld = 0

    @classmethod
    def of(cls, settings: MappingSettings) -> Scaling:
        """That of a mapping, on this machine."""
        return cls(Limits.of(settings), machine_limit(), shrinks=settings.concurrency is None)

    def allowed(self, now: float) -> int:
        """Batches that may be in flight now."""
        return max(min(self._limits.least, self._most), int(self._level(now)) - self._withheld)

    def saturated(self, now: float) -> float | None:
        """As many are in flight as may be, and there is more: if that lasts, it grows.

        Returns:
            After how many seconds more are allowed; None where no more ever are.
        """
        if self._backlog_since is None:
            self._backlog_since = now
        if not self._limits.growth or self._level(now) >= self._most:
            return None
        return max(GROWTH_STEP_SECONDS, self._backlog_since + GROWTH_DELAY_SECONDS - now)

    def working(self, now: float) -> None:
        """A batch begins: after a long pause there is not as much room for it as there was."""
        if self._idle_since is not None:
            idle, self._idle_since = now - self._idle_since, None
            self._shrink(idle)

    def drained(self, now: float, *, idle: bool) -> None:
        """No message waits; it keeps what it has.

        Args:
            now: The account's time.
            idle: Nothing is in flight either.
        """
        self._reached = self._level(now)
        self._backlog_since = None
        if idle and self._idle_since is None:
            self._idle_since = now

    def failed(self) -> None:
        """A batch failed, or was throttled: one fewer at once."""
        self._withheld = min(self._withheld + 1, max(0, int(self._reached) - self._limits.least))

    def succeeded(self) -> None:
        """A batch went through: one of those that were taken away is given back."""
        self._withheld = max(0, self._withheld - 1)

    def _level(self, now: float) -> float:
        if self._backlog_since is None:
            return self._reached
        lasting = max(0.0, now - self._backlog_since - GROWTH_DELAY_SECONDS)
        return min(self._most, self._reached + lasting * self._limits.growth / 60)

    def _shrink(self, idle: float) -> None:
        if idle >= IDLE_SECONDS:
            self._reached = min(self._reached, self._limits.start)
            self._withheld = 0
        if idle >= LONG_IDLE_SECONDS and self._shrinks and self._limits.growth:
            self._reached = min(self._reached, self._limits.least)
