"""An account's clock as a file that functions' processes map into their memory and read without asking."""

from __future__ import annotations

import mmap
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from harness_emulator.time.timers import ClockState

LAYOUT = struct.Struct("@Qdd")
"""How often it was written, twice over; what to add to the machine's epoch seconds; the epoch seconds at
which the clock stands, or `RUNS`. While the first is odd, the others are being written."""
RUNS = -1.0


class ClockFile:
    """What `harness_emulator.functions.time_follower` reads.

    Args:
        path: The file; one that is there is replaced.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with path.open("w+b") as file:
            file.truncate(LAYOUT.size)
            self._memory = mmap.mmap(file.fileno(), LAYOUT.size)
        self._writes = 0

    def write(self, state: ClockState) -> None:
        """Tell how the clock goes from now on; one thread at a time."""
        frozen_at = RUNS if state.frozen_at is None else state.frozen_at
        LAYOUT.pack_into(self._memory, 0, self._writes + 1, state.offset, frozen_at)
        self._writes += 2
        LAYOUT.pack_into(self._memory, 0, self._writes, state.offset, frozen_at)
