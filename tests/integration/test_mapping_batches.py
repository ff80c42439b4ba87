from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
import pytest

from harness.client.control import ControlApi
from tests.support.mapped import MakeMapped, Mapped, bodies_of

if TYPE_CHECKING:
    from tests.integration.conftest import Emulator, StartEmulator

pytestmark = pytest.mark.only_on("embedded", "container")


GATED = """
def on(event):
    tell("started")
    wait_for_gate()
"""
WAITS_AND_TELLS = """
def on(event):
    wait_for_gate()
    tell(event["Records"])
"""
FLAKY = """
def on(event):
    for record in event["Records"]:
        if record["body"] == "flaky" and record["attributes"]["ApproximateReceiveCount"] == "1":
            raise RuntimeError(record["body"])
    tell(event["Records"])
"""
RETURNS_ONE = """
def on(event):
    [record] = event["Records"]
    if record["body"].startswith("flaky") and record["attributes"]["ApproximateReceiveCount"] == "1":
        back_at_once(record)
        raise RuntimeError
    tell(record["body"])
"""
BROKEN = """
def on(event):
    raise RuntimeError
"""
REPORTS = """
def on(event):
    tell(event["Records"])
    bad = [r["messageId"] for r in event["Records"]
           if r["body"] == "bad" and r["attributes"]["ApproximateReceiveCount"] == "1"]
    return {"batchItemFailures": [{"itemIdentifier": item} for item in bad]}
"""


@pytest.mark.parametrize(
    ("scaling", "at_once"),
    [({}, 5), ({"ScalingConfig": {"MaximumConcurrency": 2}}, 2)],
)
def test_that_many_batches_are_in_flight_at_once(
    emulator: Emulator, make_mapped: MakeMapped, scaling: dict[str, dict[str, int]], at_once: int
) -> None:
    mapped = make_mapped(GATED, mapping={"BatchSize": 1, **scaling})
    ControlApi(emulator.url, mapped.account).call("POST", "clock", {"action": "freeze"})  # it does not grow
    mapped.send(*"1234567")
    assert mapped.told(at_once) == ["started"] * at_once
    # The others are not even received: their visibility timeout does not run.
    assert mapped.counts(mapped.input) == (7 - at_once, at_once)
    mapped.open_gate(7)
    assert len(mapped.told(7 - at_once)) == 7 - at_once


def test_a_throttled_function_is_asked_again(make_mapped: MakeMapped) -> None:
    mapped = make_mapped(WAITS_AND_TELLS, mapping=None)
    mapped.functions.put_function_concurrency(FunctionName="mapped", ReservedConcurrentExecutions=1)
    mapped.map(BatchSize=1)
    mapped.send(*"123")
    mapped.open_gate(3)
    told = mapped.told(3)
    assert sorted(body for records in told for body in bodies_of(records)) == ["1", "2", "3"]
    # They were held back, not sent back to the queue.
    assert {record["attributes"]["ApproximateReceiveCount"] for records in told for record in records} == {
        "1"
    }


def test_a_failed_batch_comes_back_after_its_visibility_timeout(make_mapped: MakeMapped) -> None:
    mapped = make_mapped(FLAKY, input_attributes={"VisibilityTimeout": "3"}, timeout=3)
    identifiers = mapped.send("fine", "flaky")
    [records] = mapped.told(1)
    assert [record["messageId"] for record in records] == identifiers
    assert [record["attributes"]["ApproximateReceiveCount"] for record in records] == ["2", "2"]


def test_after_the_last_attempt_a_message_is_in_the_dead_letter_queue(make_mapped: MakeMapped) -> None:
    mapped = make_mapped(BROKEN, mapping=None, input_attributes={"VisibilityTimeout": "3"}, timeout=3)
    dead = mapped.queue("dead")
    mapped.sqs.set_queue_attributes(
        QueueUrl=mapped.input,
        Attributes={"RedrivePolicy": f'{{"deadLetterTargetArn":"{mapped.arn(dead)}","maxReceiveCount":2}}'},
    )
    mapped.map()
    mapped.send("poison")
    assert mapped.received(dead, 1) == ["poison"]
    assert mapped.counts(mapped.input) == (0, 0)


