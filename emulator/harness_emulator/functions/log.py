"""The log of one execution environment: stream, lines of the platform, the tail that Invoke returns."""

from __future__ import annotations

import math
import threading
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from harness_emulator.account import ACCOUNTS
from harness_emulator.functions import errors, memory
from harness_emulator.localstack.cloudwatch import WRITER, LogStream
from harness_emulator.time import real_time

if TYPE_CHECKING:
    from pathlib import Path

    from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

    from harness_emulator.functions.runtimes.family import ReadyRuntime

TAIL_LINES = 4096
"""Lines kept for the tail that Invoke returns: its last 4 KiB."""


class EnvironmentLog:
    """Writes the events of one environment, with the times of its account's clock.

    Args:
        function: The version that runs there.
        environment: The environment's id, 32 hex digits.
        task_root: Where the code is.

    Attributes:
        stream: Where the events go (row C-15).
        stamped_by_account: Whether the function's process has the account's time, not the machine's.
    """

    def __init__(self, function: FunctionVersion, environment: str, task_root: Path) -> None:
        self._clock = ACCOUNTS.of(function.id.account).clock
        self._qualifier = function.id.qualifier
        self._memory = function.config.memory_size
        self._frame = f'File "{task_root}/'
        today = datetime.fromtimestamp(self._clock.now(), UTC)
        self.stream = LogStream(
            function.id.account,
            function.id.region,
            function.config.logging_config.get("LogGroup") or f"/aws/lambda/{function.id.function_name}",
            f"{today:%Y/%m/%d}/[{function.id.qualifier}]{environment}",
        )
        self._lock = threading.Lock()
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._latest = 0
        self.stamped_by_account = False

    def write(self, line: str, *, tail: bool = True) -> None:
        """Write an event of the platform's; with `tail`, the caller of the invocation sees it, too."""
        self._append(self._clock.millis, line, tail=tail)

    def receive(self, stamp: int, text: str) -> None:
        """Write an event of the function's.

        Args:
            stamp: Epoch milliseconds of the process's time: when a record was logged, or a line was read.
            text: With the newline at its end.
        """
        if self._frame in text:
            text = text.replace(self._frame, f'File "{errors.TASK_ROOT}/')
        known = not self._clock.frozen and not self.stamped_by_account
        age = max(0, int(real_time.epoch() * 1000) - stamp) if known else 0
        self._append(self._clock.millis - age, text, tail=True)

    def take_tail(self) -> str:
        """What the invocation has logged."""
        with self._lock:
            tail = "".join(self._tail)
            self._tail.clear()
            return tail

    def _append(self, stamp: int, text: str, *, tail: bool) -> None:
        with self._lock:
            # Stamps come from two processes, and events are stored in the order of their stamps. They go
            # back only if the clock did.
            self._latest = max(stamp, min(self._latest, self._clock.millis))
            WRITER.put(self.stream, self._latest, text)
            if tail:
                self._tail.append(text)

    # The platform's lines (rows C-16, C-27).

    def init_start(self, function: FunctionVersion, runtime: ReadyRuntime) -> None:
        """The first event of the stream."""
        arn = (function.config.runtime_version_config or {}).get("RuntimeVersionArn", "")
        version = f"{runtime.language}:{runtime.version}.v0"
        line = f"INIT_START Runtime Version: {version}\tRuntime Version ARN: {arn}\n"
        self.write(line, tail=False)
        if runtime.warning:
            self.write(f"[WARNING] {runtime.warning}\n", tail=False)

    def init_report(self, milliseconds: float, status: str, payload: bytes) -> None:
        """An init phase that failed."""
        fields = [f"INIT_REPORT Init Duration: {milliseconds:.2f} ms", "Phase: init"]
        self.write("\t".join(fields + _status(status, payload)) + "\n", tail=False)

    def start(self, request_id: str) -> None:
        """An invocation begins."""
        self.write(f"START RequestId: {request_id} Version: {self._qualifier}\n")

    def end(
        self,
        request_id: str,
        *,
        milliseconds: float,
        peak: int,
        init_milliseconds: float | None,
        status: str,
        payload: bytes,
    ) -> None:
        """An invocation has ended.

        Args:
            request_id: Its id.
            milliseconds: How long it took.
            peak: The most memory that was used, in bytes; more than the function has cannot be seen on AWS.
            init_milliseconds: How long the init phase took, if this is the first invocation after one.
            status: `timeout`, `error`, or nothing.
            payload: Its answer.
        """
        self.write(f"END RequestId: {request_id}\n")
        used = min(self._memory, math.ceil(peak / memory.MEBIBYTE))
        fields = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {milliseconds:.2f} ms",
            f"Billed Duration: {math.ceil(milliseconds)} ms",
            f"Memory Size: {self._memory} MB",
            f"Max Memory Used: {used} MB",
        ]
        if init_milliseconds is not None:
            fields.append(f"Init Duration: {init_milliseconds:.2f} ms")
        self.write("\t".join(fields + _status(status, payload)) + "\t\n")


def _status(status: str, payload: bytes) -> list[str]:
    if not status:
        return []
    found = [f"Status: {status}"]
    if status == "error":
        found.append(f"Error Type: {errors.error_type(payload)}")
    return found
