"""Log groups, streams, events and the tail that Invoke returns: rows C-15 to C-17."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from harness.client.control import ControlApi
from tests.support.lambda_functions import LambdaFunctions
from tests.support.mapped import new_account

if TYPE_CHECKING:
    from tests.integration.conftest import Emulator

pytestmark = pytest.mark.only_on("embedded", "container")

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
REPORT = (
    r"REPORT RequestId: {id}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\t"
    r"Memory Size: 128 MB\tMax Memory Used: \d+ MB\t"
)


def test_the_events_of_a_cold_and_a_warm_invocation(functions: LambdaFunctions) -> None:
    before = time.time() * 1000
    name = functions.create("""
        import logging, sys
        print("imported")
        def handler(event, context):
            print("one\\ntwo")
            print()
            print("to stderr", file=sys.stderr)
            logging.getLogger().warning("a record\\nof two lines")
            sys.stdout.write("no newline")
            return context.aws_request_id
    """)
    first, second = functions.invoke(name), functions.invoke(name)
    events = functions.logged(name, f"REPORT RequestId: {second.payload}")
    after = time.time() * 1000

    def invocation(request_id: str, report: str) -> list[str]:
        return [
            rf"START RequestId: {request_id} Version: \$LATEST\n",
            r"one\n",
            r"two\n",
            r"to stderr\n",
            rf"\[WARNING\]\t{STAMP}\t{request_id}\ta record\nof two lines\n",
            r"no newline\n",
            rf"END RequestId: {request_id}\n",
            REPORT.format(id=request_id) + report + r"\n",
        ]

    version = re.escape(functions.runtime.removeprefix("python"))
    expected = [
        (
            rf"INIT_START Runtime Version: python:{version}\S*\t"
            r"Runtime Version ARN: arn:aws:lambda:\S+::runtime:\w+\n"
        ),
        r"imported\n",
        *invocation(first.payload, r"Init Duration: \d+\.\d\d ms\t"),
        *invocation(second.payload, ""),
    ]
    messages = [event["message"] for event in events]
    assert len(messages) == len(expected), messages
    for message, pattern in zip(messages, expected, strict=True):
        assert re.fullmatch(pattern, message), (message, pattern)

    stamps = [event["timestamp"] for event in events]
    assert stamps == sorted(stamps)
    assert before <= stamps[0]
    assert stamps[-1] <= after
    assert len({event["stream"] for event in events}) == 1


def test_a_record_has_the_time_at_which_it_was_logged(functions: LambdaFunctions) -> None:
    name = functions.create("""
        import logging, time
        def handler(event, context):
            logging.getLogger().warning("first")
            started = time.time()
            while time.time() < started + 0.1:
                pass
            logging.getLogger().warning("second")
            return started * 1000
    """)
    started = functions.invoke(name).payload
    events = functions.logged(name, "^REPORT")
    (first,) = (event["timestamp"] for event in events if "first" in event["message"])
    (second,) = (event["timestamp"] for event in events if "second" in event["message"])
    assert first <= started
    assert second >= first + 99


@pytest.mark.only_on("embedded")
def test_events_have_the_time_of_the_accounts_clock(emulator: Emulator) -> None:
    account = new_account()
    control = ControlApi(emulator.url, account)
    control.call("POST", "clock", {"action": "freeze"})
    now = control.call("POST", "clock", {"action": "advance", "seconds": 30 * 86400})["now"]
    with LambdaFunctions(emulator.client, account) as functions:
        name = functions.create("""
            def handler(event, context):
                print(0 < context.get_remaining_time_in_millis() <= 3000)
        """)
        functions.invoke(name)
        events = functions.logged(name, "^REPORT")
    assert {event["timestamp"] for event in events} == {event["ingestionTime"] for event in events}
    assert {event["timestamp"] for event in events} == {int(now * 1000)}
    assert {event["stream"][:10] for event in events} == {f"{datetime.fromtimestamp(now, UTC):%Y/%m/%d}"}
    assert "True\n" in {event["message"] for event in events}


def test_the_tail_has_what_the_invocation_logged(functions: LambdaFunctions) -> None:
    name = functions.create("""
        print("imported")
        def handler(event, context):
            print("handled", event)
            return context.aws_request_id
    """)
    first, second = functions.invoke(name, 1), functions.invoke(name, 2)
    assert re.fullmatch(
        rf"imported\nSTART RequestId: {first.payload} .*\nhandled 1\nEND .*\nREPORT .*\n", first.log
    )
    assert re.fullmatch(rf"START RequestId: {second.payload} .*\nhandled 2\nEND .*\nREPORT .*\n", second.log)


def test_the_tail_is_the_last_four_kilobytes(functions: LambdaFunctions) -> None:
    name = functions.create("def handler(event, context): print('x' * 9000)")
    log = functions.invoke(name).log
    assert len(log) == 4096
    assert log.startswith("xxx")


def test_an_exception_is_one_event_with_its_traceback(functions: LambdaFunctions) -> None:
    name = functions.create("def handler(event, context):\n    raise RuntimeError('it broke')\n")
    functions.invoke(name)
    (event,) = (e for e in functions.logged(name, "it broke") if "it broke" in e["message"])
    head, trace, place, code = event["message"].splitlines()
    assert (head, trace) == ("[ERROR] RuntimeError: it broke", "Traceback (most recent call last):")
    assert re.fullmatch("\u00a0\u00a0" + r'File ".*/app\.py", line 2, in handler', place)
    assert code == "\u00a0" * 4 + "raise RuntimeError('it broke')"


def test_lines_are_there_before_the_handler_returns(functions: LambdaFunctions, emulator: Emulator) -> None:
    sqs = emulator.client("sqs", account=functions.account)
    url = sqs.create_queue(QueueName="go-on")["QueueUrl"]
    name = functions.create(
        """
        import boto3
        def handler(event, context):
            print("still running")
            sqs = boto3.client("sqs")
            while not sqs.receive_message(QueueUrl=event, WaitTimeSeconds=20).get("Messages"):
                pass
        """,
        Timeout=60,
    )
    functions.api.invoke(FunctionName=name, Payload=f'"{url}"', InvocationType="Event")
    events = functions.logged(name, "still running")
    assert not any(event["message"].startswith("REPORT") for event in events)
    sqs.send_message(QueueUrl=url, MessageBody="go on")
    functions.logged(name, "^REPORT")


def test_json_records_where_the_function_asks_for_them(functions: LambdaFunctions) -> None:
    name = functions.create(
        """
        import logging
        def handler(event, context):
            logging.getLogger().error("as JSON")
        """,
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "ERROR"},
    )
    functions.invoke(name)
    (event,) = (e for e in functions.logged(name, "as JSON") if "as JSON" in e["message"])
    assert re.match(r'\{"timestamp": .*"level": "ERROR", "message": "as JSON"', event["message"])
