"""Event source mappings: success, failure, retries (B-28 to B-35)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.conformance import receive, take
from tests.support.conformance_batches import (
    ECHO,
    behind_gate,
    bodies_of,
    counts_of,
    open_gate,
    send,
    settles_at,
    told_records,
)
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.support.conformance_batches import Make

RETURNS_WHAT_IT_IS_TOLD = """
from report import tell

ANSWERS = {
    "nothing": None,
    "a text": "text",
    "an error's status": {"statusCode": 500},
    "a failure": {"batchItemFailures": [{"itemIdentifier": ""}]},
}

def handler(event, context):
    tell(event["Records"])
    return ANSWERS[event["Records"][0]["body"]]
"""
FAILS_AT_FIRST = """
import os
from report import tell, wait_for_gate

def handler(event, context):
    tell(event["Records"])
    if event["Records"][0]["attributes"]["ApproximateReceiveCount"] == "1":
        {failure}
"""
FAILURES = {
    "exception": 'raise RuntimeError("no")',
    "timeout": "wait_for_gate()",
    "crash": "os._exit(1)",
}
BRINGS_ONE_BACK = """
from report import change_visibility, tell

def handler(event, context):
    tell(event["Records"])
    if len(event["Records"]) == 2:
        change_visibility(event["Records"][0], 0)
        raise RuntimeError("no")
"""
ALWAYS_FAILS = """
from report import tell

def handler(event, context):
    tell(event["Records"])
    raise RuntimeError("no")
"""
BACK_WHILE_IN_USE = """
from report import change_visibility, tell, wait_for_gate

def handler(event, context):
    (record,) = event["Records"]
    if record["attributes"]["ApproximateReceiveCount"] == "1":
        change_visibility(record, 0)
    tell(event["Records"])
    wait_for_gate()
"""
FAILS_BEHIND_THE_GATE = """
from report import tell, wait_for_gate

def handler(event, context):
    tell(event["Records"])
    wait_for_gate()
    if event["Records"][0]["body"].startswith("bad"):
        raise RuntimeError("no")
"""
# Ends by itself where nothing else ends it.
SENDS_TO_ITSELF = """
import os
import boto3
from report import tell

sqs = boto3.client("sqs")

def handler(event, context):
    (record,) = event["Records"]
    count = int(record["body"])
    tell(count)
    if count < 30:
        sqs.send_message(QueueUrl=os.environ["INPUT"], MessageBody=str(count + 1))
