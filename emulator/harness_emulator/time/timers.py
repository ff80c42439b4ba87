"""What a clock is made of: what it runs at a time, and how it goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(order=True)
class Timer:
    """Something that is done when the clock reaches a time.

    Attributes:
        when: Epoch seconds of its clock.
        action: Run once, with no lock held.
        needed: Whether there is something to do at `when`. A timer is not moved each time that what it waits
            for goes away; it is asked when it is the next one, and if it says no, it is run early.
    """

    when: float
    number: int
    action: Callable[[], object] = field(compare=False)
    needed: Callable[[], bool] | None = field(default=None, compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Do not run it. It may be running already."""
        self.cancelled = True


@dataclass(frozen=True)
class ClockState:
    """How a clock goes.

    Attributes:
        offset: What it adds to the machine's epoch seconds.
        frozen_at: The epoch seconds at which it stands; None while it runs.
    """

    offset: float
    frozen_at: float | None
