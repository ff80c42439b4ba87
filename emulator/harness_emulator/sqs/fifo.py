"""FIFO queues: order and lock per message group, and deduplication."""

from __future__ import annotations

import hashlib
from collections import deque
from typing import TYPE_CHECKING

from harness_emulator.sqs import events as ledger
from harness_emulator.sqs import quotas
from harness_emulator.sqs.errors import invalid
from harness_emulator.sqs.lazy_heap import LazyHeap
from harness_emulator.sqs.message import SEQUENCE, MessageState
from harness_emulator.sqs.queue import HarnessQueue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness_emulator.sqs.message import Sent, StoredMessage

Key = tuple[str | None, str]
"""A deduplication id, and the group to which it is confined."""


class Group:
    """The messages of one group that are visible, and those that are in flight, by their order.

    Attributes:
        filed: The order under which the group is kept among those with something to give, or None.
    """

    __slots__ = ("filed", "in_flight", "name", "waiting")

    def __init__(self, name: str) -> None:
        self.name = name
        self.filed: float | None = None
        self.waiting: LazyHeap[StoredMessage] = LazyHeap()
        self.in_flight: LazyHeap[StoredMessage] = LazyHeap()

    def next_order(self) -> float | None:
        """The place of the next message that may be received; None where there is none.

        A message in flight holds back those after it, not those before it (A-62, A-64).
        """
        first = self.waiting.first_key()
        if first is None:
            return None
        blocker = self.in_flight.first_key()
        return first if blocker is None or first < blocker else None


