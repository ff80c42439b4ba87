from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from harness.model.environment import Endpoint
from harness.terraform.roles import ensure_roles
from tests.properties.mapping_machine import FUNCTION, FUNCTION_TIMEOUT, HANDLER, MappingMachine
from tests.support.conformance_site import RUNTIME, package

if TYPE_CHECKING:
    from tests.properties.world import World


@pytest.fixture(scope="module")
def output(world: World) -> str:
    """The queue that the function tells; the function is made with it."""
    url = world.queue(fifo=False)
    ensure_roles(Endpoint(world.url, account=world.account), ["any"])
    world.functions.create_function(
        FunctionName=FUNCTION,
        Runtime=RUNTIME,
        Role=f"arn:aws:iam::{world.account}:role/any",
        Handler="app.handler",
        Timeout=FUNCTION_TIMEOUT,
        Code={"ZipFile": package(HANDLER)},
        Environment={"Variables": {"OUTPUT": url}},
    )
    world.functions.get_waiter("function_active_v2").wait(
        FunctionName=FUNCTION, WaiterConfig={"Delay": 0.05, "MaxAttempts": 1200}
    )
    return url


@pytest.mark.parametrize("fifo", [False, True], ids=["standard", "fifo"])
def test_a_mapping_does_what_the_model_says(
    world: World, output: str, profile: settings, *, fifo: bool
) -> None:
    make = partial(MappingMachine, world, output, fifo=fifo)
    # Each step takes some five times as long as a queue's.
    fewer = settings(
        profile,
        max_examples=profile.max_examples // 2,
        stateful_step_count=profile.stateful_step_count // 2,
    )
    run_state_machine_as_test(make, settings=fewer)  # type: ignore[arg-type] # any factory will do