"""


def is_updated(functions: Any, name: str) -> bool:
    """Whether a function has the configuration that it was given last."""
    found = functions.get_function_configuration(FunctionName=name)
    return bool(found["LastUpdateStatus"] == "Successful")


@pytest.mark.aws("B-28")
def test_whatever_a_function_returns_its_batch_is_deleted(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url = queue(VisibilityTimeout=4)
    mapping(url, function(RETURNS_WHAT_IT_IS_TOLD), BatchSize=1)
    clock.freeze()
    returned = ["nothing", "a text", "an error's status", "a failure"]
    send(sqs, url, *returned)
    assert sorted(bodies_of(told_records(deliveries, 4))) == sorted(returned)
    assert settles_at(sqs, url, 0, 0)
    clock.advance(4.1)
    assert deliveries.rest(0) == []


@pytest.mark.aws("B-29")
@pytest.mark.parametrize("failure", FAILURES)
def test_a_failed_batch_comes_back_when_its_visibility_timeout_ends(
    sqs: Any,
    lambda_: Any,
    queue: Make,
    function: Make,
    mapping: Make,
    deliveries: Any,
    clock: Any,
    failure: str,
) -> None:
    url, gate = queue(VisibilityTimeout=6), queue()
    source = FAILS_AT_FIRST.format(failure=FAILURES[failure])
    name = function(source, **{**behind_gate(gate), "Timeout": 2 if failure == "timeout" else 6})
    mapping(url, name)
    clock.freeze()
    sent = send(sqs, url, "a", "b")
    first = told_records(deliveries, 2)
    clock.advance(3)
    assert deliveries.rest(0) == []
    # The second time it has to start anew within its timeout, which takes what the machine takes.
    lambda_.update_function_configuration(FunctionName=name, Timeout=6)
    assert eventually(lambda: is_updated(lambda_, name))
    clock.advance(3.1)
    second = told_records(deliveries, 2)
    assert [counts_of(first), counts_of(second)] == [["1", "1"], ["2", "2"]]
    for records in (first, second):
        assert sorted(record["messageId"] for record in records) == sorted(sent)
    assert not {record["receiptHandle"] for record in first} & {record["receiptHandle"] for record in second}
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("B-30")
def test_messages_of_a_failed_batch_come_back_one_by_one(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url = queue(VisibilityTimeout=4)
    mapping(url, function(BRINGS_ONE_BACK, Environment={"Variables": {"INPUT": url}}))
    clock.freeze()
    send(sqs, url, "a", "b")
    first, again = deliveries(2)
    assert sorted(bodies_of(first)) == ["a", "b"]
    assert bodies_of(again) == bodies_of(first)[:1]
    clock.advance(4.1)
    (later,) = deliveries(1)
    assert bodies_of(later) == bodies_of(first)[1:]


@pytest.mark.aws("B-31")
def test_after_its_last_attempt_a_message_is_in_the_dead_letter_queue_of_its_queue(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any, arn: Any
) -> None:
    dead, functions_own = queue(), queue()
    url = queue(VisibilityTimeout=4, RedrivePolicy={"deadLetterTargetArn": arn(dead), "maxReceiveCount": 2})
    mapping(url, function(ALWAYS_FAILS, DeadLetterConfig={"TargetArn": arn(functions_own)}))
    clock.freeze()
    (sent,) = send(sqs, url, "poison")
    assert counts_of(told_records(deliveries, 1)) == ["1"]
    clock.advance(4.1)
    assert counts_of(told_records(deliveries, 1)) == ["2"]
    clock.advance(4.1)
    (message,) = take(sqs, dead)
    assert (message["MessageId"], message["Body"]) == (sent, "poison")
    assert settles_at(sqs, url, 0, 0)
    assert deliveries.rest(0) == []
    assert receive(sqs, functions_own) == []


@pytest.mark.aws("B-32")
def test_errors_lower_the_concurrency(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url, gate = queue(), queue()
    mapping(url, function(FAILS_BEHIND_THE_GATE, **behind_gate(gate)), BatchSize=1)
    clock.freeze()
    send(sqs, url, *(f"bad {n}" for n in range(5)))
    deliveries(5)
    open_gate(sqs, gate, 5)
    clock.advance(0)  # until the invocations have ended
    send(sqs, url, *(f"good {n}" for n in range(5)))
    # How many there are now is not published; fewer than before. Their environments are warm.
    at_once = deliveries.rest(1)
    assert 1 <= len(at_once) < 5
    open_gate(sqs, gate, 5)
    assert len(deliveries(5 - len(at_once))) == 5 - len(at_once)


@pytest.mark.aws("B-33")
def test_a_throttled_batch_is_held_and_tried_again(
    sqs: Any, lambda_: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url = queue()
    name = function(ECHO)
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    mapping(url, name)
    clock.freeze()
    send(sqs, url, "held")
    assert settles_at(sqs, url, 0, 1)
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    clock.advance(5)
    assert counts_of(told_records(deliveries, 1)) == ["1"]


@pytest.mark.aws("B-33")
def test_a_message_that_was_only_throttled_is_in_the_dead_letter_queue_after_its_last_receive(
    sqs: Any, lambda_: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any, arn: Any
) -> None:
    dead = queue()
    url = queue(VisibilityTimeout=4, RedrivePolicy={"deadLetterTargetArn": arn(dead), "maxReceiveCount": 1})
    name = function(ECHO)
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    mapping(url, name)
    clock.freeze()
    (sent,) = send(sqs, url, "never run")
    assert settles_at(sqs, url, 0, 1)
    clock.advance(4.1)
    (message,) = take(sqs, dead)
    assert message["MessageId"] == sent
    assert deliveries.rest(0) == []


@pytest.mark.aws("B-34")
def test_a_message_can_be_delivered_twice_with_no_error(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any
) -> None:
    url, gate = queue(), queue()
    configuration = behind_gate(gate)
    configuration["Environment"]["Variables"]["INPUT"] = url
    mapping(url, function(BACK_WHILE_IN_USE, **configuration))
    (sent,) = send(sqs, url, "x")
    # The first invocation still runs when the second one begins.
    records = told_records(deliveries, 2)
    assert [record["messageId"] for record in records] == [sent, sent]
    assert sorted(counts_of(records)) == ["1", "2"]
    open_gate(sqs, gate, 2)
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("B-35")
def test_a_recursive_loop_is_stopped(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any
) -> None:
    url = queue()
    name = function(SENDS_TO_ITSELF, Timeout=20, Environment={"Variables": {"INPUT": url}})
    mapping(url, name)
    send(sqs, url, "1")
    # What becomes of the message is not known for sure: dropped, or left to the queue's redrive policy.
    told = deliveries(15) + deliveries.rest(1)
    assert told == list(range(1, len(told) + 1))
    assert 15 <= len(told) <= 17, "about 16 invocations"
