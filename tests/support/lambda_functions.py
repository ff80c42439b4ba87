"""Functions made from a few lines of source through Lambda's own API."""

from __future__ import annotations

import base64
import io
import json
import re
import textwrap
import uuid
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from botocore.config import Config

from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Invoked:
    """What Invoke answered.

    Attributes:
        payload: The decoded JSON.
        error: `FunctionError`, or None.
        log: The decoded `LogResult`.
        status: The HTTP status.
    """

    payload: Any
    error: str | None
    log: str
    status: int


class LambdaFunctions:
    """Creates and invokes functions in one account.

    Args:
        client: Makes a boto3 client for a service.
        account: 12 digits.
        runtime: What they run on, unless a test says otherwise.
    """

    def __init__(self, client: Callable[..., Any], account: str, runtime: str = "python3.9") -> None:
        self.account = account
        self.runtime = runtime
        self._client = client
        # What is refused must be seen, not tried again.
        self.api = client("lambda", account=account, config=Config(retries={"total_max_attempts": 1}))
        self.logs = client("logs", account=account)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Delete the account's functions: their processes end."""
        for page in self.api.get_paginator("list_functions").paginate():
            for function in page["Functions"]:
                # One that could not be made has no process, and LocalStack cannot delete it.
                if self.settled(function["FunctionName"])["State"] != "Failed":
                    self.api.delete_function(FunctionName=function["FunctionName"])

    def create(self, source: str, *, wait: bool = True, **configuration: Any) -> str:
        """Create a function whose module is `app` and whose handler is `handler`; its name."""
        name = f"function-{uuid.uuid4().hex[:12]}"
        self.api.create_function(
            FunctionName=name,
            Role=f"arn:aws:iam::{self.account}:role/any",
            **{
                "Runtime": self.runtime,
                "Handler": "app.handler",
                "Code": {"ZipFile": zipped(source)},
                **configuration,
            },
        )
        if wait:
            assert self.settled(name)["State"] == "Active"
        return name

    def settled(self, name: str) -> dict[str, Any]:
        """The function's configuration once it is neither pending nor being updated."""

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.api.get_function_configuration(FunctionName=name)
            busy = found["State"] == "Pending" or found["LastUpdateStatus"] == "InProgress"
            return None if busy else found

        found = eventually(look)
        assert found is not None
        return found

    def update(self, name: str, source: str) -> None:
        """Replace the code and wait until the new one is used."""
        self.api.update_function_code(FunctionName=name, ZipFile=zipped(source))
        assert self.settled(name)["LastUpdateStatus"] == "Successful"

    def invoke(self, name: str, event: Any = None) -> Invoked:
        """Invoke and wait."""
        answer = self.api.invoke(FunctionName=name, Payload=json.dumps(event), LogType="Tail")
        return Invoked(
            json.loads(answer["Payload"].read()),
            answer.get("FunctionError"),
            base64.b64decode(answer["LogResult"]).decode(errors="replace"),  # it may begin inside a character
            answer["StatusCode"],
        )

    def events(self, name: str) -> list[dict[str, Any]]:
        """The log events of the function that are there now, in order."""
        group = f"/aws/lambda/{name}"
        try:
            streams = self.logs.describe_log_streams(logGroupName=group)["logStreams"]
        except self.logs.exceptions.ResourceNotFoundException:
            return []
        found: list[dict[str, Any]] = []
        for stream in streams:
            answer = self.logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
            )
            found += [{**event, "stream": stream["logStreamName"]} for event in answer["events"]]
        return found

    def logged(self, name: str, pattern: str) -> list[dict[str, Any]]:
        """The function's log events, once one matches `pattern`."""

        def look() -> list[dict[str, Any]] | None:
            events = self.events(name)
            return events if any(re.search(pattern, event["message"]) for event in events) else None

        events = eventually(look)
        assert events is not None, f"no event matches {pattern!r}: {self.events(name)}"
        return events


def zipped(source: str) -> bytes:
    """A deployment package with one module, `app`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", textwrap.dedent(source))
    return buffer.getvalue()
