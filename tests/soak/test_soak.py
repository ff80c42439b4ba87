"""A cut of `make soak`."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from tests.soak.calculator import make_calculator
from tests.soak.soak import Soak
from tests.support.mapped import new_account

if TYPE_CHECKING:
    from harness.testing.session import HarnessSession

OPERATIONS = 5_000


def test_no_operation_is_lost_when_handlers_are_killed(harness_session: HarnessSession) -> None:
    environment = harness_session.ensure_environment()
    if environment.target != "embedded":
        pytest.skip("handlers are killed by their process ids, which are another machine's there")
    seed = secrets.randbelow(2**32)
    report = Soak(make_calculator(environment.url, new_account()), seed).run(OPERATIONS)
    assert report.ok, f"seed {seed}: {report}"
    assert report.kills
