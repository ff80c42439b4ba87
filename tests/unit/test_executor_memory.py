"""What a process holds of the machine's memory."""

from __future__ import annotations

import os
import subprocess
import sys

from harness.emulator.executor import memory

NOBODY = 2**22 + 1
"""Above the largest process id that Linux gives out."""


def test_the_memory_of_a_process_and_its_peak() -> None:
    now = memory.used(os.getpid())
    assert now > 10 * memory.MEBIBYTE
    assert memory.peak(os.getpid()) >= now // 2 or not memory.HAS_PROC


def test_what_a_process_started_counts_too() -> None:
    script = "import sys; held = bytearray(100 << 20); print('held', flush=True); sys.stdin.read()"
    before = memory.used(os.getpid())
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        assert memory.used(os.getpid()) >= before + 100 * memory.MEBIBYTE
        child.kill()


def test_a_process_that_is_gone_uses_nothing() -> None:
    assert memory.used(NOBODY) == 0
    assert memory.peak(NOBODY) == 0
