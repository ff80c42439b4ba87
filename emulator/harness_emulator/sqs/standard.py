"""Standard queues: any visible message, oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness_emulator.sqs.lazy_heap import LazyHeap
from harness_emulator.sqs.queue import HarnessQueue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness_emulator.sqs.message import StoredMessage


class StandardQueue(HarnessQueue):
    """A standard queue.

    Of what AWS allows to happen nothing is done by itself: it reorders, repeats and holds back (A-17, A-67)
    only where a fault says so.
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
        self._visible: LazyHeap[StoredMessage] = LazyHeap()

    def adopt(self, message: StoredMessage, source_arn: str | None = None) -> None:
        """Take over a message; as the dead-letter queue it keeps its enqueue time (A-38, A-41)."""
        with self.mutex:
            now = self.catch_up()
            message.moved()
            if source_arn is None:
                message.enqueued = now
                message.system.pop("DeadLetterQueueSourceArn", None)
            else:
                message.system["DeadLetterQueueSourceArn"] = source_arn
            self._enter(message, now, self.delay_seconds)

    def clear(self) -> None:
        """Forget every message."""
        with self.mutex:
            super().clear()
            self._visible.clear()

    def _show(self, message: StoredMessage) -> None:
        self._visible.push(message, message.order)
        self.mutex.changed(self)

    def _hide(self, message: StoredMessage) -> None:
        pass

    def _unfile(self, message: StoredMessage) -> None:
        self._visible.discard(message)

    def _deliverable(self) -> Iterator[StoredMessage]:
        while (message := self._visible.pop()) is not None:
            yield message

    def _is_deliverable(self) -> bool:
        return bool(self._visible)

    def first_deliverable(self) -> StoredMessage | None:
        """As of all queues."""
        return self._visible.first()

    def _check_delete(self, message: StoredMessage, handle: str) -> bool:
        """After its timeout a handle still deletes (A-09), until the message is received again (A-11)."""
        return message.handle == handle
