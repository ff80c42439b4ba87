"""What goes wrong with a receive: fewer messages than there are, none, or another order."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from harness_emulator.faults.rules import Moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness_emulator.sqs.message import StoredMessage
    from harness_emulator.sqs.queue import HarnessQueue

type Reorder = Callable[[list[StoredMessage]], None]


def struck(queue: HarnessQueue, room: int) -> tuple[int, Reorder | None]:
    """What a receive, which would find messages, may give.

    Args:
        queue: The queue.
        room: How many messages it could give.

    Returns:
        How many it gives, and what puts all visible messages into another order before.
    """
    reorder = None
    first = queue.first_deliverable()
    near = () if first is None else ((queue.name, first.id, first.receive_count + 1),)
    moment = Moment("receive", queue=queue.name, fifo=queue.fifo, region=queue.region, near=near)
    for rule, _ in queue.account.faults.strike(moment):
        if rule.kind == "reorder":
            reorder = _reversed if not rule.options["seed"] else _shuffled(int(rule.options["seed"]))
        else:
            room = min(room, int(rule.options.get("messages", 0)))
    return room, reorder


def _reversed(messages: list[StoredMessage]) -> None:
    messages.reverse()


def _shuffled(seed: int) -> Reorder:
    return random.Random(seed).shuffle  # noqa: S311 - an order that can be had again, no secret
