"""Batches through the real event source mapping: every result is matched to its input."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.handlers import in_front_of_the_calculator, lines_about
from tests.support.operations import additions, assert_each_calculated_once
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from harness.client import Stack

BATCHES = pytest.mark.stack_settings(
    CALCULATRICE_BATCH_SIZE="20",
    CALCULATRICE_BATCHING_WINDOW="1",
    CALCULATRICE_REPORT_BATCH_ITEM_FAILURES="true",
    CALCULATRICE_MAXIMUM_CONCURRENCY="2",
    CALCULATRICE_FILTER_PATTERN='{"body": {"operation": [{"anything-but": "ignored"}]}}',
    # Short, since one test waits for it; an invocation that a busy machine holds for longer sends twice.
    CALCULATRICE_VISIBILITY_TIMEOUT="10",
    CALCULATRICE_FUNCTION_TIMEOUT="10",
)


@pytest.mark.parametrize("count", [10, 1000])
def test_every_operation_of_a_batch_has_its_one_result(stack: Stack, count: int) -> None:
    sent = stack.queue("InputQueue").send_all(additions(count))
    assert_each_calculated_once(sent, stack.queue("OutputQueue").collect(count, timeout=180))
    assert eventually(lambda: stack.queue("InputQueue").counts().total == 0)
    assert stack.queue("OutputQueue").counts().total == 0


@BATCHES
def test_a_window_fills_a_batch_beyond_ten(stack: Stack) -> None:
    handler = """
        import calculator

        def lambda_handler(event, context):
            for record in event["Records"]:
                print(record["messageId"], "in a batch of", len(event["Records"]))
            return calculator.lambda_handler(event, context)
    """
    function = stack.function("CalculatorLambda")
    with in_front_of_the_calculator(function, handler):
        # Twice a full batch, since a window may end between two of the sends, of ten each: LocalStack as it
        # comes has one end each second, and none that begins with a batch's first message.
        sent = stack.queue("InputQueue").send_all(additions(40))
        assert_each_calculated_once(sent, stack.queue("OutputQueue").collect(40, timeout=180))
    ids = [message.id for message in sent]
    lines = eventually(lambda: _all_of(40, [line for line in lines_about(function, *ids) if " in " in line]))
    assert lines
    assert max(int(line.split()[-1]) for line in lines) > 10


@BATCHES
def test_only_the_undelivered_item_of_a_batch_comes_back(stack: Stack) -> None:
    # SQS refuses a body with a character that XML does not have: that entry, not the others of its call.
    handler = """
        import calculator

        real = calculator.entry

        def entry(record, index, body, *, fifo):
            values = real(record, index, body, fifo=fifo)
            count = record["attributes"]["ApproximateReceiveCount"]
            print("delivery", record["messageId"], count)
            if '"b": 13' in record["body"] and count == "1":
                values["MessageBody"] = "\\x01"
            return values

        calculator.entry = entry
        lambda_handler = calculator.lambda_handler
    """
    function = stack.function("CalculatorLambda")
    operations = additions(10)
    operations[4]["b"] = 13
    with in_front_of_the_calculator(function, handler):
        sent = stack.queue("InputQueue").send_all(operations)
        first = stack.queue("OutputQueue").collect(9)
        last = stack.queue("OutputQueue").receive_one()
    assert_each_calculated_once(sent, [*first, last])
    assert last.json()["messageId"] == sent[4].id
    ids = [message.id for message in sent]
    lines = eventually(
        lambda: _all_of(11, [line for line in lines_about(function, *ids) if line.startswith("delivery")]),
    )
    wanted = [f"delivery {message.id} 1" for message in sent] + [f"delivery {sent[4].id} 2"]
    assert sorted(lines or ()) == sorted(wanted)


@BATCHES
def test_what_the_filter_leaves_out_is_deleted_and_never_calculated(stack: Stack) -> None:
    queue = stack.queue("InputQueue")
    queue.send_all([{"operation": "ignored", "a": 1, "b": 1}, "not json either"])
    sent = queue.send_all(additions(5))
    assert_each_calculated_once(sent, stack.queue("OutputQueue").collect(5))
    assert eventually(lambda: queue.counts().total == 0)
    assert stack.queue("OutputQueue").counts().total == 0


@BATCHES
def test_no_more_environments_than_the_maximum_concurrency(stack: Stack) -> None:
    sent = stack.queue("InputQueue").send_all(additions(200))
    assert_each_calculated_once(sent, stack.queue("OutputQueue").collect(200, timeout=180))
    ids = {message.id for message in sent}

    def streams_of_results() -> list[str]:
        events = [event for event in stack.function("CalculatorLambda").logs() if '"result"' in event.message]
        mine = [event.stream for event in events if json.loads(event.message)["messageId"] in ids]
        return _all_of(200, mine)

    assert len(set(eventually(streams_of_results) or ())) in {1, 2}


def _all_of[T](count: int, found: list[T]) -> list[T]:
    """What was found, once it is enough: an invocation's log lines come after its results."""
    return found if len(found) >= count else []
