"""How the machines are run: `ci` is a cut, `long` (`make properties`) looks for what it missed.

`brief` is for another place in which the same emulator runs.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import HealthCheck, Phase, settings

from harness.model.environment import Endpoint
from harness.model.errors import HarnessError
from tests.properties.world import World
from tests.support.mapped import new_account

if TYPE_CHECKING:
    from harness.testing.session import HarnessSession

COMMON = settings(
    deadline=None,  # a step is a few calls over HTTP
    print_blob=True,
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
)
PROFILES = {
    # To find what shrinks takes minutes: it prints a decorator, which is put on the test's `make` to do that.
    "ci": settings(COMMON, max_examples=12, stateful_step_count=50, database=None, phases=(Phase.generate,)),
    "brief": settings(
        COMMON, max_examples=3, stateful_step_count=50, database=None, phases=(Phase.generate,)
    ),
    "long": settings(COMMON, max_examples=400, stateful_step_count=100),
}


@pytest.fixture(scope="session")
def profile() -> settings:
    """How many examples, of how many steps."""
    return PROFILES[os.environ.get("HYPOTHESIS_PROFILE", "ci")]


@pytest.fixture(scope="session")
def world(harness_session: HarnessSession) -> World:
    """An account of the run's environment, with a clock that stands."""
    try:
        environment = harness_session.ensure_environment()
    except HarnessError as error:
        pytest.fail(str(error), pytrace=False)
    if "virtual_clock" not in environment.capabilities:
        pytest.skip("time cannot be moved there")
    account = new_account()
    endpoint = Endpoint(environment.url, account=account)

    def client(service: str) -> Any:
        session = boto3.session.Session()
        return session.client(service, **endpoint.client_arguments())  # type: ignore[call-overload]

    return World(environment.url, account, client("sqs"), client("lambda"))
