"""A FIFO pair of queues: each group's results in the order of its operations."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from tests.support.operations import assert_each_calculated_once

if TYPE_CHECKING:
    from harness.client import Stack

pytestmark = pytest.mark.stack_settings(CALCULATRICE_FIFO="true")


def test_each_group_keeps_its_order(stack: Stack) -> None:
    run = uuid.uuid4().hex  # a deduplication id counts for five minutes, longer than a repeated test takes
    queue = stack.queue("InputQueue")
    sent = [
        queue.send(
            {"operation": "add", "a": number, "b": 1},
            group=group,
            deduplication_id=f"{run}-{group}-{number}",
        )
        for number in range(10)
        for group in ("even", "odd", "prime")
    ]
    results = stack.queue("OutputQueue").collect(30)
    assert_each_calculated_once(sent, results)
    for group in ("even", "odd", "prime"):
        assert [result.json()["a"] for result in results if result.group == group] == list(range(10))
