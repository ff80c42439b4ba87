"""Writes functions' log events to CloudWatch Logs: straight into its store, in few calls.

PutLogEvents itself refuses what is more than two hours ahead of the machine's clock, as an account's clock
may be. LocalStack's metric filters, which count each event of the account whatever their group and pattern,
do not see these events; subscription filters do.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from localstack.services.logs.models import get_moto_logs_backend
from localstack.services.plugins import SERVICE_PLUGINS
from moto.logs.models import logs_backends

from harness_emulator.account import ACCOUNTS
from harness_emulator.time import real_time

LOG = logging.getLogger(__name__)

GATHER_SECONDS = 0.05
"""How long events are gathered before they are written; a busy function would else write for each line."""


@dataclass(frozen=True)
class LogStream:
    """Where events go.

    Attributes:
        account: The function's account.
        region: The function's region.
        group: `/aws/lambda/<function>`, unless the function's logging configuration names another.
        stream: `YYYY/MM/DD/[VERSION]<environment id>`.
    """

    account: str
    region: str
    group: str
    stream: str


class LogWriter:
    """One thread that writes the events of all functions, in their order."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[tuple[LogStream, int, str]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, stream: LogStream, stamp: int, message: str) -> None:
        """Write one event soon; `stamp` in epoch milliseconds of the account's clock."""
        self._events.put((stream, stamp, message))
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="function-logs", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        while True:
            batches: dict[LogStream, list[dict[str, Any]]] = defaultdict(list)
            stream, stamp, message = self._events.get()
            gathering = real_time.deadline(GATHER_SECONDS)
            batches[stream].append({"timestamp": stamp, "message": message})
            while not gathering.passed:
                try:
                    stream, stamp, message = self._events.get(timeout=gathering.left)
                except queue.Empty:
                    break
                batches[stream].append({"timestamp": stamp, "message": message})
            for stream, events in batches.items():
                try:
                    _write(stream, events)
                except Exception:  # a log that cannot be written must not end all logs
                    LOG.warning("Events for the log group %s were lost.", stream.group, exc_info=True)


def _write(stream: LogStream, events: list[dict[str, Any]]) -> None:
    SERVICE_PLUGINS.require("logs")  # which adds subscription filters to the store
    backend = get_moto_logs_backend(stream.account, stream.region)
    now = ACCOUNTS.of(stream.account).clock.millis
    events = [event for event in events if event["timestamp"] <= now]
    if not events:  # the clock was set back meanwhile
        return
    group = backend.groups.get(stream.group)
    if group is None:
        group = backend.create_log_group(stream.group, {})
        group.creation_time = now
    if stream.stream not in group.streams:
        group.create_log_stream(stream.stream)
        group.streams[stream.stream].creation_time = now
    stored = group.streams[stream.stream]
    group.put_log_events(stream.stream, events)
    stored.last_ingestion_time = now
    for event in stored.events[-len(events) :]:
        event.ingestion_time = now


def forget_later_logs(account: str) -> None:
    """Remove what functions logged at times that have not come: the account's clock was set back."""
    now = ACCOUNTS.of(account).clock.millis
    for backend in logs_backends[account].values():
        for group in backend.groups.values():
            for stream in group.streams.values():
                stream.events = [event for event in stream.events if event.timestamp <= now]


WRITER = LogWriter()
