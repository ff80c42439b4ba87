"""Emptying a stack's queues with nothing but AWS's API, and waiting until nothing is under way any more."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from harness.client import services
from harness.client.deadline import Deadline, until
from harness.model.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.client.queue import Queue, QueueCounts
    from harness.client.stack import Stack

_MARGIN_SECONDS = 10.0
"""After a function's timeout: its end, and what the mapping does then."""
_PURGE_SECONDS = 90.0
"""SQS takes a minute for a purge, and one purge a minute."""
_PURGED_JUST_NOW = frozenset({"PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress"})
_QUIET_ON_AWS = 3
"""Empty looks in a row that count: AWS's counters are some seconds late."""


def empty(stack: Stack) -> None:
    """Delete every message of the stack's queues, and return when none is left in any state.

    A message in flight in a queue that is mapped to a function is an invocation, which may still send
    results: that is waited for, and purged only when no invocation can last as long.

    Raises:
        HarnessError: They are not empty in time.
    """
    mapped = {mapping.queue_arn for mapping in stack.deployment.mappings}
    longest = max((function.timeout for function in stack.deployment.functions), default=0) + _MARGIN_SECONDS
    if not stack.queues:
        return
    seconds = longest + _PURGE_SECONDS
    on_aws = stack.endpoint.on_aws
    emptying = _Emptying(
        inputs=[queue for queue in stack.queues if queue.arn in mapped],
        others=[queue for queue in stack.queues if queue.arn not in mapped],
        purge_after=time.monotonic() + longest,
        give_up=time.monotonic() + seconds,
        quiet=_QUIET_ON_AWS if on_aws else 1,
    )
    if until(emptying.look, Deadline(seconds), every=stack.endpoint.pause) is None:
        raise HarnessError(
            f"The queues were not empty after {seconds:.0f} s, so that what an earlier test left could be "
            f"this test's: {emptying}.",
            hint="Does something else send there, or is an invocation stopped in a debugger?",
        )


class _Emptying:
    """One attempt after the other.

    Args:
        inputs: Queues that are mapped to a function.
        others: The other ones.
        purge_after: When no invocation that has begun by now can still run (`time.monotonic`).
        give_up: When to stop (`time.monotonic`).
        quiet: How often in a row they must be found empty.
    """

    def __init__(
        self,
        inputs: Sequence[Queue],
        others: Sequence[Queue],
        *,
        purge_after: float,
        give_up: float,
        quiet: int,
    ) -> None:
        self._inputs = inputs
        self._others = others
        self._purge_after = purge_after
        self._give_up = give_up
        self._missing = self._quiet = quiet
        self._counts: dict[str, QueueCounts] = {}

    def __str__(self) -> str:
        return "; ".join(f"{name}: {counts}" for name, counts in self._counts.items() if counts.total)

    def look(self) -> bool | None:
        """Whether all are empty; deletes what can be deleted now."""
        queues = [*self._inputs, *self._others]
        with ThreadPoolExecutor(len(queues), thread_name_prefix="harness-empty") as pool:
            counts = list(pool.map(lambda queue: queue.counts(), queues))
            self._counts = {queue.name: count for queue, count in zip(queues, counts, strict=True)}
            filled = [queue for queue in queues if self._counts[queue.name].total]
            self._missing = self._quiet if filled else self._missing - 1
            list(pool.map(self._delete, filled))
        return True if self._missing <= 0 else None

    def _delete(self, queue: Queue) -> None:
        left = self._counts[queue.name]
        for _ in range(left.total + 1):  # and no more: somebody may send faster than this deletes
            if not (messages := queue.receive()):
                break
            queue.delete(messages)
            if time.monotonic() >= self._give_up:
                return
        is_invoked = queue in self._inputs and left.in_flight and time.monotonic() < self._purge_after
        if (left.in_flight or left.delayed) and not is_invoked:
            _purge(queue)


def _purge(queue: Queue) -> None:
    with services.plain_errors(f"queue {queue.name}"):
        try:
            services.sqs(queue.endpoint).purge_queue(QueueUrl=queue.url)
        except Exception as error:
            if services.error_code(error) not in _PURGED_JUST_NOW:
                raise
