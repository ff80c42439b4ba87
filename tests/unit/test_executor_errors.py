"""Errors in AWS's words, and the limits of time that lead to some of them."""

from __future__ import annotations

import json

import pytest

from harness_emulator.functions import errors
from harness_emulator.functions.process import Limit


def test_a_payload_names_the_request() -> None:
    found = json.loads(errors.payload("Sandbox.Timedout", errors.timed_out(3), "1-2"))
    assert found == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: 1-2 Error: Task timed out after 3.00 seconds",
    }


@pytest.mark.parametrize(
    ("returncode", "text"),
    [
        (0, "Runtime exited without providing a reason"),
        (1, "Runtime exited with error: exit status 1"),
        (-9, "Runtime exited with error: signal: killed"),
        (-11, "Runtime exited with error: signal: segmentation fault"),
        (-24, "Runtime exited with error: signal: signal 24"),
        (-40, "Runtime exited with error: signal: signal 40"),
    ],
)
def test_how_a_process_ended(returncode: int, text: str) -> None:
    assert errors.exited(returncode) == text


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (b'{"errorType": "ValueError"}', "ValueError"),
        (b"{}", "Runtime.Unknown"),
        (b"[]", "Runtime.Unknown"),
        (b"no JSON", "Runtime.Unknown"),
    ],
)
def test_the_type_of_an_error(payload: bytes, kind: str) -> None:
    assert errors.error_type(payload) == kind


def test_a_stack_trace_has_the_code_where_it_is_on_lambda() -> None:
    trace = ['  File "/home/zoë/code/app.py", line 1, in handler\n    open("/home/zoë/code/x")\n']
    for ascii_only in (True, False):
        payload = json.dumps({"stackTrace": trace}, ensure_ascii=ascii_only).encode()
        found = json.loads(errors.on_lambda(payload, "/home/zoë/code"))["stackTrace"]
        assert found == ['  File "/var/task/app.py", line 1, in handler\n    open("/home/zoë/code/x")\n']


class Time:
    """A clock that the test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr("harness_emulator.time.real_time.now", lambda: self.now)


def test_a_limit_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    time = Time(monkeypatch)
    limit = Limit(3)
    time.now += 2
    assert limit.remaining(held=False) == 1
    time.now += 2
    assert limit.remaining(held=False) == 0


def test_a_limit_stands_still_while_a_debugger_holds_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    time = Time(monkeypatch)
    limit = Limit(3)
    time.now += 1
    assert limit.remaining(held=True) is None
    time.now += 1000
    assert limit.remaining(held=True) is None
    assert limit.left() == 2
    time.now += 1000
    assert limit.remaining(held=False) == 2
    time.now += 1.5
    assert limit.remaining(held=False) == 0.5
