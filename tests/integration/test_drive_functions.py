"""What a test does with a function, on the emulator."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from harness.client import Function, boto
from harness.client.deadline import Deadline, until
from harness.model.errors import NotFoundInStackError, WaitTimeoutError
from harness.project.packaging import build_zip
from tests.support.mapped import new_account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Emulator

HANDLER = b"""
def handler(event, context):
    print("asked for", event)
    if event == "fail":
        raise ValueError("as asked")
    return {"got": event}
"""


@pytest.fixture(scope="module")
def function(emulator: Emulator) -> Iterator[Function]:
    place = emulator.place()
    endpoint = emulator.environment.endpoint(account=place.account)
    client = boto.client(endpoint, "lambda")
    name = f"{place.prefix}drive-{new_account()}"
    made = client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="h.handler",
        Role=f"arn:aws:iam::{place.account}:role/LabRole",
        Code={"ZipFile": build_zip({"h.py": HANDLER})},
        Timeout=10,
    )

    def active() -> bool | None:
        return client.get_function_configuration(FunctionName=name)["State"] == "Active" or None

    assert until(active, Deadline(60))
    yield Function(
        name=name,
        arn=made["FunctionArn"],
        log_group=f"/aws/lambda/{name}",
        environment={},
        endpoint=endpoint,
    )
    client.delete_function(FunctionName=name)


def test_an_invocation_answers_with_payload_and_log(function: Function) -> None:
    answer = function.invoke({"a": 1})
    assert (answer.payload, answer.error) == ({"got": {"a": 1}}, None)
    assert "asked for {'a': 1}" in answer.log


def test_a_failed_invocation_is_an_answer_and_its_error_is_found_in_the_log(function: Function) -> None:
    answer = function.invoke("fail")
    assert answer.error == "Unhandled"
    assert answer.payload["errorMessage"] == "as asked"
    function.wait_for_log(r"ValueError.*as asked")
    assert any("as asked" in line for line in function.last_errors())


def test_logs_are_read_in_order_and_since_a_time(function: Function) -> None:
    function.invoke("first of two")
    first = function.wait_for_log("asked for first of two")
    function.invoke("second of two")
    second = function.wait_for_log(r"asked for second of two", since=first.timestamp_ms)
    events = function.logs()
    assert events.index(first) < events.index(second)
    assert events == sorted(events, key=lambda event: event.timestamp_ms)
    assert second.timestamp_ms > function.logs()[0].timestamp_ms
    assert first not in function.logs(since=second.timestamp_ms + 1)


def test_following_shows_each_line_once_as_it_comes(function: Function) -> None:
    function.invoke("before")
    seen: list[str] = []
    met = threading.Event()

    def follow() -> None:
        for event in function.follow_logs():
            seen.append(event.message)
            if "asked for before" in event.message:
                met.set()
            if "asked for after" in event.message:
                return

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    assert met.wait(30)
    function.invoke("after")
    thread.join(30)
    assert not thread.is_alive()
    assert [line for line in seen if "asked for before" in line] == ["asked for before"]


def test_a_line_that_does_not_come_is_said_with_the_last_ones(function: Function) -> None:
    function.invoke("something")
    function.wait_for_log("asked for something")
    with pytest.raises(WaitTimeoutError, match="'no such line' in 0 s") as failed:
        function.wait_for_log("no such line", timeout=0)
    assert failed.value.detail


def test_other_code_runs_inside_the_block_and_the_old_after_it(function: Function) -> None:
    client = boto.client(function.endpoint, "lambda")

    def code() -> str:
        return str(client.get_function_configuration(FunctionName=function.name)["CodeSha256"])

    before = code()
    with function.replaced_code({"h.py": b"def handler(event, context):\n    return 'other'\n"}):
        assert function.invoke("x").payload == "other"
        assert code() != before
    assert function.invoke("x").payload == {"got": "x"}
    assert code() == before


def test_a_function_that_is_not_there_is_said_so(function: Function) -> None:
    other = Function("missing", "arn", "/aws/lambda/missing", {}, function.endpoint)
    with pytest.raises(NotFoundInStackError, match="Function missing"):
        other.invoke("x")
    assert other.logs() == []
