"""The calculator in whatever AWS a seed makes of it: a result may come twice, never not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.operations import additions, expected

if TYPE_CHECKING:
    from harness.client import Clock, Stack

pytestmark = pytest.mark.needs("virtual_clock", "faults")

SEEDS = range(20)
LONG = 3600  # seconds; longer than all visibility timeouts in a row, shorter than what is kept


@pytest.mark.parametrize("seed", SEEDS)
def test_each_result_comes_and_who_looks_at_its_message_id_sees_it_once(
    stack: Stack, clock: Clock, seed: int
) -> None:
    clock.freeze()
    stack.faults.adversary(seed)
    sent = stack.queue("InputQueue").send_all(additions(8))
    clock.advance(LONG)
    results = [result.json() for result in stack.queue("OutputQueue").peek()]
    seen = {result["messageId"]: result for result in results}
    assert seen == {message.id: expected(message) for message in sent}
    assert all(result == seen[result["messageId"]] for result in results)
    assert stack.queue("InputQueue").counts().total == 0
