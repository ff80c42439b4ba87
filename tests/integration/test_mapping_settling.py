"""An account says when nothing in it can move unless time moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.client.control import ControlApi
from harness.model.errors import HarnessError
from tests.support.mapped import ECHO, MakeMapped, Mapped, bodies_of

if TYPE_CHECKING:
    from tests.integration.conftest import Emulator

pytestmark = pytest.mark.only_on("embedded", "container")

BROKEN = """
def on(event):
    tell(event["Records"][0]["attributes"]["ApproximateReceiveCount"])
    raise RuntimeError
"""
GATED = """
def on(event):
    tell("started")
    wait_for_gate()
"""
PASSES_ON = """
import time

def on(event):
    for record in event["Records"]:
        if int(record["body"]):
            time.sleep(0.05)
            sqs.send_message(QueueUrl=os.environ["INPUT"], MessageBody=str(int(record["body"]) - 1))
        else:
            tell("last")
"""
TELLS_OF_ANY_EVENT = """
def handler(event, context):
    if event:
        tell(event)
"""
# Terminate is the default; the loop of PASSES_ON is shorter than what is stopped.


class Timed:
    """The clock of a mapped function's account."""

    def __init__(self, emulator: Emulator, mapped: Mapped) -> None:
        self._control = ControlApi(emulator.url, mapped.account)

    def freeze(self) -> None:
        self._control.call("POST", "clock", {"action": "freeze"})

    def advance(self, seconds: float) -> None:
        self._control.call("POST", "clock", {"action": "advance", "seconds": seconds})

    def settle(self, timeout: float = 30) -> Any:
        return self._control.call("POST", "settle", {"timeout": timeout})

    def advice(self) -> Any:
        return self._control.call("GET", "advice")


def test_where_all_is_done_it_has_settled(emulator: Emulator, make_mapped: MakeMapped) -> None:
    mapped = make_mapped(PASSES_ON, mapping={"BatchSize": 1})
    timed = Timed(emulator, mapped)
    mapped.send("5")
    answer = timed.settle()
    assert (answer["account"], answer["settled"], answer["moving"]) == (mapped.account, True, [])
    assert mapped.counts(mapped.output) == (1, 0)
    assert mapped.counts(mapped.input) == (0, 0)


def test_what_still_moves_is_said_with_a_408(emulator: Emulator, make_mapped: MakeMapped) -> None:
    mapped = make_mapped(GATED)
    timed = Timed(emulator, mapped)
    mapped.send("x")
    mapped.told(1)
    with pytest.raises(HarnessError, match=r"mapped handles 1 of in.*mapped runs"):
        timed.settle(0.1)
    mapped.open_gate(1)
    timed.settle()
    assert mapped.counts(mapped.input) == (0, 0)


def test_an_invocation_by_a_client_counts_too(emulator: Emulator, make_mapped: MakeMapped) -> None:
    mapped = make_mapped(ECHO + TELLS_OF_ANY_EVENT, mapping=None)
    timed = Timed(emulator, mapped)
    for number in range(3):
        mapped.functions.invoke(
            FunctionName="mapped", InvocationType="Event", Payload=f'{{"number": {number}}}'
        )
    timed.settle()
    assert mapped.counts(mapped.output) == (3, 0)


def test_a_window_waits_for_time_and_is_no_motion(emulator: Emulator, make_mapped: MakeMapped) -> None:
    mapped = make_mapped(
        mapping={"BatchSize": 100, "MaximumBatchingWindowInSeconds": 300},
        input_attributes={"VisibilityTimeout": "600"},
    )
    timed = Timed(emulator, mapped)
    timed.freeze()
    mapped.send("a", "b")
    timed.settle()
    assert mapped.counts(mapped.input) == (0, 2)
    timed.advance(299)
    assert mapped.counts(mapped.output) == (0, 0)
    timed.advance(1)
    assert mapped.counts(mapped.output) == (1, 0)
    assert bodies_of(mapped.told(1)[0]) == ["a", "b"]


def test_a_queue_that_was_made_again_is_read_before_it_has_settled(
    emulator: Emulator, make_mapped: MakeMapped
) -> None:
    """Its mapping looks for it by itself only every now and then."""
    mapped = make_mapped()
    timed = Timed(emulator, mapped)
    for body in ("a", "b"):
        mapped.sqs.delete_queue(QueueUrl=mapped.input)
        timed.settle()
        ControlApi(emulator.url, mapped.account).call("DELETE", "deleted-queues")
        assert mapped.queue("in") == mapped.input
        mapped.send(body)
        timed.settle()
        assert mapped.counts(mapped.output) == (1, 0)
        assert bodies_of(mapped.told(1)[0]) == [body]


def test_an_advance_over_several_deadlines_lets_all_settle_at_each(
    emulator: Emulator, make_mapped: MakeMapped
) -> None:
    mapped = make_mapped(BROKEN, mapping=None, input_attributes={"VisibilityTimeout": "600"})
    timed = Timed(emulator, mapped)
    dead = mapped.queue("dead")
    mapped.sqs.set_queue_attributes(
        QueueUrl=mapped.input,
        Attributes={"RedrivePolicy": f'{{"deadLetterTargetArn":"{mapped.arn(dead)}","maxReceiveCount":3}}'},
    )
    mapped.map()
    timed.freeze()
    mapped.send("poison")
    timed.advance(600 * 3 - 1)
    assert mapped.counts(dead) == (0, 0)
    timed.advance(1)
    assert mapped.counts(dead) == (1, 0)
    assert mapped.told(3) == ["1", "2", "3"]


def test_an_advance_does_not_wait_twice_for_what_does_not_end(
    emulator: Emulator, make_mapped: MakeMapped
) -> None:
    mapped = make_mapped(GATED, input_attributes={"VisibilityTimeout": "600"})
    timed = Timed(emulator, mapped)
    timed.freeze()
    mapped.send("held")
    mapped.told(1)
    for delay in range(1, 31):
        mapped.sqs.send_message(QueueUrl=mapped.output, MessageBody='"later"', DelaySeconds=delay)
    timed.advance(31)  # would take minutes, if each of the thirty deadlines waited
    assert mapped.counts(mapped.output) == (30, 0)
    mapped.open_gate(1)
    timed.settle()


@pytest.mark.parametrize("timeout", [-1, "x", None, True])
def test_a_wrong_timeout_is_refused(emulator: Emulator, timeout: Any) -> None:
    with pytest.raises(HarnessError, match='"timeout" must be'):
        ControlApi(emulator.url, "000000000000").call("POST", "settle", {"timeout": timeout})


def test_advice_is_given_for_what_aws_does_not_refuse(emulator: Emulator, make_mapped: MakeMapped) -> None:
    mapped = make_mapped(input_attributes={"VisibilityTimeout": "60"})
    [found] = Timed(emulator, mapped).advice()
    assert (found["mapping"], found["row"]) == (mapped.uuid, "B-13")
    assert "visibility timeout is 60 s: AWS advises 180 s" in found["message"]
