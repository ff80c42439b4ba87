"""Where a queue's messages are, and when that changes by itself."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from localstack.aws.api.sqs import InvalidAttributeName

from harness_emulator.sqs import events as ledger
from harness_emulator.sqs import quotas
from harness_emulator.sqs.attributes import KNOWN
from harness_emulator.sqs.lazy_heap import LazyHeap
from harness_emulator.sqs.message import MessageState
from harness_emulator.sqs.settings import QueueSettings
from harness_emulator.sqs.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness_emulator.sqs.message import StoredMessage
    from harness_emulator.time.timers import Timer

SHOWN = KNOWN | {
    "All",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
}
"""What GetQueueAttributes can be asked for."""


class MessageStore(Waiting, QueueSettings):
    """A queue's messages, on its account's clock.

    Nothing ticks: each operation first catches up with what has become due, and one timer at the next such
    moment wakes who waits for a message. No operation looks at all messages.

    Attributes:
        purged: When it was purged last; None when it never was, or that no longer matters (A-51).
    """

    def __init__(
        self,
        name: str,
        region: str,
        account_id: str,
        attributes: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
    ) -> None:
        super().__init__(name, region, account_id, attributes, tags)
        self.mutex = self.account.queue_lock
        self._start_waiting()
        self.purged: float | None = None
        self._messages: dict[str, StoredMessage] = {}
        self._counts = [0, 0, 0]
        self._hidden: LazyHeap[StoredMessage] = LazyHeap()
        self._kept: LazyHeap[StoredMessage] = LazyHeap()
        self._timer: Timer | None = None

    # Where a kind of queue differs.

    @abstractmethod
    def _show(self, message: StoredMessage) -> None:
        """A message is visible: file it."""

    @abstractmethod
    def _unfile(self, message: StoredMessage) -> None:
        """A message leaves the state in which it is."""

    def _settle(self) -> None:
        """A receive has ended: file what it left half done."""

    def _is_blocked(self, message: StoredMessage) -> bool:  # noqa: ARG002 - FIFO queues look at it
        """Whether a visible message waits for another one of its group."""
        return False

    # Attributes.

    def set_attributes(self, attributes: Mapping[str, str]) -> None:
        """SetQueueAttributes; what depends on them changes at once (A-47)."""
        if not attributes:
            return
        with self.mutex:
            self.catch_up()
            self.check(attributes)
            self._apply(attributes)
            if "DelaySeconds" in attributes:
                self.update_delay_seconds(int(attributes["DelaySeconds"]))
            self.update_last_modified(int(self.clock.now()))
            self.catch_up()
            self._arm()
            self.mutex.changed(self)

    def get_queue_attributes(self, attribute_names: Iterable[str] | None = None) -> dict[str, str]:
        """The attributes of those names that it has; `All` for all.

        Raises:
            InvalidAttributeName: There is no such attribute.
        """
        names = list(attribute_names or ())
        for name in names:
            if name not in SHOWN:
                raise InvalidAttributeName(f"Unknown Attribute {name}.")
        counted = {
            "ApproximateNumberOfMessages": MessageState.VISIBLE,
            "ApproximateNumberOfMessagesDelayed": MessageState.DELAYED,
            "ApproximateNumberOfMessagesNotVisible": MessageState.IN_FLIGHT,
        }
        with self.mutex:
            self.catch_up()
            found = {**self.attributes, **{name: str(self._counts[state]) for name, state in counted.items()}}
        return found if "All" in names else {name: found[name] for name in names if name in found}

    # Messages.

    def _begin(self, message: StoredMessage, now: float, delay: float) -> None:
        """It was sent: it enters its first queue."""
        self._enter(message, now, delay)
        ledger.sent(self, message, message.hidden_until if message.state is MessageState.DELAYED else None)

    def _enter(self, message: StoredMessage, now: float, delay: float) -> None:
        self._messages[message.id] = message
        self.account.faults.entered(self.name, message.id)
        self._kept.push(message, message.enqueued)
        if delay > 0:
            message.hidden_until = now + delay
            self._set(message, MessageState.DELAYED)
            self._hidden.push(message, message.hidden_until)
        else:
            self._set(message, MessageState.VISIBLE)
            self._show(message)
        self._arm()

    def _land(self, message: StoredMessage) -> None:
        """Its delay or its visibility timeout has ended."""
        ledger.visible(
            self, message, "its delay has ended" if message.state is MessageState.DELAYED else None
        )
        self._return(message)

    def _return(self, message: StoredMessage) -> None:
        self._unfile(message)
        self._set(message, MessageState.VISIBLE)
        self._show(message)

    def _is_full(self) -> bool:
        return self._counts[MessageState.IN_FLIGHT] >= quotas.IN_FLIGHT_LIMIT

    def _set(self, message: StoredMessage, state: MessageState) -> None:
        if message.state is not MessageState.GONE:
            self._counts[message.state] -= 1
        message.state = state
        if state is not MessageState.GONE:
            self._counts[state] += 1

    def _forget(self, message: StoredMessage) -> None:
        was_full = self._is_full()
        del self._messages[message.id]
        self._hidden.discard(message)
        self._kept.discard(message)
        self._set(message, MessageState.GONE)
        if was_full:
            self.mutex.changed(self)

    @property
    def approximate_number_of_messages(self) -> int:
        """How many are visible, or wait behind one of their group (A-21)."""
        return self._counted(MessageState.VISIBLE)

    @property
    def approximate_number_of_messages_not_visible(self) -> int:
        """How many are in flight (A-21)."""
        return self._counted(MessageState.IN_FLIGHT)

    @property
    def approximate_number_of_messages_delayed(self) -> int:
        """How many are delayed (A-21)."""
        return self._counted(MessageState.DELAYED)

    def _counted(self, state: MessageState) -> int:
        with self.mutex:
            self.catch_up()
            return self._counts[state]

    def look(self) -> list[tuple[StoredMessage, MessageState, bool]]:
        """All messages, in order: each with its state, and whether another one's flight holds it back."""
        with self.mutex:
            self.catch_up()
            messages = sorted(self._messages.values(), key=lambda message: message.order)
            return [(message, message.state, self._is_blocked(message)) for message in messages]

    def purge(self, why: str | None = None) -> None:
        """PurgeQueue, or `why` else all messages are gone."""
        with self.mutex:
            for message in self._messages.values():
                ledger.gone(self, message, "purged", why)
            self.clear()

    def clear(self) -> None:
        """Forget every message, and what was sent (A-51)."""
        with self.mutex:
            for message in self._messages.values():
                message.state = MessageState.GONE
            self._messages.clear()
            self._counts = [0, 0, 0]
            self._hidden.clear()
            self._kept.clear()
            self._stop_timer()

    def shutdown(self) -> None:
        """It is deleted: whoever waits for a message is told."""
        with self.mutex:
            self.deleted = True
            self._stop_timer()
            self.mutex.changed(self)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # Time.

    def catch_up(self) -> float:
        """Do what has become due since the last operation; returns the time. The caller holds the lock."""
        now = self.clock.now()
        while (message := self._hidden.pop_up_to(now)) is not None:
            self._land(message)
        if self._messages:
            oldest = now - self.message_retention_period
            while (message := self._kept.pop_up_to(oldest)) is not None:
                self._unfile(message)
                self._forget(message)
                ledger.gone(self, message, "expired")
        self._settle()
        return now

    def _next_due(self) -> float | None:
        hidden, kept = self._hidden.first_key(), self._kept.first_key()
        if kept is None:
            return hidden
        expires: float = kept + self.message_retention_period
        return expires if hidden is None else min(hidden, expires)

    def _arm(self) -> None:
        """Have the clock call at the next deadline; one that it calls at already may be too early."""
        due = self._next_due()
        if due is None or (self._timer is not None and self._timer.when <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.clock.call_at(due, self._ring, self._is_due_then)

    def _is_due_then(self) -> bool:
        """Whether what the timer waits for is still there: a message may have been deleted meanwhile."""
        with self.mutex:
            due = None if self.deleted else self._next_due()
            return due is not None and self._timer is not None and self._timer.when >= due

    def _ring(self) -> None:
        with self.mutex:
            self._timer = None
            if not self.deleted:
                self.catch_up()
                self._arm()
