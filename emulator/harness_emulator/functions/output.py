"""What a function's process writes: one pipe for lines and for the runtime client's framed log records."""

from __future__ import annotations

import logging
import os
import selectors
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness_emulator.time import real_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOG = logging.getLogger(__name__)

FRAME_START = b"\xa5\x5a\x00"
"""First bytes of a frame: type (4 bytes, the last one a level), length (4), microseconds (8), message."""

FRAME_HEADER = 16
LONGEST_FRAME = 8 * 1024 * 1024
LONGEST_EVENT = 250_000
"""CloudWatch Logs takes events of up to 256 KiB; longer lines become several."""


@dataclass
class OutputParser:
    """Cuts the bytes of the pipe into log events.

    A printed line is one event; a record of the logging library, or an unhandled exception with its
    traceback, is one event however many lines it has.
    """

    buffer: bytes = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, str]]:
        """Each event that is complete now: epoch milliseconds of the machine, and text."""
        self.buffer += data
        while True:
            start = self.buffer.find(FRAME_START)
            newline = self.buffer.find(b"\n", 0, start if start > 0 else None) if start else -1
            if newline >= 0:
                line, self.buffer = self.buffer[: newline + 1], self.buffer[newline + 1 :]
                yield from _events(_now(), line)
            elif start > 0:  # printed without a newline, before a frame
                line, self.buffer = self.buffer[:start], self.buffer[start:]
                yield from _events(_now(), line)
            elif start == 0:
                frame = self._frame()
                if frame is None:
                    return
                yield from _events(*frame)
            else:
                return

    def flush(self) -> Iterator[tuple[int, str]]:
        """What is left: a last line without its newline."""
        rest, self.buffer = self.buffer, b""
        yield from _events(_now(), rest)

    def _frame(self) -> tuple[int, bytes] | None:
        if len(self.buffer) < FRAME_HEADER:
            return None
        length = int.from_bytes(self.buffer[4:8], "big")
        if length > LONGEST_FRAME:  # bytes that only look like a frame
            taken, self.buffer = self.buffer[: len(FRAME_START)], self.buffer[len(FRAME_START) :]
            return _now(), taken
        end = FRAME_HEADER + length
        if len(self.buffer) < end:
            return None
        stamp = int.from_bytes(self.buffer[8:16], "big") // 1000
        message, self.buffer = self.buffer[FRAME_HEADER:end], self.buffer[end:]
        return stamp, message


def _events(stamp: int, data: bytes) -> Iterator[tuple[int, str]]:
    text = data.decode("utf-8", "replace").rstrip("\r\n")
    # CloudWatch Logs takes no empty event.
    for start in range(0, len(text), LONGEST_EVENT):
        yield stamp, text[start : start + LONGEST_EVENT] + "\n"


def _now() -> int:
    return int(real_time.epoch() * 1000)


@dataclass
class OutputPipe:
    """One process's pipe; `receive` gets its events in order, from one thread at a time."""

    receive: Callable[[int, str], None]
    parser: OutputParser = field(default_factory=OutputParser)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        self._closed = False
        LOOP.add(self._reader, self.pump)

    def started(self) -> None:
        """The process has its end; ours is not needed any more."""
        os.close(self.writer)

    def pump(self) -> None:
        """Take all that was written so far."""
        with self._lock:
            while not self._closed:
                try:
                    data = os.read(self._reader, 1 << 16)
                except BlockingIOError:
                    return
                if not data:
                    self._close()
                    return
                for stamp, text in self.parser.feed(data):
                    self.receive(stamp, text)

    def flush(self) -> None:
        """Take all that was written so far, a line without its newline too."""
        self.pump()
        with self._lock:
            for stamp, text in self.parser.flush():
                self.receive(stamp, text)

    def close(self) -> None:
        """Read no more; a process that left its group may still hold the other end."""
        self.flush()
        with self._lock:
            self._close()

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            LOOP.remove(self._reader)
            os.close(self._reader)


class OutputLoop:
    """One thread that reads all pipes."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, reader: int, pump: Callable[[], None]) -> None:
        """Call `pump` whenever `reader` can be read."""
        with self._lock:
            self._selector.register(reader, selectors.EVENT_READ, pump)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="function-output", daemon=True)
                self._thread.start()

    def remove(self, reader: int) -> None:
        """Forget `reader`, before it is closed."""
        with self._lock:
            self._selector.unregister(reader)

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                try:
                    key.data()
                except Exception:
                    LOG.exception("Output of a function was lost.")


LOOP = OutputLoop()
