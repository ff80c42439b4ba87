"""Latency and throughput as published for AWS (D-01 to D-08): no slower here; on AWS, seen from a handler."""

from __future__ import annotations

import itertools
import json
import statistics
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.conformance import receive, take
from tests.support.conformance_batches import (
    ECHO,
    GATED,
    behind_gate,
    counts,
    counts_of,
    open_gate,
    send,
    settles_at,
    told_records,
)
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.conformance_batches import Make

MESSAGES = 40
LATENCY_SECONDS = 15
"""What a latency's test takes; measured where the run has the machine to itself (`make conformance`)."""
TELLS_WHEN = """
import time
from report import tell

def handler(event, context):
    now = time.time()
    tell([now - int(record["attributes"]["SentTimestamp"]) / 1000 for record in event["Records"]])
"""
"""Seconds from the send to the handler, for each message: both times are taken inside AWS."""
GOES_ROUND = """
import json, os, time
from report import tell

def handler(event, context):
    for record in event["Records"]:
        times = json.loads(record["body"]) + [time.time()]
        os.environ["OUTPUT"] = os.environ["DONE" if len(times) > 10 else "ROUND"]
        tell(times)
"""
FAILS_ONCE = """
from report import tell

def handler(event, context):
    if event["Records"][0]["attributes"]["ApproximateReceiveCount"] == "1":
        raise RuntimeError("the first time fails")
    tell(event["Records"])
"""
FAILS = """
def handler(event, context):
    raise RuntimeError("fails each time")
"""


def quickest_quarter(seconds: list[float]) -> float:
    """What a quarter of them did not exceed: the machine may be busy with other tests."""
    return statistics.quantiles(seconds, n=4)[0]


@pytest.mark.aws("D-01")
def test_a_quarter_of_the_messages_comes_within_what_99_of_100_take_on_aws(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    clock.takes(LATENCY_SECONDS)
    url = queue()
    mapping(url, function(TELLS_WHEN), BatchSize=1)
    waits = []
    for _ in range(MESSAGES):
        sqs.send_message(QueueUrl=url, MessageBody="x")
        waits += deliveries(1)[0]
    assert quickest_quarter(waits) < 0.105, waits


@pytest.mark.aws("D-02")
def test_a_quarter_of_the_fifo_messages_comes_within_what_99_of_100_take_on_aws(
    sqs: Any, fifo_queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    clock.takes(LATENCY_SECONDS)
    url = fifo_queue(ContentBasedDeduplication="true")
    mapping(url, function(TELLS_WHEN), BatchSize=1)
    waits = []
    for number in range(MESSAGES):
        sqs.send_message(QueueUrl=url, MessageBody=str(number), MessageGroupId="g")
        waits += deliveries(1)[0]
    assert quickest_quarter(waits) < 0.645, waits


@pytest.mark.aws("D-03")
def test_a_loop_of_queue_and_function_takes_no_longer_a_hop_than_on_aws(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    clock.takes(LATENCY_SECONDS)
    url = queue()
    variables = {"ROUND": url, "DONE": deliveries.queue_url}
    mapping(url, function(GOES_ROUND, Environment={"Variables": variables}), BatchSize=1)
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps([]))
    (times,) = deliveries(1)
    hops = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert quickest_quarter(hops) < 0.125, hops


@pytest.mark.aws("D-04")
def test_a_mapping_grows_by_300_a_minute_at_most(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url, gate = queue(), queue()
    mapping(url, function(GATED, **behind_gate(gate)), BatchSize=1)
    began = clock.now()
    send(sqs, url, *"abcdefgh")

    def all_are_in_flight() -> bool:
        in_flight = counts(sqs, url)[1]
        assert in_flight <= 5 + 5 * (clock.now() - began)  # 300 a minute
        return in_flight == 8

    assert eventually(all_are_in_flight, timeout=25)
    deliveries(5)
    deliveries(3)
    open_gate(sqs, gate, 8)
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("D-06")
def test_a_mapping_handles_five_batches_at_a_time_at_the_start(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url, gate = queue(), queue()
    for _ in range(7):
        send(sqs, url, *"abcdefghij")
    clock.freeze()
    # 5 b / d: within one duration d of the handler five batches of b messages, and no more.
    mapping(url, function(GATED, **behind_gate(gate)), BatchSize=10)
    assert len(told_records(deliveries, 50)) == 50
    assert settles_at(sqs, url, 20, 50)
    assert deliveries.rest(0) == []
    open_gate(sqs, gate, 7)
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("D-07")
def test_one_invocation_of_a_hundred_is_a_cold_start(lambda_: Any, function: Make, logs: Any) -> None:
    name = function("def handler(event, context): pass")
    for _ in range(100):
        lambda_.invoke(FunctionName=name, Payload=b"{}")

    def logged() -> list[str]:
        found = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")
        return [event["message"] for event in found["events"] if event["message"].startswith("REPORT")]

    assert eventually(lambda: len(logged()) == 100, timeout=30)
    reports = logged()
    cold = [report for report in reports if "Init Duration: " in report]
    assert len(cold) == 1
    assert 0 < float(cold[0].partition("Init Duration: ")[2].partition(" ms")[0]) < 10_000


@pytest.mark.aws("D-08")
def test_a_message_is_handled_within_what_that_takes_on_aws(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any
) -> None:
    began = time.monotonic()
    url = queue()
    mapping(url, function(ECHO))
    sqs.send_message(QueueUrl=url, MessageBody="x")
    deliveries(1)
    assert time.monotonic() - began < 18.8


@pytest.mark.aws("D-08")
def test_a_message_is_retried_within_what_that_takes_on_aws(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    began = time.monotonic()
    url = queue(VisibilityTimeout=5)
    mapping(url, function(FAILS_ONCE, Timeout=5))
    sqs.send_message(QueueUrl=url, MessageBody="x")
    settles_at(sqs, url, 0, 1)
    clock.advance(5)
    assert counts_of(told_records(deliveries, 1)) == ["2"]
    assert time.monotonic() - began < 34.6


@pytest.mark.aws("D-08")
def test_a_message_reaches_the_dead_letter_queue_within_what_that_takes_on_aws(
    sqs: Any, queue: Make, function: Make, mapping: Make, arn: Callable[[str], str], clock: Any
) -> None:
    began = time.monotonic()
    dead = queue()
    policy = {"deadLetterTargetArn": arn(dead), "maxReceiveCount": 2}
    url = queue(VisibilityTimeout=5, RedrivePolicy=policy)
    mapping(url, function(FAILS, Timeout=5))
    sqs.send_message(QueueUrl=url, MessageBody="x")
    for _ in range(2):
        settles_at(sqs, url, 0, 1)
        clock.advance(5)
    assert [message["Body"] for message in take(sqs, dead)] == ["x"]
    assert receive(sqs, url) == []
    assert time.monotonic() - began < 31.9
