"""The machine's own time, for what lives in it: functions' processes, and clients that wait outside.

Everything else asks its account's clock (`time.clock`). Nothing in the emulator but that module and this one
calls `time` or `datetime.now`, or waits for a number of seconds.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def now() -> float:
    """Seconds of a clock that never goes back; only differences mean something."""
    return time.monotonic()


def epoch() -> float:
    """Seconds since 1970, as a function's process sees them."""
    return time.time()


class RealDeadline:
    """A moment of real time, from which `left` counts down.

    Args:
        seconds: How far away it is.
    """

    def __init__(self, seconds: float) -> None:
        self._end = now() + seconds

    @property
    def left(self) -> float:
        """Seconds until then, at least 0."""
        return max(0.0, self._end - now())

    @property
    def passed(self) -> bool:
        """Whether it is over."""
        return self.left <= 0


def deadline(seconds: float) -> RealDeadline:
    """The moment after so many seconds."""
    return RealDeadline(seconds)


def pause(seconds: float) -> None:
    """Do nothing for so long."""
    time.sleep(seconds)


def call_later(seconds: float, action: Callable[[], object]) -> threading.Timer:
    """Have a thread of its own run `action` after so many seconds, unless what is returned is cancelled."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
    return timer


def wait_for(condition: threading.Condition, predicate: Callable[[], bool], seconds: float) -> bool:
    """`Condition.wait_for`; the caller holds `condition`."""
    return condition.wait_for(predicate, seconds)
