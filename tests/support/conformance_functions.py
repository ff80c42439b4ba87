"""Functions in conformance tests: invoked, and their logs read."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tests.support.waiting import eventually

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@dataclass(frozen=True)
class Invoked:
    """What Invoke answered.

    Attributes:
        status: HTTP's.
        error: `FunctionError`, or None.
        payload: The JSON, decoded.
        log: The last 4 KB of what the invocation logged.
    """

    status: int
    error: str | None
    payload: Any
    log: str

    @property
    def request_id(self) -> str:
        """The invocation's, as its START line has it."""
        found = re.search(rf"^START RequestId: ({UUID}) ", self.log, re.MULTILINE)
        assert found is not None, self.log
        return found[1]


def invoke(lambda_: Any, function: str, event: Any = None, **arguments: Any) -> Invoked:
    """Invoke a function and wait for its answer."""
    answer = lambda_.invoke(FunctionName=function, Payload=json.dumps(event), LogType="Tail", **arguments)
    return Invoked(
        answer["StatusCode"],
        answer.get("FunctionError"),
        json.loads(answer["Payload"].read()),
        base64.b64decode(answer["LogResult"]).decode(errors="replace"),  # it may begin inside a character
    )


def start(lambda_: Any, function: str, payload: bytes = b"null") -> int:
    """Invoke a function and do not wait for it; returns HTTP's status."""
    answer = lambda_.invoke(FunctionName=function, InvocationType="Event", Payload=payload)
    answer["Payload"].read()  # else the connection is never used again
    return int(answer["StatusCode"])


@dataclass(frozen=True)
class Event:
    """A log event.

    Attributes:
        stream: Its log stream.
        timestamp: Epoch milliseconds.
        message: With the newline that Lambda writes.
    """

    stream: str
    timestamp: int
    message: str


def logged(logs: Any, function: str, pattern: str) -> list[Event]:
    """The function's log events, stream by stream, once the message of one matches."""
    group = f"/aws/lambda/{function}"
    seen: list[Event] = []

    def look() -> bool:
        seen.clear()
        try:
            streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
        except ClientError:
            return False  # the first event makes it
        for stream in streams:
            name = stream["logStreamName"]
            found = logs.get_log_events(logGroupName=group, logStreamName=name, startFromHead=True)
            seen.extend(Event(name, event["timestamp"], event["message"]) for event in found["events"])
        return any(re.search(pattern, event.message) for event in seen)

    assert eventually(look), f"no event matches {pattern!r}: {seen}"
    return seen


def settled(lambda_: Any, function: str) -> dict[str, Any]:
    """The function's configuration once it is made, or its update is done."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = lambda_.get_function_configuration(FunctionName=function)
        return found if found.get("LastUpdateStatus") == "Successful" else None

    found = eventually(look)
    assert found is not None
    return found
