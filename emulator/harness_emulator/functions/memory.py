"""A function's memory: what its processes use, and the end of those that use more than the function has."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import psutil

from harness_emulator.time import real_time

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLE_SECONDS = 0.025
MEBIBYTE = 1024 * 1024
PAGE = os.sysconf("SC_PAGE_SIZE")
HAS_PROC = Path("/proc/self/statm").exists()


class Watched(Protocol):
    """A process under a limit."""

    pid: int
    memory_limit: int
    memory_peak: int

    def kill(self) -> None:
        """Its processes hold more than `memory_limit` bytes."""
        ...


def used(pid: int) -> int:
    """Bytes of physical memory that a process and its descendants hold now."""
    try:
        if HAS_PROC:
            return sum(_resident(process) for process in _family(pid))
        root = psutil.Process(pid)
        return sum(process.memory_info().rss for process in (root, *root.children(recursive=True)))
    except (OSError, psutil.Error):
        return 0


def peak(pid: int) -> int:
    """The most that the process itself ever held; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return 0
    start = status.find(b"VmHWM:")
    return int(status[start:].split(None, 2)[1]) * 1024 if start >= 0 else 0


def _family(pid: int) -> Iterator[int]:
    yield pid
    with contextlib.suppress(OSError):  # it may end meanwhile
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_bytes().split():
                yield from _family(int(child))


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0  # it ended meanwhile


class MemoryGuard:
    """One thread that looks at processes while they work, and sleeps otherwise."""

    def __init__(self) -> None:
        self._watched: dict[int, Watched] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def watching(self, process: Watched) -> Iterator[None]:
        """Hold `process` to its limit during the block."""
        with self._changed:
            self._watched[process.pid] = process
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="function-memory", daemon=True)
                self._thread.start()
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._watched.pop(process.pid, None)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._watched)
            # Most invocations are shorter than this, and cost no look at all.
            real_time.pause(SAMPLE_SECONDS)
            with self._changed:
                processes = list(self._watched.values())
            for process in processes:
                amount = used(process.pid)
                process.memory_peak = max(process.memory_peak, amount)
                if amount > process.memory_limit:
                    process.kill()


GUARD = MemoryGuard()
