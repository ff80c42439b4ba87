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
