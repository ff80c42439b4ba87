"""The calculator while things break: no result is missing, some come twice, and who looks sees each once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.operations import additions, expected

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.client import Clock, Faults, Message, Stack

pytestmark = pytest.mark.needs("virtual_clock", "faults")

VISIBILITY_TIMEOUT = 60


@pytest.mark.needs("ledger")
def test_retry_after_a_crash(stack: Stack, clock: Clock, faults: Faults) -> None:
    faults.crash(function="calculatrice", nth_invoke=1)
    message = stack.queue("InputQueue").send({"operation": "add", "a": 5, "b": 3})
    clock.settle()
    assert message.deliveries == 1
    clock.advance(60)
    assert stack.queue("OutputQueue").receive_one().json()["result"] == 8
    assert [event.kind for event in message.history][-1] == "deleted"


class Deduplicating:
    """A consumer of results, as anybody's of a standard queue has to be: what it has seen, it passes over."""

    def __init__(self) -> None:
        self.seen: dict[str, dict[str, Any]] = {}
        self.came: Counter[str] = Counter()

    def take(self, results: list[Message]) -> None:
        for result in results:
            document = result.json()
            operation = document["messageId"]
            self.came[operation] += 1
            assert self.seen.setdefault(operation, document) == document


def deduplicated(stack: Stack, clock: Clock, sent: list[Message]) -> Counter[str]:
    """Let time pass until nothing comes any more; how often each result came, by its operation's message id.

    None is missing, and each operation is seen once.
    """
    output = stack.queue("OutputQueue")
    consumer = Deduplicating()
    for _ in range(3):
        clock.settle()
        while results := output.receive():
            consumer.take(results)
            output.delete(results)
        clock.advance(VISIBILITY_TIMEOUT)
    assert stack.queue("InputQueue").counts().total == 0
    if "ledger" in stack.capabilities:
        stack.assert_nothing_lost()
    assert consumer.seen == {message.id: expected(message) for message in sent}
    return consumer.came


type Breaks = Callable[[Faults], object]


@pytest.mark.parametrize(
    ("breaks", "twice"),
    [
        pytest.param(lambda faults: faults.crash(nth_invoke=2, when="before"), False, id="crash-before"),
        pytest.param(lambda faults: faults.crash(nth_invoke=2, when="during"), True, id="crash-during"),
        pytest.param(lambda faults: faults.crash(nth_invoke=2, when="after"), True, id="crash-after"),
        pytest.param(lambda faults: faults.time_out(nth_invoke=1), False, id="time-out"),
        pytest.param(lambda faults: faults.lose_delete(), True, id="lost-delete"),
        pytest.param(lambda faults: faults.duplicate(always=True), True, id="duplicates"),
        pytest.param(lambda faults: faults.fail_send(), False, id="failed-send"),
        pytest.param(lambda faults: faults.fail_send(entries=1), None, id="partly-failed-send"),
    ],
)
def test_a_result_may_come_twice_and_never_not_at_all(
    stack: Stack, clock: Clock, faults: Faults, breaks: Breaks, *, twice: bool | None
) -> None:
    clock.freeze()
    breaks(faults)
    sent = stack.queue("InputQueue").send_all(additions(25))
    came = deduplicated(stack, clock, sent)
    assert faults.unfired() == ()
    if twice is not None:
        assert (max(came.values()) > 1) is twice


def test_all_at_once(stack: Stack, clock: Clock, faults: Faults) -> None:
    clock.freeze()
    faults.crash(function="CalculatorLambda", nth_invoke=1)
    faults.crash(function="CalculatorLambda", nth_invoke=3, when="after")
    faults.lose_delete(queue="InputQueue", nth_delivery=1)
    faults.duplicate(queue="InputQueue", always=True)
    faults.reorder(queue="InputQueue", always=True)
    faults.fail_send(entries=2, queue="OutputQueue", nth_send=2)
    sent = stack.queue("InputQueue").send_all(additions(60))
    came = deduplicated(stack, clock, sent)
    assert faults.unfired() == ()
    assert came.total() > len(sent)
