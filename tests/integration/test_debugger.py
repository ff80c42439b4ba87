"""The debug adapter protocol for real: breakpoints in the project's own file, in a function's process."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.client.debugging import debugging, start_debugging, stop_debugging
from harness.model.errors import EmulatorError, HarnessError
from tests.support.dap_client import DapClient
from tests.support.handlers import in_front_of_the_calculator
from tests.support.operations import expected
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.client import Stack
    from harness.client.debugging import DebugSession
    from harness.testing.session import HarnessSession

pytestmark = [
    pytest.mark.only_on("embedded", "container"),
    pytest.mark.stack_settings(CALCULATRICE_FUNCTION_TIMEOUT="1"),
]

ADDITION = {"operation": "add", "a": 5, "b": 3}


@contextmanager
def debugged(harness_session: HarnessSession, stack: Stack, *, wait: bool) -> Iterator[DebugSession]:
    """The calculator under a debugger, on a free port."""
    environment = harness_session.ensure_environment()
    account = stack.endpoint.account
    session = start_debugging(
        environment,
        "calculatrice",
        account=account,
        port=0,
        wait=wait,
        source_root=harness_session.workspace.root,
    )
    try:
        yield session
    finally:
        stop_debugging(environment, "calculatrice", account=account)
    assert debugging(environment, account=account) == []


@pytest.fixture
def source(harness_session: HarnessSession) -> Path:
    return harness_session.workspace.root / "lambda_function.py"


def line_of(source: Path, text: str) -> int:
    """The number of the one line with this text."""
    lines = source.read_text().splitlines()
    (number,) = (number for number, line in enumerate(lines, start=1) if text in line)
    return number


def test_a_breakpoint_shows_the_operation_and_the_result_comes(
    stack: Stack, harness_session: HarnessSession, source: Path
) -> None:
    line = line_of(source, "result = calculate(operation)")
    with debugged(harness_session, stack, wait=True) as session:
        sent = stack.queue("InputQueue").send(ADDITION)
        with DapClient(session.port) as client:
            client.attach(source, (line,))
            thread = client.stopped()
            frame = client.top_frame(thread)
            assert (frame["source"]["path"], frame["line"], frame["name"]) == (str(source), line, "answer")
            assert client.variables(frame)["operation"] == "{'operation': 'add', 'a': 5, 'b': 3}"
            assert client.evaluate(frame, "record['messageId']") == repr(sent.id)
            thread = client.step(thread)
            after = client.top_frame(thread)
            assert after["line"] > line
            assert client.variables(after)["result"] == "8"
            client.resume(thread)
            assert stack.queue("OutputQueue").receive_one().json() == expected(sent)
            client.detach()


def test_a_stop_longer_than_the_timeout_kills_nothing_until_the_debugger_leaves(
    stack: Stack, harness_session: HarnessSession, source: Path
) -> None:
    line = 1 + MAY_SLEEP.splitlines().index('    if "sleep" in event:')
    function = stack.function("CalculatorLambda")
    with (
        in_front_of_the_calculator(function, MAY_SLEEP),
        debugged(harness_session, stack, wait=True) as session,
    ):
        sent = stack.queue("InputQueue").send(ADDITION)
        with DapClient(session.port) as client:
            client.attach(source, (line,))
            thread = client.stopped()
            frame = client.top_frame(thread)
            remaining = "context.get_remaining_time_in_millis()"
            assert eventually(lambda: float(client.evaluate(frame, remaining)) <= 0)
            client.resume(thread)
            assert stack.queue("OutputQueue").receive_one().json() == expected(sent)
            client.detach()
        assert function.invoke({"sleep": 600}).payload["errorType"] == "Sandbox.Timedout"


MAY_SLEEP = """\
import time
import calculator

def lambda_handler(event, context):
    if "sleep" in event:
        time.sleep(event["sleep"])
    return calculator.lambda_handler(event, context)
"""


def test_without_waiting_the_function_runs_and_a_debugger_can_come_later(
    stack: Stack, harness_session: HarnessSession, source: Path
) -> None:
    line = line_of(source, "result = calculate(operation)")
    with debugged(harness_session, stack, wait=False) as session:
        first = stack.queue("InputQueue").send(ADDITION)
        assert stack.queue("OutputQueue").receive_one().json() == expected(first)
        with DapClient(session.port) as client:
            client.attach(source, (line,))
            second = stack.queue("InputQueue").send(ADDITION)
            thread = client.stopped()
            assert client.evaluate(client.top_frame(thread), "record['messageId']") == repr(second.id)
            client.resume(thread)
            assert stack.queue("OutputQueue").receive_one().json() == expected(second)
            client.detach()
        third = stack.queue("InputQueue").send(ADDITION)
        assert stack.queue("OutputQueue").receive_one().json() == expected(third)


def test_what_cannot_be_debugged_is_said_plainly(stack: Stack, harness_session: HarnessSession) -> None:
    environment, root = harness_session.ensure_environment(), harness_session.workspace.root
    account = stack.endpoint.account
    with pytest.raises(HarnessError, match="No function 'calculette' is deployed in account"):
        start_debugging(environment, "calculette", account=account, port=0, source_root=root)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(HarnessError, match=str(port)):
            start_debugging(environment, "calculatrice", account=account, port=port, source_root=root)
    assert debugging(environment, account=account) == []
    with pytest.raises(EmulatorError, match="does not answer"):
        debugging(replace(environment, url=f"http://127.0.0.1:{port}"), account=account)
