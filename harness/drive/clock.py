"""The clock of an environment: where the emulator is the harness's own, a test can stop it and move it."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from harness.errors import HarnessError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.control import ControlApi

ADVANCE_SECONDS = 600.0
"""How long one advance may take: whatever becomes due on the way is done before it answers."""


class Clock:
    """The time of one account: visibility timeouts, delays, retention and all else that waits follow it.

    Where the environment has no clock to move (a LocalStack as it comes, AWS), `advance` waits, `now` is the
    machine's time, and `freeze` and `resume` are refused.

    Args:
        control: Of the account; None where there is no clock to move.
        wait: What waits where there is no clock to move, by default the machine's `time.sleep`.
    """

    def __init__(self, control: ControlApi | None, wait: Callable[[float], object] = time.sleep) -> None:
        self._control = control
        self._wait = wait

    @property
    def virtual(self) -> bool:
        """Whether it can be stopped and moved (the capability `virtual_clock`)."""
        return self._control is not None

    def now(self) -> float:
        """Epoch seconds."""
        return float(self._control.call("GET", "clock")["now"]) if self._control else time.time()

    @property
    def frozen(self) -> bool:
        """Whether it stands."""
        return bool(self._control.call("GET", "clock")["frozen"]) if self._control else False

    def freeze(self) -> float:
        """Stop it; returns the time at which it stands, in epoch seconds. A frozen clock stays as it is.

        Raises:
            HarnessError: There is no clock to stop.
        """
        return self._move("freeze")

    def resume(self) -> float:
        """Let it run on from the time at which it stands; returns that time, in epoch seconds.

        Raises:
            HarnessError: There is no clock that could have been stopped.
        """
        return self._move("resume")

    def advance(self, seconds: float) -> float:
        """Move it forward, frozen or not; returns the time then, in epoch seconds.

        What becomes due on the way is done, each at its own time. Where there is no clock to move, it waits.

        Args:
            seconds: 0 or more.

        Raises:
            UsageError: It would go back, or never end.
        """
        if not math.isfinite(seconds) or seconds < 0:
            raise UsageError(
                f"A clock does not go back: advance({seconds}).",
                hint="Say how many seconds shall pass: 0 or more.",
            )
        if self._control is None:
            self._wait(seconds)
            return self.now()
        return self._move("advance", seconds=float(seconds))

    def _move(self, action: str, **more: float) -> float:
        if self._control is None:
            raise HarnessError(
                f"Cannot {action} the clock: this environment has none of its own, its time is the real one.",
                hint='`@pytest.mark.needs("virtual_clock")` skips the test there; `advance` waits.',
            )
        answer = self._control.call("POST", "clock", {"action": action, **more}, timeout=ADVANCE_SECONDS)
        return float(answer["now"])
