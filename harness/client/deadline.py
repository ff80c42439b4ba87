"""A span of real time that ends, and pauses within it."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_POLL = 20  # seconds; SQS refuses a longer WaitTimeSeconds


_shortest = 0.0


def lengthen_deadlines(seconds: float) -> None:
    """Let no deadline made from now on end sooner: somebody may look at a stopped function."""
    global _shortest  # noqa: PLW0603 - one debugger for the whole process
    _shortest = seconds


class Deadline:
    """Ends `seconds` after it was made."""

    def __init__(self, seconds: float) -> None:
        self.seconds = max(seconds, _shortest)
        self._end = time.monotonic() + self.seconds

    @property
    def remaining(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self._end - time.monotonic())

    @property
    def over(self) -> bool:
        """Whether the span has ended."""
        return self.remaining <= 0

    def poll_seconds(self, longest: int = LONGEST_POLL) -> int:
        """WaitTimeSeconds for a long poll within the deadline: whole seconds, rounded up."""
        return min(longest, LONGEST_POLL, math.ceil(self.remaining))


T = TypeVar("T")


def until(probe: Callable[[], T | None], deadline: Deadline, *, every: float = 0.05) -> T | None:
    """Call `probe` until it returns something, at least once, and None when the deadline comes first.

    For what AWS offers no waiting call for: log events, the state of a function.
    """
    pause = threading.Event()
    while True:
        found = probe()
        if found is not None or deadline.over:
            return found
        pause.wait(min(every, deadline.remaining))
