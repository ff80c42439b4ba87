"""What functions log, and what the platform says around it (C-04, C-05, C-15 to C-17, C-27)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.conformance_functions import UUID, invoke, logged, settled

if TYPE_CHECKING:
    from tests.support.conformance import Make

NUMBER = r"\d+\.\d\d ms"
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def report(request_id: str, rest: str = "") -> str:
    """A pattern for the REPORT line."""
    return (
        rf"REPORT RequestId: {request_id}\tDuration: {NUMBER}\tBilled Duration: \d+ ms\t"
        rf"Memory Size: 128 MB\tMax Memory Used: \d+ MB\t{rest}\n?"
    )


@pytest.mark.aws("C-04")
def test_a_timeout_is_a_status_of_the_report(lambda_: Any, logs: Any, function: Make) -> None:
    name = function("import time\ndef handler(event, context): time.sleep(60)\n", Timeout=1)
    request_id = invoke(lambda_, name).request_id
    events = logged(logs, name, f"^REPORT RequestId: {request_id}")
    assert any(re.search(r"^REPORT .*\tStatus: timeout", event.message) for event in events)
    assert not any("Task timed out" in event.message for event in events)


@pytest.mark.aws("C-05")
def test_a_second_init_is_part_of_the_invocation(lambda_: Any, logs: Any, function: Make) -> None:
    name = function("""
        import sys, time
        time.sleep(0.5)
        def handler(event, context):
            if event:
                sys.exit(1)
    """)
    first, second = invoke(lambda_, name, event=True), invoke(lambda_, name)
    assert "Init Duration" in first.log
    assert "Init Duration" not in second.log
    duration = re.search(r"\tDuration: (\S+) ms", second.log)
    assert duration is not None
    assert float(duration[1]) >= 500
    events = logged(logs, name, f"^REPORT RequestId: {second.request_id}")
    assert sum(event.message.startswith("INIT_START") for event in events) == 1


@pytest.mark.aws("C-15")
def test_an_environment_has_a_stream_in_the_functions_group(
    lambda_: Any, logs: Any, function: Make, clock: Any
) -> None:
    name = function("def handler(event, context): return [context.log_group_name, context.log_stream_name]")
    before = clock.now()
    group, first = invoke(lambda_, name).payload
    assert invoke(lambda_, name).payload == [group, first]
    lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": {"NEW": "1"}})
    settled(lambda_, name)
    last = invoke(lambda_, name)
    assert group == f"/aws/lambda/{name}"
    streams = {first, last.payload[1]}
    days = {f"{datetime.fromtimestamp(at, UTC):%Y/%m/%d}" for at in (before - 60, clock.now())}
    for stream in streams:
        assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
        assert stream[:10] in days
    events = logged(logs, name, f"^REPORT RequestId: {last.request_id}")
    assert {event.stream for event in events if event.message.startswith("START")} == streams
    assert len(streams) == 2


@pytest.mark.aws("C-16")
def test_the_platforms_lines_stand_around_the_functions_output(
    lambda_: Any, logs: Any, function: Make
) -> None:
    name = function("""
        print("imported")
        def handler(event, context):
            print("handled", event)
    """)
    first, second = invoke(lambda_, name, event=1), invoke(lambda_, name, event=2)
    events = logged(logs, name, f"^REPORT RequestId: {second.request_id}")
    patterns = [
        r"INIT_START Runtime Version: python:3\.13\.v\d+\tRuntime Version ARN: arn:aws\S*:lambda:\S+\n?",
        r"imported\n?",
        rf"START RequestId: {first.request_id} Version: \$LATEST\n?",
        r"handled 1\n?",
        rf"END RequestId: {first.request_id}\n?",
        report(first.request_id, rf"Init Duration: {NUMBER}\t"),
        rf"START RequestId: {second.request_id} Version: \$LATEST\n?",
        r"handled 2\n?",
        rf"END RequestId: {second.request_id}\n?",
        report(second.request_id),
    ]
    messages = [event.message for event in events]
    assert len(messages) == len(patterns), messages
    for message, pattern in zip(messages, patterns, strict=True):
        assert re.fullmatch(pattern, message), (message, pattern)


@pytest.mark.aws("C-17")
def test_an_exception_is_one_event_with_its_traceback(lambda_: Any, logs: Any, function: Make) -> None:
    name = function("""
        class CustomException(Exception):
            pass
        def handler(event, context):
            raise CustomException("it broke")
    """)
    request_id = invoke(lambda_, name).request_id
    events = logged(logs, name, f"^REPORT RequestId: {request_id}")
    (message,) = (event.message for event in events if "it broke" in event.message)
    assert message.rstrip("\n").split("\n") == [
        "[ERROR] CustomException: it broke",
        "Traceback (most recent call last):",
        '\u00a0\u00a0File "/var/task/app.py", line 5, in handler',
        '\u00a0\u00a0\u00a0\u00a0raise CustomException("it broke")',
    ]


@pytest.mark.aws("C-17")
def test_a_record_has_its_level_time_and_request(lambda_: Any, logs: Any, function: Make) -> None:
    name = function("""
        import logging
        logging.getLogger().setLevel("INFO")
        def handler(event, context):
            logging.getLogger().info("two\\nlines")
    """)
    request_id = invoke(lambda_, name).request_id
    events = logged(logs, name, f"^REPORT RequestId: {request_id}")
    (message,) = (event.message for event in events if "two" in event.message)
    assert re.fullmatch(rf"\[INFO\]\t{STAMP}\t{request_id}\ttwo\nlines\n*", message)


@pytest.mark.aws("C-17")
def test_each_printed_line_is_an_event(lambda_: Any, logs: Any, function: Make) -> None:
    name = function("def handler(event, context):\n    print('one\\ntwo')\n    print('three')\n")
    request_id = invoke(lambda_, name).request_id
    events = logged(logs, name, f"^REPORT RequestId: {request_id}")
    messages = [event.message.rstrip("\n") for event in events]
    start = messages.index(f"START RequestId: {request_id} Version: $LATEST")
    assert messages[start + 1 : start + 4] == ["one", "two", "three"]


@pytest.mark.aws("C-27")
def test_an_init_has_ten_seconds_and_then_the_functions_timeout(
    lambda_: Any, logs: Any, function: Make
) -> None:
    # Both inits run at the same time where environments are started before they are needed.
    slow_once = function(
        """
        import pathlib, tempfile, time
        tried = pathlib.Path(tempfile.gettempdir()) / "tried"
        if not tried.exists():
            tried.touch()
            time.sleep(600)
        def handler(event, context):
            return "the second try"
        """,
        Timeout=60,
    )
    slow_always = function("import time\ntime.sleep(600)\ndef handler(event, context): pass\n", Timeout=1)
    done, failed = invoke(lambda_, slow_once), invoke(lambda_, slow_always)
    assert (done.error, done.payload) == (None, "the second try")
    assert "Init Duration" not in done.log
    assert failed.error == "Unhandled"
    assert re.fullmatch(
        rf"RequestId: {UUID} Error: Task timed out after 1\.00 seconds", failed.payload["errorMessage"]
    )
    pattern = r"^INIT_REPORT Init Duration: (\d+\.\d\d) ms\tPhase: init\tStatus: timeout"
    for name in (slow_once, slow_always):
        messages = [event.message for event in logged(logs, name, pattern)]
        durations = [float(found[1]) for message in messages if (found := re.search(pattern, message))]
        assert len(durations) == 1
        assert 9_900 <= durations[0] <= 15_000
