"""Function errors that the platform, not the handler, reports: payloads and log texts in AWS's words."""

from __future__ import annotations

import json
import signal

TASK_ROOT = "/var/task"
"""Where a function's code is on AWS, and so in every traceback (rows C-06, C-17)."""

RESPONSE_LIMIT = 6_291_556
"""Bytes of a response, as AWS's own message has it (row C-12)."""

SIGNALS: dict[int, str] = {
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGTERM: "terminated",
}


def payload(kind: str, message: str, request_id: str) -> bytes:
    """`{"errorType", "errorMessage"}` with the request's id in front of the message."""
    text = {"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {message}"}
    return json.dumps(text, separators=(",", ":")).encode()


def raised(kind: str, message: str, request_id: str) -> bytes:
    """A handler's exception, as its runtime reports it (row C-06)."""
    text = {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": []}
    return json.dumps(text).encode()


def timed_out(seconds: float) -> str:
    """Row C-02."""
    return f"Task timed out after {seconds:.2f} seconds"


def exited(returncode: int) -> str:
    """Rows C-08 and C-09; `returncode` as `subprocess` gives it, negative for a signal."""
    if returncode == 0:
        return "Runtime exited without providing a reason"
    if returncode > 0:
        return f"Runtime exited with error: exit status {returncode}"
    name = SIGNALS.get(-returncode, f"signal {-returncode}")
    return f"Runtime exited with error: signal: {name}"


def too_large() -> bytes:
    """Row C-12."""
    text = {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        f"({RESPONSE_LIMIT} bytes).",
    }
    return json.dumps(text, separators=(",", ":")).encode()


def on_lambda(error_payload: bytes, task_root: str) -> bytes:
    """The payload with the code where it is on AWS, in the frames of its stack trace.

    Args:
        error_payload: The runtime's JSON.
        task_root: Where the code is on this machine.
    """
    for ascii_only in (True, False):
        frame = json.dumps(f'File "{task_root}/', ensure_ascii=ascii_only)[1:-1].encode()
        error_payload = error_payload.replace(frame, f'File \\"{TASK_ROOT}/'.encode())
    return error_payload


def error_type(error_payload: bytes) -> str:
    """The error type that a payload names, for the log."""
    try:
        return str(json.loads(error_payload)["errorType"])
    except (ValueError, KeyError, TypeError):
        return "Runtime.Unknown"