class FifoQueue(HarnessQueue):
    """A FIFO queue.

    Groups with a message to give are kept by that message's place, so that the oldest comes first (A-63).
    """

    fifo = True

    def __init__(
        self,
        name: str,
        region: str,
        account_id: str,
        attributes: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
    ) -> None:
        super().__init__(name, region, account_id, attributes, tags)
        # LocalStack's observation on AWS: the scope that counts is that of the creation.
        self.deduplication_scope = self.attributes["DeduplicationScope"]
        self._groups: dict[str, Group] = {}
        self._ready: LazyHeap[Group] = LazyHeap()
        self._touched: set[Group] = set()
        self._sent: dict[Key, Sent] = {}
        self._sent_until: deque[tuple[float, Key]] = deque()

    def default_attributes(self) -> dict[str, str]:
        """As LocalStack's, with those that only a FIFO queue has."""
        return {
            **super().default_attributes(),
            "ContentBasedDeduplication": "false",
            "DeduplicationScope": "queue",
            "FifoThroughputLimit": "perQueue",
        }

    # Sending.

    def put(self, message: StoredMessage, delay: int | None = None) -> Sent:
        """Add a message, unless it repeats one of the last five minutes (A-59)."""
        if delay:
            raise invalid(
                delay,
                "DelaySeconds",
                "The request include parameter that is not valid for this queue type.",
            )
        if message.deduplication_id is None:
            # Of the body only, not of the attributes.
            message.system["MessageDeduplicationId"] = hashlib.sha256(message.body.encode()).hexdigest()
        with self.mutex:
            now = self.catch_up()
            key = self._key(message)
            if (original := self._sent.get(key)) is not None:
                ledger.deduplicated(self, original.message_id, message)
                return original
            message.sent(now)
            message.system["SequenceNumber"] = str(next(SEQUENCE))
            self._remember(message, key, now)
            # The queue's delay, whatever the message says.
            self._begin(message, now, self.delay_seconds)
            return message.as_sent

    def adopt(self, message: StoredMessage, source_arn: str | None = None) -> None:
        """Take over a message; its retention begins anew (A-41).

        As the dead-letter queue, its deduplication id is its message id from now on (A-42). That it was here
        before, within five minutes, does not make it a repetition: it would be lost.
        """
        with self.mutex:
            now = self.catch_up()
            message.moved()
            message.enqueued = now
            if source_arn is None:
                message.system.pop("DeadLetterQueueSourceArn", None)
            else:
                message.system["DeadLetterQueueSourceArn"] = source_arn
                message.system["MessageDeduplicationId"] = message.id
            message.system["SequenceNumber"] = str(next(SEQUENCE))
            key = self._key(message)
            if key not in self._sent:
                self._remember(message, key, now)
            self._enter(message, now, self.delay_seconds)

    def _key(self, message: StoredMessage) -> Key:
        group = message.group if self.deduplication_scope == "messageGroup" else None
        return group, str(message.deduplication_id)

    def _remember(self, message: StoredMessage, key: Key, now: float) -> None:
        self._sent[key] = message.as_sent
        self._sent_until.append((now + quotas.DEDUPLICATION_SECONDS, key))

    def update_delay_seconds(self, value: int) -> None:
        """The queue's delay; on a FIFO queue it also counts for what is delayed already."""
        super().update_delay_seconds(value)
        with self.mutex:
            now = self.catch_up()
            for message in [m for m in self._messages.values() if m.state is MessageState.DELAYED]:
                message.hidden_until = max(now, message.enqueued + value)
                self._hidden.push(message, message.hidden_until)
            self.catch_up()
            self._arm()

    # Time.

    def catch_up(self) -> float:
        """As of all queues; and deduplication ids of more than five minutes ago are forgotten."""
        now: float = super().catch_up()
        until = self._sent_until
        while until and until[0][0] <= now:
            del self._sent[until.popleft()[1]]
        return now

    def clear(self) -> None:
        """Forget every message, and deduplication with it (A-51)."""
        with self.mutex:
            super().clear()
            self._groups.clear()
            self._ready.clear()
            self._touched.clear()
            self._sent.clear()
            self._sent_until.clear()

    # Groups.

    def _group(self, message: StoredMessage) -> Group:
        name = message.group or ""
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = Group(name)
        return group

    def _show(self, message: StoredMessage) -> None:
        group = self._group(message)
        group.waiting.push(message, message.order)
        self._file(group)

    def _hide(self, message: StoredMessage) -> None:
        group = self._group(message)
        group.in_flight.push(message, message.order)
        self._touched.add(group)

    def _unfile(self, message: StoredMessage) -> None:
        if message.state is MessageState.DELAYED:
            return
        group = self._group(message)
        group.waiting.discard(message)
        group.in_flight.discard(message)
        self._touched.add(group)

    def _file(self, group: Group) -> None:
        """Keep a group among those that have something to give, or not."""
        order = group.next_order()
        if order is None:
            self._ready.discard(group)
            if not group.waiting and not group.in_flight:
                self._groups.pop(group.name, None)
        elif order != group.filed:
            self._ready.push(group, order)
            self.mutex.changed(self)
        group.filed = order

    def _is_blocked(self, message: StoredMessage) -> bool:
        if message.state is not MessageState.VISIBLE:
            return False
        blocker = self._group(message).in_flight.first_key()
        return blocker is not None and blocker < message.order

    def _settle(self) -> None:
        while self._touched:
            self._file(self._touched.pop())

    def _deliverable(self) -> Iterator[StoredMessage]:
        """As many of one group as there are, then of the next (A-63)."""
        self._settle()
        while (group := self._ready.pop()) is not None:
            group.filed = None
            self._touched.add(group)
            while group.next_order() is not None and (message := group.waiting.pop()) is not None:
                yield message

    def _is_deliverable(self) -> bool:
        self._settle()
        return bool(self._ready)

    def first_deliverable(self) -> StoredMessage | None:
        """As of all queues."""
        self._settle()
        group = self._ready.first()
        return None if group is None else group.waiting.first()

    def _check_delete(self, message: StoredMessage, handle: str) -> bool:
        """Only within the flight that the handle is of (A-10)."""
        if message.state is not MessageState.IN_FLIGHT or message.handle != handle:
            raise invalid(handle, "ReceiptHandle", "The receipt handle has expired.")
        return True
