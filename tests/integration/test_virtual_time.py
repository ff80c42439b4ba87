"""Handlers that have the time of the stack's clock, and what stands while that stands."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from harness.client.control import ControlApi
from harness.model.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.client import Clock, Stack
    from tests.integration.conftest import Emulator
    from tests.support.mapped import MakeMapped, Mapped

pytestmark = pytest.mark.needs("virtual_clock")

DAYS = 24 * 3600.0
TELLS_ITS_TIME = b"""
import json, logging, time
import boto3
from datetime import date, datetime, timezone

sqs = boto3.client("sqs")
logging.getLogger().setLevel("INFO")

def lambda_handler(event, context):
    sqs.list_queues()  # signed with the date that it takes for today's
    logging.info("it is %s", date.today())
    return {
        "time": time.time(),
        "time_ns": time.time_ns(),
        "now": datetime.now(timezone.utc).timestamp(),
        "naive": str(datetime.utcnow()) == str(datetime.now()),
        "today": str(date.today()),
        "gmtime": time.strftime("%Y-%m-%d", time.gmtime()),
        "strftime": time.strftime("%Y-%m-%d"),
        "left": context.get_remaining_time_in_millis(),
        "monotonic": time.monotonic(),
    }
"""
LOOKS_TWICE = """
import datetime, time

def handler(event, context):
    def look():
        return [time.time(), datetime.datetime.now().timestamp(), context.get_remaining_time_in_millis()]
    if "Records" not in event:
        return None
    before, began = look(), time.monotonic()
    tell("looked")
    wait_for_gate()
    tell({"before": before, "after": look(), "took": time.monotonic() - began})
"""


@pytest.fixture
def function_time(stack: Stack, clock: Clock) -> Iterator[Any]:
    """What the stack's function says of its time, while it follows the clock."""
    function = stack.function("CalculatorLambda")
    with function.replaced_code({"lambda_function.py": TELLS_ITS_TIME}), clock.followed_by(function):
        yield lambda: function.invoke({}).payload


def test_a_handler_that_follows_the_clock_has_its_time(
    stack: Stack, clock: Clock, function_time: Any
) -> None:
    frozen = clock.freeze()
    told = function_time()
    assert told["time"] == frozen
    assert told["now"] == pytest.approx(frozen, abs=1e-6)
    assert told["naive"]
    clock.advance(400 * DAYS)
    later = function_time()
    assert later["time"] == pytest.approx(frozen + 400 * DAYS, abs=1e-6)
    assert later["time_ns"] == pytest.approx(later["time"] * 1e9, abs=1000)
    assert later["today"] == later["gmtime"] == later["strftime"] != told["today"]
    # Its limit is the function's: that is real time, and so are the spans that it measures.
    timeout = stack.deployment.functions[0].timeout * 1000
    assert 0 < told["left"] <= timeout
    assert 0 < later["left"] <= timeout
    assert later["monotonic"] - told["monotonic"] < 1 * DAYS
    stack.function("CalculatorLambda").wait_for_log(f"it is {later['today']}")


def test_it_runs_on_with_a_clock_that_runs(clock: Clock, function_time: Any) -> None:
    before = clock.advance(30 * DAYS)
    told = function_time()
    assert before < told["time"] < clock.now()
    clock.freeze()
    clock.resume()
    again = function_time()
    assert told["time"] < again["time"] < clock.now()


def test_a_handler_has_the_machines_time_unless_it_is_given_another(stack: Stack, clock: Clock) -> None:
    function = stack.function("CalculatorLambda")
    real = clock.freeze()
    clock.advance(30 * DAYS)
    with function.replaced_code({"lambda_function.py": TELLS_ITS_TIME}):
        with clock.followed_by(function):
            assert function.invoke({}).payload["time"] == pytest.approx(real + 30 * DAYS, abs=1e-6)
        assert function.invoke({}).payload["time"] < real + 1 * DAYS


class Followed:
    """A mapped function that follows its account's clock, which stands."""

    def __init__(self, emulator: Emulator, mapped: Mapped) -> None:
        self.control = ControlApi(emulator.url, mapped.account)
        self.control.call("POST", "virtual-time", {"functions": ["mapped"]})
        self.now = self.move("freeze")

    def move(self, action: str, **more: float) -> float:
        return float(self.control.call("POST", "clock", {"action": action, **more})["now"])


@contextmanager
def no_functions(control: ControlApi) -> Iterator[None]:
    """What was chosen is undone."""
    try:
        yield
    finally:
        control.call("POST", "virtual-time", {"functions": []})


@pytest.mark.only_on("embedded", "container")
def test_a_frozen_clock_stands_while_a_handler_runs(emulator: Emulator, make_mapped: MakeMapped) -> None:
    mapped = make_mapped(LOOKS_TWICE)
    followed = Followed(emulator, mapped)
    mapped.send("x")
    assert mapped.told(1) == ["looked"]
    state = followed.control.call("GET", "clock")
    assert (state["now"], state["frozen"]) == (followed.now, True)
    mapped.open_gate(1)
    [told] = mapped.told(1)
    assert told["took"] > 0
    assert told["before"] == told["after"]
    assert told["after"][0] == pytest.approx(followed.now)
    assert told["after"][2] == pytest.approx(mapped.timeout * 1000, abs=5000)
    followed.control.call("POST", "settle")
    assert followed.control.call("GET", "clock")["now"] == followed.now


@pytest.mark.only_on("embedded", "container")
def test_a_handler_sees_an_advance_that_passes_it_by(emulator: Emulator, make_mapped: MakeMapped) -> None:
    """It is waited for in vain for a while, for it waits for the test."""
    mapped = make_mapped(LOOKS_TWICE, input_attributes={"VisibilityTimeout": "900"})
    followed = Followed(emulator, mapped)
    mapped.send("x")
    assert mapped.told(1) == ["looked"]
    followed.move("advance", seconds=10)
    mapped.open_gate(1)
    [told] = mapped.told(1)
    assert [after - before for before, after in zip(told["before"], told["after"], strict=True)] == (
        pytest.approx([10, 10, -10_000], abs=1)
    )


@pytest.mark.only_on("embedded", "container")
def test_functions_are_chosen_by_name_and_by_arn(emulator: Emulator, make_mapped: MakeMapped) -> None:
    mapped = make_mapped(mapping=None)
    control = ControlApi(emulator.url, mapped.account)
    arn = f"arn:aws:lambda:us-east-1:{mapped.account}:function:mapped"
    assert control.call("GET", "virtual-time") == {"account": mapped.account, "functions": []}
    with no_functions(control):
        for name in ("mapped", arn):
            assert control.call("POST", "virtual-time", {"functions": [name]})["functions"] == [arn]
            assert control.call("GET", "virtual-time")["functions"] == [arn]
    assert control.call("GET", "virtual-time")["functions"] == []
    with pytest.raises(HarnessError, match=r"404.*No function 'nobody' is deployed"):
        control.call("POST", "virtual-time", {"functions": ["mapped", "nobody"]})
    for wrong in (None, "mapped", [""], [5]):
        with pytest.raises(HarnessError, match="must be a list of names or ARNs"):
            control.call("POST", "virtual-time", {"functions": wrong})
    assert control.call("GET", "virtual-time")["functions"] == []
