"""Stands for AWS's native module `runtime_client`, which exists for Linux only; same four functions.

Imported by the bootstrap inside a function's process: Python 3.9, standard library, nothing of the harness.
"""

from __future__ import annotations

import os
from http.client import HTTPConnection
from typing import Any

PREFIX = "/2018-06-01/runtime/invocation/"
TEXT_HEADERS = (
    "Lambda-Runtime-Aws-Request-Id",
    "Lambda-Runtime-Trace-Id",
    "Lambda-Runtime-Invoked-Function-Arn",
    "Lambda-Runtime-Client-Context",
    "Content-Type",
    "Lambda-Runtime-Cognito-Identity",
    "Lambda-Runtime-Aws-Tenant-Id",
    "Lambda-Runtime-Invocation-Id",
)

_state: dict[str, Any] = {}


def initialize_client(user_agent: str) -> None:
    """Connect at the first call."""
    _state["agent"] = user_agent
    _state["connection"] = HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])


def next() -> tuple[bytes, dict[str, Any]]:  # noqa: A001 - the native module's name for it
    """Wait for the next invocation: its payload, and its headers with None for those that are absent."""
    payload, headers = _call("GET", PREFIX + "next")
    found: dict[str, Any] = {name: headers.get(name) for name in TEXT_HEADERS}
    found["Lambda-Runtime-Deadline-Ms"] = int(headers["Lambda-Runtime-Deadline-Ms"])
    return payload, found


def post_invocation_result(
    request_id: str, payload: bytes, content_type: str, invocation_id: str | None = None
) -> None:
    """Answer an invocation."""
    del invocation_id
    _call("POST", f"{PREFIX}{request_id}/response", payload, {"Content-Type": content_type})


def post_error(request_id: str, payload: str, xray_fault: str, invocation_id: str | None = None) -> None:
    """Report that the handler raised."""
    del xray_fault, invocation_id  # nothing here draws X-Ray's traces
    _call("POST", f"{PREFIX}{request_id}/error", payload.encode(), {"Content-Type": "application/json"})


def _call(
    method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[bytes, dict[str, str]]:
    connection: HTTPConnection = _state["connection"]
    connection.request(method, path, body=body, headers={"User-Agent": _state["agent"], **(headers or {})})
    answer = connection.getresponse()
    payload = answer.read()
    if answer.status >= 300:  # noqa: PLR2004 - HTTP's successes end there
        raise RuntimeError(f"The Runtime API answered {answer.status} to {method} {path}.")
    return payload, dict(answer.getheaders())
