"""Whether a stack has settled, by its queues' counters: all that there is without an emulator of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.client.deadline import Deadline, until

if TYPE_CHECKING:
    from harness.client.queue import Queue, QueueCounts
    from harness.client.stack import Stack

LOOKS = 3
"""So many looks in a row must show the same: SQS's counters are approximate."""
PAUSES = 5
"""Between two looks there are so many of the endpoint's pauses: a quarter of a second, five on AWS."""


def still_moving(stack: Stack, seconds: float) -> list[str]:
    """Wait until the counters of a stack's queues say that nothing moves.

    That is so when they say the same several times, and no mapped queue has a message that is visible or in
    flight. A message whose function failed counts until it is deleted or in a dead-letter queue: it cannot be
    told from one that a function has in hand. Messages that are delayed wait for time.

    Args:
        stack: The stack.
        seconds: At most so many, of real time.

    Returns:
        Empty when it has settled; else a sentence for each mapped queue that has not, or for the others where
        only they change.
    """
    mapped = {mapping.queue_arn for mapping in stack.deployment.mappings}
    looks: list[dict[str, QueueCounts]] = []

    def settled() -> bool | None:
        looks.append({queue.name: queue.counts() for queue in stack.queues})
        del looks[:-LOOKS]
        return True if _is_same(looks) and not _busy(stack.queues, mapped, looks[-1]) else None

    if until(settled, Deadline(seconds), every=PAUSES * stack.endpoint.pause):
        return []
    return _busy(stack.queues, mapped, looks[-1]) or ["the counters of the queues change"]


def _is_same(looks: list[dict[str, QueueCounts]]) -> bool:
    return len(looks) == LOOKS and all(look == looks[0] for look in looks)


def _busy(queues: tuple[Queue, ...], mapped: set[str], counts: dict[str, QueueCounts]) -> list[str]:
    return [
        f"{queue.name} holds {counts[queue.name]}"
        for queue in queues
        if queue.arn in mapped and (counts[queue.name].visible or counts[queue.name].in_flight)
    ]