def test_only_what_is_reported_as_failed_comes_back(make_mapped: MakeMapped) -> None:
    mapped = make_mapped(
        REPORTS,
        mapping={"FunctionResponseTypes": ["ReportBatchItemFailures"]},
        input_attributes={"VisibilityTimeout": "3"},
        timeout=3,
    )
    mapped.send("good", "bad", "fine")
    first, second = mapped.told(2)
    assert bodies_of(first) == ["good", "bad", "fine"]
    assert bodies_of(second) == ["bad"]


def test_fifo_a_failing_group_stops_no_other_and_keeps_its_order(make_mapped: MakeMapped) -> None:
    # With this visibility timeout, a message that is received and not handled would not be seen again.
    mapped = make_mapped(
        RETURNS_ONE,
        fifo=True,
        mapping={"BatchSize": 1},
        input_attributes={"VisibilityTimeout": "600"},
    )
    mapped.send("flaky 1", "a 2", group="a")
    mapped.send("b 1", "b 2", group="b")
    mapped.send("c 1", group="c")
    bodies = mapped.told(5)
    assert sorted(bodies) == ["a 2", "b 1", "b 2", "c 1", "flaky 1"]
    assert bodies.index("flaky 1") < bodies.index("a 2")
    assert bodies.index("b 1") < bodies.index("b 2")


def test_fifo_groups_that_are_received_together_are_one_batch(make_mapped: MakeMapped) -> None:
    mapped = make_mapped(
        REPORTS, fifo=True, mapping=None, input_attributes={"VisibilityTimeout": "3"}, timeout=3
    )
    mapped.send("bad", group="a")
    mapped.send("b", group="b")
    mapped.send("c", group="c")
    mapped.map(FunctionResponseTypes=["ReportBatchItemFailures"])
    first, second = mapped.told(2)
    assert (bodies_of(first), bodies_of(second)) == (["bad", "b", "c"], ["bad"])


def test_fifo_a_group_has_one_batch_at_a_time(make_mapped: MakeMapped) -> None:
    mapped = make_mapped(GATED, fifo=True, mapping={"BatchSize": 1})
    mapped.send("1", "2", group="a")
    mapped.send("3", group="b")
    mapped.told(2)
    assert mapped.counts(mapped.input) == (1, 2)
    mapped.open_gate(3)
    mapped.told(1)


def test_fifo_a_message_in_flight_does_not_delay_other_groups(make_mapped: MakeMapped) -> None:
    # Both are received by hand; only the second one's timeout ends soon.
    mapped = make_mapped(fifo=True, mapping=None)
    mapped.send("held", group="a")
    mapped.send("back", group="b")
    held, back = mapped.sqs.receive_message(QueueUrl=mapped.input, MaxNumberOfMessages=10)["Messages"]
    assert (held["Body"], back["Body"]) == ("held", "back")
    mapped.sqs.change_message_visibility(
        QueueUrl=mapped.input, ReceiptHandle=back["ReceiptHandle"], VisibilityTimeout=1
    )
    assert mapped.received(mapped.input, 1) == ["back"]


@pytest.mark.only_on("embedded")
def test_an_idle_mapping_costs_nothing(
    start_emulator: StartEmulator,
) -> None:
    own, _ = start_emulator()  # others keep the run's own busy
    mapped = Mapped(own.client)
    mapped.send("warm")
    mapped.told(1)
    process = psutil.Process(own.environment.pid)
    before = sum(process.cpu_times()[:2])
    # A long poll that nothing answers is five seconds in which nothing happens.
    assert "Messages" not in mapped.sqs.receive_message(QueueUrl=mapped.output, WaitTimeSeconds=5)
    assert sum(process.cpu_times()[:2]) - before < 1.0
