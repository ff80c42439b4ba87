"""One batch: received, invoked with, deleted or left for its visibility timeout."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness_emulator.functions import events as ledger
from harness_emulator.mapping import delivery_faults, functions, lineage, records
from harness_emulator.mapping.answers import failed_ids
from harness_emulator.mapping.delivery import Delivery, delivering
from harness_emulator.mapping.records import EVENT_OVERHEAD, PAYLOAD_LIMIT
from harness_emulator.sqs import in_process
from harness_emulator.sqs.in_process import Deletion
from harness_emulator.time import real_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from harness_emulator.mapping.records import Entry
    from harness_emulator.mapping.settings import MappingSettings
    from harness_emulator.sqs.in_process import HarnessQueue, Received

LOG = logging.getLogger(__name__)

THROTTLE_SECONDS = 0.1
THROTTLE_MOST_SECONDS = 2.0
"""Pauses between the tries at a throttled function, of the account's time: doubled from the first to the
second (own numbers, AWS publishes none)."""
CHANGE_PAUSE_SECONDS = 0.02
CHANGE_SECONDS = 60.0
"""A function that is being created or updated is asked again so often, for so long: real time, because what
it waits for, code being unpacked and a process started, takes real time."""


@dataclass(eq=False)
class Batch:
    """Messages of one invocation.

    Attributes:
        settings: The mapping's when the batch was begun; an update does not change it (row B-04).
        queue: Where the messages are from.
        began: The account's time when its first message was received.
        size: Bytes of the event so far.
        id: Its own.
    """

    settings: MappingSettings
    queue: HarnessQueue
    began: float
    size: int = EVENT_OVERHEAD
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    _entries: dict[str, Entry] = field(default_factory=dict)

    def take(self, entry: Entry) -> bool:
        """Add a message, unless the event would be too large (row B-20); a batch holds at least one.

        One whose visibility timeout ended while the batch was being formed, and that was received again, is
        in the batch once: as it was received last.
        """
        identifier = entry.received.id
        before = self._entries.get(identifier)
        added = entry.size - (before.size if before is not None else 0)
        if self._entries and self.size + added > PAYLOAD_LIMIT:
            return False
        self._entries[identifier] = entry
        self.size += added
        return True

    @property
    def entries(self) -> list[Entry]:
        """The messages, in the order in which they were received first."""
        return list(self._entries.values())

    @property
    def missing(self) -> int:
        """Messages that still fit by number."""
        return self.settings.batch_size - len(self._entries)

    @property
    def ends(self) -> float:
        """The account's time at which its window is over."""
        return self.began + self.settings.window

    @property
    def groups(self) -> AbstractSet[str]:
        """The message groups in it; none on a standard queue."""
        if not self.settings.fifo:
            return frozenset()
        return {entry.received.group for entry in self._entries.values() if entry.received.group is not None}


class Invoker:
    """Handles a batch that is in flight, on a thread of the pool.

    Args:
        batch: The batch.
        pause: Waits for so many seconds of the account's time; False when the mapping is to stop.
        now: The account's time.
    """

    def __init__(self, batch: Batch, *, pause: Callable[[float], bool], now: Callable[[], float]) -> None:
        self._batch = batch
        self._settings = batch.settings
        self._pause = pause
        self._now = now

    def _delivery(self, messages: list[Received]) -> Delivery:
        return Delivery(self._batch.id, self._settings, messages)

    def run(self, throttled: Callable[[], None]) -> bool:
        """Invoke, and delete what went through; what did not stays until its visibility timeout ends.

        Args:
            throttled: Called each time that the function is.

        Returns:
            Whether the mapping may go on at its pace: False after an error or a throttle. Failures that a
            function reports by ReportBatchItemFailures, or errors with it on, slow nothing down (row B-40).
        """
        entries = self._without_loops()
        if not entries:
            return True
        messages = [entry.received for entry in entries]
        delivery = self._delivery(messages)
        late = delivery_faults.latency(delivery)
        if late and not self._pause(late):
            return True  # not invoked: they stay until their visibility timeout ends
        try:
            with delivering(delivery):
                answer = self._invoke(entries, throttled)
        except Exception as error:  # noqa: BLE001 - throttled, deleted, ...: LocalStack has no common class
            LOG.warning(
                "%s was not invoked for %d messages of %s: %s",
                self._settings.function_arn,
                len(messages),
                self._settings.queue_name,
                error,
            )
            if not isinstance(error, functions.ThrottledError):
                ledger.not_invoked(self._batch, error)
            return False
        if answer.is_error:
            LOG.info(
                "%s failed for %d messages; they stay until their visibility timeout ends.",
                self._settings.function_arn,
                len(messages),
            )
            return self._settings.reports_failures
        failed: AbstractSet[str] = frozenset()
        if self._settings.reports_failures:
            failed = failed_ids(answer.payload, {message.id for message in messages})
        ledger.partial_failures(self._batch, failed)
        handled = [message for message in messages if message.id not in failed]
        delivery_faults.delete(self._delivery(handled), self._batch.queue)
        return True

    def _without_loops(self) -> list[Entry]:
        """The messages without those that go round: these are left to the queue's redrive policy (B-35)."""
        arn = self._settings.function_arn
        looping = [entry for entry in self._batch.entries if lineage.is_loop(entry.received.message, arn)]
        if not looping or functions.may_loop(arn):
            return self._batch.entries
        LOG.warning(
            "%s is in a recursive loop: not invoked for %d messages of %s, after %d times in their chain.",
            arn,
            len(looping),
            self._settings.queue_name,
            lineage.CHAIN_LIMIT,
        )
        return [entry for entry in self._batch.entries if entry not in looping]

    def _invoke(self, entries: list[Entry], throttled: Callable[[], None]) -> functions.Answer:
        """Invoke; a throttled function is asked again until the visibility timeout ends (row B-33)."""
        arn = self._settings.function_arn
        payload = records.event(entries)
        visible = self._batch.began + self._batch.queue.visibility_timeout
        trace = lineage.header_for((entry.received.message for entry in entries), arn)
        changing = real_time.deadline(CHANGE_SECONDS)
        pause = THROTTLE_SECONDS
        while True:
            try:
                return functions.invoke(arn, payload, trace)
            except functions.BeingChangedError:
                if changing.passed:
                    raise
                real_time.pause(CHANGE_PAUSE_SECONDS)
            except functions.ThrottledError as error:
                ledger.throttled(self._batch, error)
                throttled()
                if self._now() + pause > visible or not self._pause(pause):
                    raise
                pause = min(2 * pause, THROTTLE_MOST_SECONDS)


def drop(queue: HarnessQueue, messages: list[Received], function: str) -> None:
    """Delete what passes no filter, as AWS does (row B-43)."""
    if messages:
        in_process.delete(queue, messages, Deletion(function, kind="filtered"))
