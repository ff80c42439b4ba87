"""The emulator's side of the reaper: no process that a function started outlives the emulator."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

from harness_emulator.functions import reaper

kill_marked = reaper.kill_marked
kill_group = reaper.kill_group


class Reaper:
    """Starts the reaper process at first use, and again should somebody kill it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._groups: dict[int, str] = {}

    def add(self, group: int, mark: str) -> None:
        """Have `group` killed when the emulator ends.

        Args:
            group: Process group id.
            mark: Text that the environment of each of its processes holds; no white space.
        """
        with self._lock:
            self._groups[group] = mark
            self._write(f"+ {group} {mark}\n")

    def discard(self, group: int) -> None:
        """The group has ended."""
        with self._lock:
            if self._groups.pop(group, None) is not None:
                self._write(f"- {group}\n")

    @property
    def pid(self) -> int | None:
        """The reaper's process, if it was started."""
        return self._process.pid if self._process is not None else None

    def _write(self, line: str) -> None:
        if self._process is None or self._process.poll() is not None:
            self._start()
            return  # which tells it of all groups
        try:
            _send(self._process, line)
        except BrokenPipeError:
            self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", Path(reaper.__file__)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            start_new_session=True,
        )
        for group, mark in self._groups.items():
            _send(self._process, f"+ {group} {mark}\n")


def _send(process: subprocess.Popen[bytes], line: str) -> None:
    stream: IO[bytes] | None = process.stdin
    if stream is not None:
        stream.write(line.encode())
        stream.flush()


REAPER = Reaper()
