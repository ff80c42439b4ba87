"""What a process holds of the machine's memory."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness_emulator.functions import memory

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 2**22 + 1
"""Above the largest process id that Linux gives out."""

HOLD = "import sys; held = bytearray(100 << 20); print('held', flush=True); sys.stdin.read()"
HOLD_IN_A_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}])"


@contextmanager
def running(script: str) -> Iterator[int]:
    """The process id of a script that has said `held`, or whose child has."""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"held\n"
        yield process.pid
        process.stdin.close()


def test_the_memory_of_a_process_and_its_peak() -> None:
    with running(HOLD) as pid:
        assert memory.used(pid) > 100 * memory.MEBIBYTE
        assert memory.peak(pid) > 100 * memory.MEBIBYTE or not memory.HAS_PROC


def test_what_a_process_started_counts_too() -> None:
    with running(HOLD_IN_A_CHILD) as pid:
        assert memory.used(pid) > 100 * memory.MEBIBYTE
        assert memory.peak(pid) < 100 * memory.MEBIBYTE


def test_a_process_that_is_gone_uses_nothing() -> None:
    assert memory.used(NOBODY) == 0
    assert memory.peak(NOBODY) == 0
