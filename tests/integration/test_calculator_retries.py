"""Messages that come back: after an error, a timeout, a result that could not be delivered; and the DLQ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.client import services
from tests.support.handlers import in_front_of_the_calculator, lines_about
from tests.support.operations import additions, assert_each_calculated_once, expected
from tests.support.queues import made_again
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from harness.client import Stack

# A third receive would move a message to the dead-letter queue: what is calculated came twice at most.
# After a timeout the new environment's start is part of the next invocation (C-05): it needs some seconds.
pytestmark = pytest.mark.stack_settings(
    CALCULATRICE_VISIBILITY_TIMEOUT="6",
    CALCULATRICE_FUNCTION_TIMEOUT="5",
    CALCULATRICE_MAX_RECEIVE_COUNT="2",
)

# Counts the runs of its environment, and misbehaves as the test says when a message comes for the first time.
FIRST_TIME = """
    import time
    import calculator

    run = 0

    def lambda_handler(event, context):
        global run
        run += 1
        for record in event["Records"]:
            count = record["attributes"]["ApproximateReceiveCount"]
            print("message", record["messageId"], "count", count, "run", run)
            if count == "1":
                {misbehave}
        return calculator.lambda_handler(event, context)
"""


def test_a_message_whose_handler_raises_comes_back_and_is_calculated(stack: Stack) -> None:
    function = stack.function("CalculatorLambda")
    raises = FIRST_TIME.format(misbehave='raise RuntimeError("the first time fails")')
    with in_front_of_the_calculator(function, raises):
        sent = stack.queue("InputQueue").send({"operation": "add", "a": 5, "b": 3})
        assert stack.queue("OutputQueue").receive_one().json() == expected(sent)
        function.wait_for_log(f"message {sent.id} count 2 run 3")  # run 1 was the one without records
        assert any("[ERROR] RuntimeError: the first time fails" in event.message for event in function.logs())
    assert eventually(lambda: stack.queue("InputQueue").counts().total == 0)
    assert stack.queue("OutputQueue").counts().total == 0


def test_a_message_whose_handler_times_out_comes_back_to_a_new_environment(stack: Stack) -> None:
    function = stack.function("CalculatorLambda")
    with in_front_of_the_calculator(function, FIRST_TIME.format(misbehave="time.sleep(600)")):
        sent = stack.queue("InputQueue").send({"operation": "add", "a": 5, "b": 3})
        assert stack.queue("OutputQueue").receive_one().json() == expected(sent)
        function.wait_for_log(f"message {sent.id} count 2 run 1")
        assert any("Status: timeout" in event.message and event.is_error for event in function.logs())
    assert eventually(lambda: stack.queue("InputQueue").counts().total == 0)
    assert stack.queue("OutputQueue").counts().total == 0


def test_a_poison_message_ends_in_the_dead_letter_queue(stack: Stack) -> None:
    handler = """
        import calculator

        def lambda_handler(event, context):
            for record in event["Records"]:
                count = record["attributes"]["ApproximateReceiveCount"]
                print("message", record["messageId"], "count", count)
                if "poison" in record["body"]:
                    raise RuntimeError("poison")
            return calculator.lambda_handler(event, context)
    """
    function = stack.function("CalculatorLambda")
    with in_front_of_the_calculator(function, handler):
        poison = stack.queue("InputQueue").send("poison")
        dead = stack.queue("DeadLetterQueue").receive_one()
        assert (dead.id, dead.body) == (poison.id, "poison")
        function.wait_for_log(f"message {poison.id} count 2")
        assert len(lines_about(function, poison.id)) == 2
        sent = stack.queue("InputQueue").send_all(additions(3))
        assert_each_calculated_once(sent, stack.queue("OutputQueue").collect(3))
    assert stack.queue("DeadLetterQueue").counts().total == 0


def test_results_that_cannot_be_delivered_raise_the_batch_back(stack: Stack) -> None:
    output = stack.queue("OutputQueue")
    function = stack.function("CalculatorLambda")
    sqs = services.sqs(stack.endpoint)
    function.invoke({"Records": []})
    sqs.delete_queue(QueueUrl=output.url)
    try:
        sent = stack.queue("InputQueue").send_all(additions(3))
        function.wait_for_log("UndeliveredError: . of . results were not delivered")
    finally:
        made_again(sqs, stack.endpoint.account, output.name)
    assert_each_calculated_once(sent, output.collect(3))
    assert eventually(lambda: stack.queue("InputQueue").counts().total == 0)
