"""What standard and FIFO queues share: sending, receiving, deleting."""

from __future__ import annotations

import logging
from abc import abstractmethod
from typing import TYPE_CHECKING

from harness_emulator.sqs import events as ledger
from harness_emulator.sqs import quotas, receive_faults
from harness_emulator.sqs.errors import invalid, over_limit
from harness_emulator.sqs.events import BY_A_CLIENT, Deletion
from harness_emulator.sqs.message import MessageState, Sent, StoredMessage, message_id_of, new_handle
from harness_emulator.sqs.store import MessageStore

if TYPE_CHECKING:
    from collections.abc import Iterator


LOG = logging.getLogger(__name__)

HANDED_OUT = "Message does not exist or is not available for visibility timeout change."


class HarnessQueue(MessageStore):
    """A queue; `StandardQueue` and `FifoQueue` say which message may be received next."""

    # Where a kind of queue differs.

    @abstractmethod
    def _hide(self, message: StoredMessage) -> None:
        """A message that was handed out is in flight: note it."""

    @abstractmethod
    def _deliverable(self) -> Iterator[StoredMessage]:
        """The visible messages that may be received now, in order; each is taken out of its file."""

    @abstractmethod
    def _is_deliverable(self) -> bool:
        """Whether there is one."""

    @abstractmethod
    def first_deliverable(self) -> StoredMessage | None:
        """The one that `_deliverable` would give first; it stays."""

    @abstractmethod
    def _check_delete(self, message: StoredMessage, handle: str) -> bool:
        """Whether a delete with that handle deletes."""

    @abstractmethod
    def adopt(self, message: StoredMessage, source_arn: str | None = None) -> None:
        """Take over a message from another queue; from a source queue, as its dead-letter queue."""

    # Sending.

    def put(self, message: StoredMessage, delay: int | None = None) -> Sent:
        """Add a message.

        Args:
            message: The message.
            delay: Seconds until it is visible; None takes the queue's (A-18).

        Returns:
            What the send answers; of a repetition on a FIFO queue, what the first send answered.
        """
        with self.mutex:
            now = self.catch_up()
            message.sent(now)
            self._begin(message, now, self.delay_seconds if delay is None else delay)
            return message.as_sent

    # Receiving.

    def receive(
        self,
        num_messages: int = 1,
        wait_time_seconds: int | None = None,
        visibility_timeout: int | None = None,
        *,
        quota_fails: bool = False,
        function: str | None = None,
    ) -> list[StoredMessage]:
        """Take messages; each one's `handle` is that of this receive.

        What was received too often already goes to the dead-letter queue (A-36, A-37).

        Args:
            num_messages: At most so many.
            wait_time_seconds: Wait so long for the first, in the clock's time and at most in real time.
            visibility_timeout: Seconds that they are in flight; None takes the queue's.
            quota_fails: Refuse when the in-flight quota is reached (A-12), instead of returning nothing.
            function: Of the mapping that receives; None where a client does.

        Raises:
            OverLimit: See `quota_fails`.
        """
        with self.mutex:
            taken = self._take(num_messages, visibility_timeout, function)
            if taken is None:
                return []
            if taken or not wait_time_seconds:
                if not taken and quota_fails and self._is_full():
                    raise over_limit()
                return taken

            def look() -> bool:
                nonlocal taken
                taken = [] if self.deleted else self._take(num_messages, visibility_timeout, function)
                return taken is None or bool(taken) or self.deleted

            self.clock.wait_for(self._changed, look, wait_time_seconds, real_seconds=wait_time_seconds)
            return taken or []

    def _take(
        self, maximum: int, visibility_timeout: int | None, function: str | None
    ) -> list[StoredMessage] | None:
        """Take what there is; None where a fault has it that nothing is given although there is something."""
        now = self.catch_up()
        if not self._is_deliverable():
            return []
        timeout = self.visibility_timeout if visibility_timeout is None else visibility_timeout
        room = min(maximum, quotas.IN_FLIGHT_LIMIT - self._counts[MessageState.IN_FLIGHT])
        reorder = None
        if room > 0 and self.account.faults.armed:
            room, reorder = receive_faults.struck(self, room)
            if not room:
                return None
        taken = self._pick(room, reorder, now) if room > 0 else []
        for message in taken:
            self._hand_out(message, now, timeout)
            ledger.received(self, message, now + timeout, function)
        self._settle()
        self._arm()
        return taken

    def _pick(self, room: int, reorder: receive_faults.Reorder | None, now: float) -> list[StoredMessage]:
        """The next messages: the first of all that are visible, where they are put into another order."""
        target, most = self._dead_letters()
        picked: list[StoredMessage] = []
        for message in self._deliverable():
            if most is not None and message.receives >= most:
                self._bury(message, target, now)
                continue
            picked.append(message)
            if len(picked) == room and reorder is None:
                break
        if reorder is not None:
            reorder(picked)
            for message in picked[room:]:
                self._show(message)
        return picked[:room]

    def _hand_out(self, message: StoredMessage, now: float, timeout: float) -> None:
        message.receives += 1
        message.receive_count += 1
        message.received = now
        if not message.first_received:
            message.first_received = int(now * 1000)
        message.handle = new_handle(self.queue_arn, message)
        if timeout > 0:
            self._start_flight(message, now + timeout)
        else:
            self._show(message)

    def _start_flight(self, message: StoredMessage, until: float) -> None:
        message.hidden_until = until
        self._set(message, MessageState.IN_FLIGHT)
        self._hidden.push(message, until)
        self._hide(message)

    def _bury(self, message: StoredMessage, target: HarnessQueue | None, now: float) -> None:
        """Move a message to the dead-letter queue; where there is none any more, it stays in flight."""
        if target is None:
            LOG.warning("The dead-letter queue of %s does not exist; message %s stays.", self.arn, message.id)
            self._start_flight(message, now + self.visibility_timeout)
            return
        self._forget(message)
        ledger.moved(self, message, target, "moved_to_dlq")
        target.adopt(message, self.queue_arn)

    def receivable(self) -> bool:
        """Whether a receive would now take at least one message, or move one to the dead-letter queue."""
        with self.mutex:
            self.catch_up()
            return not self.deleted and self._is_deliverable() and not self._is_full()

    # Receipt handles.

    def remove(self, receipt_handle: str, deletion: Deletion = BY_A_CLIENT) -> StoredMessage | None:
        """DeleteMessage. It succeeds for what is gone, too (A-11).

        Args:
            receipt_handle: Of the receive that it follows.
            deletion: On whose behalf.

        Returns:
            What was deleted, None where nothing was.

        Raises:
            ReceiptHandleIsInvalid: The handle is none of this queue (A-08).
            InvalidParameterValueException: It has expired, on a FIFO queue (A-10).
        """
        message_id = message_id_of(receipt_handle, self.queue_arn)
        with self.mutex:
            self.catch_up()
            message = self._messages.get(message_id)
            if message is not None and self._check_delete(message, receipt_handle):
                self._unfile(message)
                self._forget(message)
                self._settle()
                ledger.deleted(self, message, deletion)
                return message
            return None

    def repeat(self, message: StoredMessage) -> None:
        """Deliver a deleted message once more (A-67): it is visible again, as if that copy had been missed.

        That copy has missed a receive, too: the redrive policy does not count it.
        """
        with self.mutex:
            message.handle = ""
            message.receives -= 1
            self._enter(message, self.catch_up(), 0)
            ledger.visible(self, message, "it is delivered once more although it was deleted")

    def update_visibility_timeout(self, receipt_handle: str, visibility_timeout: int) -> None:
        """ChangeMessageVisibility; without effect where the handle's flight has ended (A-06).

        Raises:
            ReceiptHandleIsInvalid: The handle is none of this queue (A-08).
            InvalidParameterValueException: The timeout is out of range or beyond 12 h (A-05), or the message
                does not exist any more (A-07).
        """
        if not 0 <= visibility_timeout <= quotas.LONGEST_INVISIBLE:
            raise invalid(
                visibility_timeout,
                "VisibilityTimeout",
                f"Must be >= 0 and <= {quotas.LONGEST_INVISIBLE}, if provided.",
            )
        message_id = message_id_of(receipt_handle, self.queue_arn)
        with self.mutex:
            now = self.catch_up()
            message = self._messages.get(message_id)
            if message is None:
                raise invalid(receipt_handle, "ReceiptHandle", HANDED_OUT)
            if message.state is not MessageState.IN_FLIGHT or message.handle != receipt_handle:
                return
            until = now + visibility_timeout
            # Right after a receive 43,195 s work and 43,200 s do not: the sum has to stay below 12 h.
            if until >= message.received + quotas.LONGEST_INVISIBLE and visibility_timeout:
                raise invalid(
                    visibility_timeout,
                    "VisibilityTimeout",
                    "Total VisibilityTimeout for the message is beyond the limit "
                    f"[{quotas.LONGEST_INVISIBLE} seconds]",
                )
            ledger.visibility_changed(self, message, until)
            if visibility_timeout:
                message.hidden_until = until
                self._hidden.push(message, until)
                self._arm()
            else:
                self._return(message)
                self._settle()

    # Move tasks.

    def pop_visible(self) -> StoredMessage | None:
        """Take the next message out of the queue, for a move task (A-44); that is no receive."""
        with self.mutex:
            self.catch_up()
            message = next(self._deliverable(), None)
            if message is not None:
                self._forget(message)
            self._settle()
            return message

    def put_back(self, message: StoredMessage) -> None:
        """Undo `pop_visible`."""
        with self.mutex:
            self._enter(message, self.catch_up(), 0)
