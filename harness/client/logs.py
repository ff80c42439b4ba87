"""A function's log, read from CloudWatch Logs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.client import services
from harness.client.deadline import Deadline, until
from harness.model.errors import NotFoundInStackError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model.environment import Endpoint

# How a function's failures look in its log: a raised error, a timeout, a process that ended, a failed import.
_ERROR = re.compile(r"\[ERROR\]|Task timed out|Status: timeout|Runtime\.|errorMessage|Traceback|exited with")
_FOLLOW_SECONDS = 0.2
_ROUND_SECONDS = 3600
# Streams are written side by side: an event may appear this long after a younger one of another stream.
_LATE_MS = 5000


@dataclass(frozen=True)
class LogEvent:
    """One event of a log stream.

    Attributes:
        timestamp_ms: Epoch milliseconds.
        stream: The log stream: one per execution environment.
        message: The text, without a trailing newline.
    """

    timestamp_ms: int
    stream: str
    message: str

    @property
    def is_error(self) -> bool:
        """Whether it tells of a failed invocation."""
        return _ERROR.search(self.message) is not None


def read(endpoint: Endpoint, log_group: str, since_ms: int | None = None) -> list[LogEvent]:
    """The events of `log_group` in order of time; none where the function has not run yet."""
    options: dict[str, Any] = {} if since_ms is None else {"startTime": since_ms}
    events: list[LogEvent] = []
    client = services.logs(endpoint)
    try:
        with services.plain_errors(f"log group {log_group}"):
            while True:
                answer = client.filter_log_events(logGroupName=log_group, **options)
                events += (
                    LogEvent(event["timestamp"], event["logStreamName"], event["message"].rstrip("\n"))
                    for event in answer["events"]
                )
                token = answer.get("nextToken")
                if not token:
                    break
                options["nextToken"] = token
    except NotFoundInStackError:  # the group comes with the first invocation
        return []
    return sorted(events, key=lambda event: event.timestamp_ms)  # stable: equal times stay in order


def follow(endpoint: Endpoint, log_group: str, since_ms: int | None = None) -> Iterator[LogEvent]:
    """The events so far, then each new one as it comes, without end."""
    seen: dict[tuple[int, str, str], int] = {}
    start = since_ms
    while True:
        from_ms = start
        fresh = until(
            lambda: _unseen(read(endpoint, log_group, from_ms), seen) or None,  # noqa: B023 - called at once
            Deadline(_ROUND_SECONDS),
            every=max(_FOLLOW_SECONDS, endpoint.pause),
        )
        for event in fresh or ():
            start = max(start or 0, event.timestamp_ms - _LATE_MS)
            yield event
        seen = {key: count for key, count in seen.items() if key[0] >= (start or 0)}


def _unseen(events: list[LogEvent], seen: dict[tuple[int, str, str], int]) -> list[LogEvent]:
    """Those of `events` that are not in `seen`, which counts them by time, stream and text."""
    now: dict[tuple[int, str, str], int] = {}
    fresh = []
    for event in events:
        key = (event.timestamp_ms, event.stream, event.message)
        now[key] = now.get(key, 0) + 1
        if now[key] > seen.get(key, 0):
            fresh.append(event)
    seen.update(now)
    return fresh
