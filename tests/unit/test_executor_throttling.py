"""How often a function may be invoked, and what a refusal names as the reason."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from localstack.aws.api.lambda_ import TooManyRequestsException

from harness_emulator.functions import throttling
from harness_emulator.functions.throttling import Rates
from harness_emulator.time.clock import Clock


class Wall:
    """The machine's clock."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_ten_requests_a_second_for_each_reserved_environment() -> None:
    wall, rates = Wall(), Rates()
    clock = Clock("000000000000", wall)
    taken = [rates.take("f", 2, clock) for _ in range(21)]
    assert taken == [1000.0] * 20 + [None]
    assert rates.take("g", 2, clock) == 1000.0
    wall.now += 0.9
    assert rates.take("f", 2, clock) is None
    wall.now += 0.1
    assert rates.take("f", 2, clock) == 1001.0


def test_what_is_given_back_can_be_taken_again() -> None:
    rates, clock = Rates(), Clock("000000000000", Wall())
    for _ in range(10):
        rates.take("f", 1, clock)
    rates.give_back("f", 1000.0)
    assert rates.take("f", 1, clock) is not None
    assert rates.take("f", 1, clock) is None


def test_a_clock_that_stands_knows_no_rate_and_one_that_is_set_back_forgets_it() -> None:
    rates, clock = Rates(), Clock("000000000000", Wall())
    clock.freeze()
    assert None not in [rates.take("f", 1, clock) for _ in range(100)]
    clock.resume()
    clock.advance(5)
    for _ in range(10):
        rates.take("f", 1, clock)
    assert rates.take("f", 1, clock) is None
    clock.reset()
    assert rates.take("f", 1, clock) is not None


def manager(reserved: int | None) -> Any:
    identity = SimpleNamespace(account="000000000001", unqualified_arn=lambda: f"arn:{reserved}")
    return SimpleNamespace(
        function=SimpleNamespace(reserved_concurrent_executions=reserved),
        function_version=SimpleNamespace(id=identity),
    )


@pytest.mark.parametrize(
    ("reserved", "reason"),
    [
        (None, "ConcurrentInvocationLimitExceeded"),
        (1, "ReservedFunctionConcurrentInvocationLimitExceeded"),
        (0, "ReservedFunctionConcurrentInvocationLimitExceeded"),
    ],
)
def test_the_reason_is_whose_concurrency_is_used_up(reserved: int | None, reason: str) -> None:
    called = SimpleNamespace(invocation_type="RequestResponse")
    for _ in range(20):  # a refused request takes nothing of the rate
        with (
            pytest.raises(TooManyRequestsException) as refused,
            throttling.throttled(manager(reserved), called),
        ):
            raise TooManyRequestsException(
                "Rate Exceeded.", Reason="ReservedFunctionConcurrentInvocationLimitExceeded", Type="User"
            )
        assert refused.value.Reason == reason


def test_synchronous_invocations_alone_have_a_rate() -> None:
    function = manager(2)
    for kind, refusals in (("Event", 0), ("RequestResponse", 5)):
        refused = []
        for _ in range(25):
            try:
                with throttling.throttled(function, SimpleNamespace(invocation_type=kind)):
                    pass
            except TooManyRequestsException as error:
                refused.append(error.Reason)
        assert refused == ["ReservedFunctionInvocationRateLimitExceeded"] * refusals
