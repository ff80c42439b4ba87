"""The fixture `clock`: the time of a stack, moved by a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.drive import Clock, Stack

pytestmark = pytest.mark.needs("virtual_clock")


def test_a_delayed_message_comes_when_its_time_has_come(stack: Stack, clock: Clock) -> None:
    queue = stack.queue("OutputQueue")
    then = clock.freeze()
    queue.send("later", delay=900)
    assert clock.advance(899) == then + 899
    assert queue.receive(1, wait=0) == []
    clock.advance(1)
    assert queue.receive_one().body == "later"


def test_what_an_earlier_test_did_to_it_is_gone(stack: Stack, clock: Clock) -> None:
    assert not clock.frozen
    assert stack.clock is clock
