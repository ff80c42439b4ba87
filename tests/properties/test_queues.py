from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.queue_machine import QueueMachine

if TYPE_CHECKING:
    from hypothesis import settings

    from tests.properties.world import World


@pytest.mark.parametrize("fifo", [False, True], ids=["standard", "fifo"])
def test_a_queue_does_what_the_model_says(world: World, profile: settings, *, fifo: bool) -> None:
    make = partial(QueueMachine, world, fifo=fifo)
    run_state_machine_as_test(make, settings=profile)  # type: ignore[arg-type] # any factory will do


def test_a_dead_letter_that_is_too_old_for_its_queue_is_seen_nowhere(world: World) -> None:
    """A full receive may have moved it: neither what came nor the dead-letter queue tells of it."""
    machine = QueueMachine(world, fifo=False)
    machine.create(visibility=0, delay=0, retention=345_600, most=1, dead_retention=60, per_group=False)
    machine.send_batch([("red", None)] * 8)
    machine.wait(43_200)
    for _ in range(8):
        machine.receive(1, None)
        machine.counters_agree()
    machine.teardown()
