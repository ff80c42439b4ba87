"""Throttles of a function that LocalStack does not know, or calls by another name (rows C-24, C-26)."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from localstack.aws.api.lambda_ import InvocationType, ThrottleReason, TooManyRequestsException

from harness_emulator.account import ACCOUNTS
from harness_emulator.functions import invocation_faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness_emulator.time.clock import Clock

REQUESTS_PER_ENVIRONMENT = 10
"""A second, for synchronous invocations: the limit of a function is so many times its concurrency."""

SPAN_SECONDS = 1.0


class Rates:
    """How often functions with reserved concurrency were invoked in the second that ends now.

    The account's own rate, ten times its 1,000 environments, is more than an emulator can do.
    """

    def __init__(self) -> None:
        self._taken: dict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def take(self, function: str, reserved: int, clock: Clock) -> float | None:
        """One more request; when it was, or None if it is one too many.

        A clock that stands knows no rate: handlers still take their time, by the machine's clock.

        Args:
            function: Its ARN.
            reserved: Its reserved concurrency.
            clock: The account's.
        """
        now = clock.now()
        with self._lock:
            taken = self._taken[function]
            while taken and not now - SPAN_SECONDS < taken[0] <= now:
                taken.popleft()
            if clock.frozen:
                return now
            if len(taken) >= REQUESTS_PER_ENVIRONMENT * reserved:
                return None
            taken.append(now)
            return now

    def give_back(self, function: str, when: float) -> None:
        """The request was refused for another reason."""
        with self._lock:
            taken = self._taken[function]
            if when in taken:
                taken.remove(when)


RATES = Rates()


@contextmanager
def throttled(version_manager: Any, invocation: Any) -> Iterator[None]:
    """Around an invocation: its rate, and AWS's reason where the account's concurrency is used up.

    Args:
        version_manager: LocalStack's manager of the function's version.
        invocation: What it is asked for.

    Raises:
        TooManyRequestsException: It is one too many.
    """
    if invocation_faults.refused(version_manager.function_version.id):
        raise _too_many(ThrottleReason.ConcurrentInvocationLimitExceeded)
    function = version_manager.function
    reserved = function.reserved_concurrent_executions if function is not None else None
    when = None
    arn = version_manager.function_version.id.unqualified_arn()
    # Asynchronous invocations are limited by concurrency alone; none at all is a matter of concurrency.
    if reserved and invocation.invocation_type != InvocationType.Event:
        clock = ACCOUNTS.of(version_manager.function_version.id.account).clock
        when = RATES.take(arn, reserved, clock)
        if when is None:
            raise _too_many(ThrottleReason.ReservedFunctionInvocationRateLimitExceeded)
    try:
        yield
    except TooManyRequestsException as error:
        if when is not None:
            RATES.give_back(arn, when)
        if reserved is None and error.Reason == (
            ThrottleReason.ReservedFunctionConcurrentInvocationLimitExceeded
        ):
            raise _too_many(ThrottleReason.ConcurrentInvocationLimitExceeded) from error
        raise


def _too_many(reason: str) -> TooManyRequestsException:
    return TooManyRequestsException("Rate Exceeded.", Reason=reason, Type="User")
