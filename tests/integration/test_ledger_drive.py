"""What a test asks the ledger: a message's history, its state, and that nothing was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.model.errors import MessageError, UsageError
from tests.support.handlers import in_front_of_the_calculator
from tests.support.operations import additions

if TYPE_CHECKING:
    from harness.client import Clock, Stack

pytestmark = pytest.mark.needs("ledger", "virtual_clock")

OPERATION = {"operation": "add", "a": 5, "b": 3}
DELIVERED = ("received", "batch_formed", "invoke_started")
FAILS = """
    def lambda_handler(event, context):
        if event["Records"]:
            raise RuntimeError("never works")
"""
DELETES_AND_FAILS = """
    import os, boto3

    def lambda_handler(event, context):
        for record in event["Records"]:
            arn = record["eventSourceARN"].split(":")
            sqs = boto3.client("sqs")
            url = sqs.get_queue_url(QueueName=arn[-1])["QueueUrl"]
            sqs.delete_message(QueueUrl=url, ReceiptHandle=record["receiptHandle"])
        if event["Records"]:
            raise RuntimeError("after it deleted what it was given")
"""


def test_a_message_that_is_calculated(stack: Stack, clock: Clock) -> None:
    message = stack.queue("InputQueue").send(OPERATION)
    clock.settle()
    assert [event.kind for event in message.history] == ["sent", *DELIVERED, "invoke_succeeded", "deleted"]
    assert (message.state, message.deliveries) == ("deleted", 1)
    message.assert_deleted()
    message.assert_delivered(1)
    (result,) = stack.ledger.where(queue="OutputQueue", kind="sent")
    assert '"result": 8' in result.detail["body"]
    (ended,) = stack.ledger.where(function="CalculatorLambda", kind="invoke_succeeded", message=message)
    assert ended.batch_id == message.history[2].batch_id
    assert ended.detail["duration_ms"] > 0
    assert f"END RequestId: {ended.request_id}" in ended.detail["log"]
    stack.assert_nothing_lost()


@pytest.mark.stack_settings(
    CALCULATRICE_VISIBILITY_TIMEOUT="6",
    CALCULATRICE_FUNCTION_TIMEOUT="5",
    CALCULATRICE_MAX_RECEIVE_COUNT="2",
)
def test_a_message_that_fails_until_it_is_a_dead_letter(stack: Stack, clock: Clock) -> None:
    dead = stack.queue("DeadLetterQueue")
    clock.freeze()
    with in_front_of_the_calculator(stack.function("CalculatorLambda"), FAILS):
        message = stack.queue("InputQueue").send(OPERATION)
        clock.settle()
        assert message.state == "in flight"
        message.assert_in(stack.queue("InputQueue"))
        clock.advance(12)
    assert message.state == f"moved to {dead.name}"
    message.assert_in(dead)
    message.assert_delivered(2)
    assert [event.kind for event in message.history] == [
        *("sent", *DELIVERED, "invoke_failed"),
        *("visible", *DELIVERED, "invoke_failed"),
        *("visible", "moved_to_dlq"),
    ]
    with pytest.raises(AssertionError) as failed:
        message.assert_deleted()
    lines = str(failed.value).splitlines()
    assert lines[0] == (
        f"Message {message.id} should have been deleted after success; it is moved to {dead.name}."
    )
    assert lines[1].startswith("Times are from ")
    assert any("RuntimeError: never works" in line for line in lines)
    assert lines[-1].split("  ")[-1].startswith("Moved from ")
    stack.assert_nothing_lost()
    dead.receive_one()
    message.assert_deleted()
    stack.assert_nothing_lost()


def test_a_message_that_its_handler_deletes_before_it_fails_is_lost(stack: Stack, clock: Clock) -> None:
    with in_front_of_the_calculator(stack.function("CalculatorLambda"), DELETES_AND_FAILS):
        message = stack.queue("InputQueue").send(OPERATION)
        clock.settle()
    assert message.state == "deleted"
    with pytest.raises(AssertionError, match="1 of 1 messages were lost:") as failed:
        stack.assert_nothing_lost()
    assert f"Message {message.id}. It was deleted while" in str(failed.value)
    with pytest.raises(AssertionError, match="whose invocation did not succeed"):
        message.assert_deleted()


def test_nothing_of_many_is_lost_and_what_the_handlers_send_counts(stack: Stack, clock: Clock) -> None:
    sent = stack.queue("InputQueue").send_all(additions(40))
    clock.settle()
    stack.assert_nothing_lost()
    assert stack.queue("OutputQueue").counts().total == 40
    assert len(stack.ledger.where(kind="sent")) == 80
    stack.queue("OutputQueue").purge()
    assert len(stack.ledger.where(kind="purged")) == 40
    stack.assert_nothing_lost()
    assert {message.state for message in sent[:3]} == {"deleted"}


def test_what_a_queue_does_not_hold_although_the_ledger_says_so(stack: Stack) -> None:
    stack.queue("OutputQueue").send("result")
    assert stack.ledger._compared()[1] == []
    with pytest.MonkeyPatch.context() as patched:
        empty = stack.queue("InputQueue").counts()
        patched.setattr("harness.client.queue.Queue.counts", lambda _: empty)
        with pytest.raises(AssertionError, match=r"1 messages should be in .*, which holds 0"):
            stack.assert_nothing_lost()


def test_the_ledger_is_followed_while_it_is_written(stack: Stack) -> None:
    queue = stack.queue("OutputQueue")
    following = stack.ledger.follow()
    kinds = []
    queue.send("one")
    kinds.append(next(following).kind)
    queue.receive_one()
    kinds += [next(following).kind for _ in range(2)]
    following.close()  # type: ignore[attr-defined] # a generator
    assert kinds == ["sent", "received", "deleted"]


def test_what_an_earlier_test_did_is_forgotten(stack: Stack) -> None:
    assert stack.ledger.where(kind="sent") == ()


def test_what_does_not_exist_is_refused_with_what_does(stack: Stack) -> None:
    with pytest.raises(UsageError, match=r"(?s)no kind 'sennt' of events.*received"):
        stack.ledger.where(kind="sennt")
    with pytest.raises(MessageError, match=r"(?s)no queue 'Outputs'.*OutputQueue"):
        stack.ledger.where(queue="Outputs")
    with pytest.raises(MessageError, match=r"(?s)no function 'Calc'.*CalculatorLambda"):
        stack.ledger.where(function="Calc")
    assert stack.ledger.where(message="nobody") == ()
    assert stack.ledger.fate("nobody").state == "unknown"
