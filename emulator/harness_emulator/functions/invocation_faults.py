"""What goes wrong with an invocation: refused, or broken in its execution environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness_emulator.account import ACCOUNTS
from harness_emulator.faults.rules import Moment
from harness_emulator.mapping import delivery

if TYPE_CHECKING:
    from localstack.services.lambda_.invocation.lambda_models import VersionIdentifier

    from harness_emulator.faults.rules import Rule


def refused(function: VersionIdentifier) -> bool:
    """Whether an invocation that is asked for is throttled."""
    return _first("request", function) is not None


def broken(function: VersionIdentifier, request_id: str, environment_id: str) -> Rule | None:
    """What goes wrong with an invocation that begins: of several faults, the first.

    Args:
        function: The version.
        request_id: The invocation's.
        environment_id: Where it runs.
    """
    return _first("invoke", function, request_id, environment_id)


def _first(
    point: str, function: VersionIdentifier, request_id: str | None = None, environment_id: str | None = None
) -> Rule | None:
    faults = ACCOUNTS.of(function.account).faults
    if not faults.armed:
        return None
    delivered = delivery.current()
    moment = Moment(
        point,
        queue=None if delivered is None else delivered.settings.queue_name,
        function=function.function_name,
        fifo=delivered is not None and delivered.settings.fifo,
        messages=() if delivered is None else delivered.messages,
        region=function.region,
        batch_id=None if delivered is None else delivered.batch_id,
        request_id=request_id,
        environment_id=environment_id,
    )
    struck = faults.strike(moment)
    return struck[0][0] if struck else None
