"""Programs that the deployment runs: their output collected, and none left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

GRACE = 10.0
"""Seconds that an interrupted program has to end by itself."""


@dataclass(frozen=True)
class Finished:
    """A program that ended: its exit code, and both its outputs as text, in the order in which they came."""

    code: int
    output: str


class ProcessGroup:
    """Programs that run in other threads, interrupted together when their work is no longer wanted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._ended = False

    def end(self) -> None:
        """Interrupt what runs, and whatever is started from now on."""
        with self._lock:
            self._ended = True
            for process in self._running:
                _signal_group(process, signal.SIGINT)

    @contextmanager
    def holding(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """Count a program in while the block runs."""
        with self._lock:
            self._running.add(process)
            if self._ended:
                _signal_group(process, signal.SIGINT)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(process)


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    pass_fds: Sequence[int] = (),
    lifeline: bool = False,
    group: ProcessGroup | None = None,
    grace: float = GRACE,
    on_line: Callable[[str], None] | None = None,
) -> Finished:
    """Run a program in a process group of its own and wait for it.

    When the wait is interrupted (Ctrl-C), the program is interrupted too, and killed if it does not end.

    Args:
        command: The program and its arguments; no shell is involved.
        cwd: Its working directory.
        environ: Its whole environment.
        pass_fds: File descriptors that it inherits.
        lifeline: Keep a pipe open as its standard input, by which it notices that this process is gone.
        group: Interrupts it when the group is ended.
        grace: Seconds that it has to end by itself when it is interrupted.
        on_line: Called with each line of its output, as soon as it is written.

    Raises:
        OSError: It cannot be started.
    """
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(environ),
        stdin=subprocess.PIPE if lifeline else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=pass_fds,
        start_new_session=True,
    )
    with process, (group or ProcessGroup()).holding(process):
        try:
            output = _collected(process, on_line)
            code = process.wait()
        except BaseException:
            _end(process, grace)
            raise
    return Finished(code, output.decode(errors="replace"))


def _collected(process: subprocess.Popen[bytes], on_line: Callable[[str], None] | None) -> bytes:
    if process.stdout is None:
        return b""
    if on_line is None:
        return process.stdout.read()
    lines = []
    for line in process.stdout:
        lines.append(line)
        on_line(line.decode(errors="replace").rstrip("\n"))
    return b"".join(lines)


def _end(process: subprocess.Popen[bytes], grace: float) -> None:
    _signal_group(process, signal.SIGINT)
    try:
        process.communicate(timeout=grace)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        _signal_group(process, signal.SIGKILL)
        process.communicate()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
