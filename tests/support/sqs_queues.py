"""Queues of the emulator without the emulator, on a clock that stands."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness_emulator.account import ACCOUNTS
from harness_emulator.sqs.fifo import FifoQueue
from harness_emulator.sqs.locating import store_of
from harness_emulator.sqs.message import StoredMessage
from harness_emulator.sqs.standard import StandardQueue

if TYPE_CHECKING:
    from harness_emulator.sqs.queue import HarnessQueue

REGION = "us-east-1"
_NUMBERS = itertools.count(1)


@dataclass
class Queues:
    """An account of its own, with a clock that stands.

    Attributes:
        account: Its 12 digits.
    """

    account: str = field(default_factory=lambda: str(random.randrange(10**11, 10**12)))  # noqa: S311 - a name

    def __post_init__(self) -> None:
        self.of = ACCOUNTS.of(self.account)
        self.clock = self.of.clock
        self.clock.freeze()

    def standard(self, name: str = "plain", **attributes: Any) -> StandardQueue:
        """A standard queue."""
        return self._keep(StandardQueue(name, REGION, self.account, texts(attributes)))

    def fifo(self, name: str = "ordered.fifo", **attributes: Any) -> FifoQueue:
        """A FIFO queue."""
        return self._keep(FifoQueue(name, REGION, self.account, texts({"FifoQueue": "true", **attributes})))

    def delete(self, queue: HarnessQueue) -> None:
        """Delete a queue."""
        del store_of(self.account, REGION).queues[queue.name]

    def _keep[Kind: HarnessQueue](self, queue: Kind) -> Kind:
        store_of(self.account, REGION).queues[queue.name] = queue
        return queue


def texts(attributes: dict[str, Any]) -> dict[str, str]:
    """Attributes as SQS takes them."""
    return {name: str(value) for name, value in attributes.items()}


def message(
    body: str = "x", *, group: str | None = None, deduplication_id: str | None = None
) -> StoredMessage:
    """A message to put; on a FIFO queue its deduplication id is its own unless one is given."""
    number = f"m{next(_NUMBERS)}"
    system = {}
    if group is not None:
        system = {"MessageGroupId": group, "MessageDeduplicationId": deduplication_id or number}
    return StoredMessage(number, body, "md5", system, group=group)


def put(queue: HarnessQueue, *bodies: str, group: str | None = None, delay: int | None = None) -> None:
    """Put a message for each body."""
    for body in bodies:
        queue.put(message(body, group=group), delay)


def bodies(messages: list[StoredMessage]) -> list[str]:
    """What they say."""
    return [found.body for found in messages]


def counts(queue: HarnessQueue) -> tuple[int, int, int]:
    """How many are visible, in flight, delayed."""
    return (
        queue.approximate_number_of_messages,
        queue.approximate_number_of_messages_not_visible,
        queue.approximate_number_of_messages_delayed,
    )
