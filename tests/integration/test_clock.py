"""The fixture `clock`: the time of a stack, moved by a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.client.control import ControlApi
from harness.model.errors import HarnessError, WaitTimeoutError
from tests.support.handlers import in_front_of_the_calculator
from tests.support.operations import additions, expected

if TYPE_CHECKING:
    from harness.client import Clock, Stack

needs_clock = pytest.mark.needs("virtual_clock")

FAILS_ONCE = """
    import calculator

    def lambda_handler(event, context):
        if any(record["attributes"]["ApproximateReceiveCount"] == "1" for record in event["Records"]):
            raise RuntimeError("the first time fails")
        return calculator.lambda_handler(event, context)
"""


@needs_clock
def test_a_delayed_message_comes_when_its_time_has_come(stack: Stack, clock: Clock) -> None:
    queue = stack.queue("OutputQueue")
    then = clock.freeze()
    queue.send("later", delay=900)
    assert clock.advance(899) == then + 899
    assert queue.receive(1, wait=0) == []
    clock.advance(1)
    assert queue.receive_one().body == "later"


@needs_clock
def test_what_an_earlier_test_did_to_it_is_gone(stack: Stack, clock: Clock) -> None:
    assert not clock.frozen
    assert stack.clock is clock


@needs_clock
def test_what_was_logged_at_a_time_that_has_not_come_is_gone_with_it(stack: Stack, clock: Clock) -> None:
    function = stack.function("CalculatorLambda")
    clock.advance(3600)
    stack.queue("InputQueue").send({"operation": "add", "a": 5, "b": 3})
    later = round((clock.now() - 1800) * 1000)
    function.wait_for_log('"result": 8', since=later)
    ControlApi(stack.endpoint.url, stack.endpoint.account).call("POST", "reset")
    assert function.logs(since=later) == []


@needs_clock
def test_the_visibility_timeout_passes_when_it_is_told_to(stack: Stack, clock: Clock) -> None:
    inputs, outputs = stack.queue("InputQueue"), stack.queue("OutputQueue")
    with in_front_of_the_calculator(stack.function("CalculatorLambda"), FAILS_ONCE):
        then = clock.freeze()
        sent = inputs.send({"operation": "add", "a": 5, "b": 3})
        clock.settle()
        assert (outputs.counts().total, inputs.counts().in_flight) == (0, 1)
        assert clock.advance_to_next() == pytest.approx(then + 60)
        assert outputs.receive_one().json() == expected(sent)
        assert inputs.counts().total == 0
        assert clock.advance_to_next() is None
        assert clock.now() == pytest.approx(then + 60)


@needs_clock
def test_time_goes_on_until_something_holds(stack: Stack, clock: Clock) -> None:
    inputs, outputs = stack.queue("InputQueue"), stack.queue("OutputQueue")
    with in_front_of_the_calculator(stack.function("CalculatorLambda"), FAILS_ONCE):
        then = clock.freeze()
        inputs.send_all(additions(5))
        with pytest.raises(WaitTimeoutError, match="did not happen within 59 s"):
            clock.run_until(lambda: outputs.counts().visible == 5, limit=59)
        assert clock.now() == pytest.approx(then + 59)
        assert clock.run_until(lambda: outputs.counts().visible == 5, limit=3600) == pytest.approx(then + 60)


@pytest.mark.needs("settle")
def test_when_all_is_calculated_it_has_settled(stack: Stack) -> None:
    """On a target without a clock of its own, by the queues' counters."""
    stack.queue("InputQueue").send_all(additions(7))
    stack.clock.settle()
    assert stack.queue("InputQueue").counts().total == 0
    assert len(stack.queue("OutputQueue").collect(7)) == 7


@pytest.mark.needs("settle")
def test_what_has_not_settled_is_named(stack: Stack) -> None:
    waits = """
        import time
        import calculator

        def lambda_handler(event, context):
            time.sleep(2 if event["Records"] else 0)
            return calculator.lambda_handler(event, context)
    """
    with in_front_of_the_calculator(stack.function("CalculatorLambda"), waits):
        queue = stack.queue("InputQueue")
        queue.send({"operation": "add", "a": 5, "b": 3})
        with pytest.raises(WaitTimeoutError) as error:
            stack.clock.settle(timeout=0.5)
        assert queue.name in str(error.value.detail)
        stack.clock.settle()
        assert queue.counts().total == 0


def test_where_there_is_no_clock_to_stop_that_is_said(stack: Stack) -> None:
    if stack.clock.virtual:
        pytest.skip("this environment has one")
    with pytest.raises(HarnessError, match="its time is the real one"):
        stack.clock.freeze()
