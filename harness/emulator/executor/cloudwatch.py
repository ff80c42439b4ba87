"""Writes functions' log events to CloudWatch Logs, in few calls."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from localstack.aws.connect import connect_to

LOG = logging.getLogger(__name__)

GATHER_SECONDS = 0.05
"""How long events are gathered before they are written; a busy function would else write for each line."""

EVENTS_PER_CALL = 5_000


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
        """Write one event soon; `stamp` in epoch milliseconds."""
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
            until = time.monotonic() + GATHER_SECONDS
            batches[stream].append({"timestamp": stamp, "message": message})
            while (left := until - time.monotonic()) > 0:
                try:
                    stream, stamp, message = self._events.get(timeout=left)
                except queue.Empty:
                    break
                batches[stream].append({"timestamp": stamp, "message": message})
            for stream, events in batches.items():
                try:
                    _write(stream, events)
                except Exception:  # a log that cannot be written must not end all logs
                    LOG.warning("Events for the log group %s were lost.", stream.group, exc_info=True)


def _write(stream: LogStream, events: list[dict[str, Any]]) -> None:
    logs = connect_to(aws_access_key_id=stream.account, region_name=stream.region).logs
    for start in range(0, len(events), EVENTS_PER_CALL):
        request = {
            "logGroupName": stream.group,
            "logStreamName": stream.stream,
            "logEvents": events[start : start + EVENTS_PER_CALL],
        }
        try:
            logs.put_log_events(**request)
        except logs.exceptions.ResourceNotFoundException:
            _create(logs, stream)
            logs.put_log_events(**request)


def _create(logs: Any, stream: LogStream) -> None:
    try:
        logs.create_log_group(logGroupName=stream.group)
    except logs.exceptions.ResourceAlreadyExistsException:
        LOG.debug("The log group %s is there.", stream.group)
    try:
        logs.create_log_stream(logGroupName=stream.group, logStreamName=stream.stream)
    except logs.exceptions.ResourceAlreadyExistsException:
        LOG.debug("The log stream %s is there.", stream.stream)


WRITER = LogWriter()
