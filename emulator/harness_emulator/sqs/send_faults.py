"""What goes wrong with SendMessage and SendMessageBatch of functions; not with those of anybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness_emulator.account import ACCOUNTS
from harness_emulator.faults.rules import Moment
from harness_emulator.functions import callers
from harness_emulator.sqs.errors import SendFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness_emulator.sqs.queue import HarnessQueue

ALL = "all"


def failing(context: Any, queue: HarnessQueue, bodies: Mapping[str, str]) -> Mapping[str, SendFailedError]:
    """Which entries of a function's send fail, by their ids, and how.

    Args:
        context: The request.
        queue: Where it sends to.
        bodies: The entries' bodies by their ids, in their order.

    Raises:
        SendFailedError: The whole call fails.
    """
    caller = callers.of_request(context) if ACCOUNTS.armed else None
    if caller is None:
        return {}
    faults = ACCOUNTS.of(caller.account).faults
    if not faults.armed:
        return {}
    moment = Moment(
        "send",
        queue=queue.name,
        function=caller.function,
        fifo=queue.fifo,
        messages=tuple((entry_id, 0, body) for entry_id, body in bodies.items()),
        region=queue.region,
        request_id=caller.request_id,
        environment_id=caller.environment_id,
        near=() if caller.delivery is None else caller.delivery.near,
    )
    failed: dict[str, SendFailedError] = {}
    for rule, taken in faults.strike(moment):
        error = SendFailedError(str(rule.options["code"]))
        if rule.options["entries"] == ALL:
            raise error
        hit = [entry_id for entry_id in bodies if entry_id in taken]
        failed.update(dict.fromkeys(hit[: rule.options["entries"]], error))
    return failed
