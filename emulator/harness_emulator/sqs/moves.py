"""Message move tasks: dead letters go back, at a rate of the account's clock (A-44)."""

from __future__ import annotations

import base64
import json
import uuid
from typing import TYPE_CHECKING, Any

from harness_emulator.account import ACCOUNTS
from harness_emulator.sqs import events as ledger
from harness_emulator.sqs.locating import find

if TYPE_CHECKING:
    from harness_emulator.sqs.queue import HarnessQueue
    from harness_emulator.time.timers import Timer

RUNNING, COMPLETED, CANCELLED, FAILED = "RUNNING", "COMPLETED", "CANCELLED", "FAILED"
AT_ONCE = 100
"""Messages that are moved before others may have the queues."""


class MoveTask:
    """One StartMessageMoveTask.

    Without a rate everything is moved at once; with one, a message at a time.

    Args:
        source_arn: The dead-letter queue.
        destination_arn: Where the messages go; None where each came from.
        rate: Messages per second of the clock; None without limit.
    """

    def __init__(self, source_arn: str, destination_arn: str | None, rate: int | None) -> None:
        self.task_id = str(uuid.uuid4())
        self.source_arn = source_arn
        self.status = RUNNING
        self._destination_arn = destination_arn
        self._rate = rate
        self._account = source_arn.split(":")[4]
        self._clock = ACCOUNTS.of(self._account).clock
        self._lock = ACCOUNTS.of(self._account).queue_lock
        self._started = self._clock.millis
        self._moved = 0
        source = find(source_arn)
        self._to_move = source.approximate_number_of_messages if source is not None else 0
        self._failure: str | None = None
        self._timer: Timer | None = None

    @property
    def started(self) -> int:
        """When, in epoch milliseconds."""
        return self._started

    @property
    def moved(self) -> int:
        """How many messages it has moved."""
        return self._moved

    @property
    def handle(self) -> str:
        """Names the task, and its source."""
        document = json.dumps({"taskId": self.task_id, "sourceArn": self.source_arn}, separators=(",", ":"))
        return base64.b64encode(document.encode()).decode()

    def start(self) -> None:
        """Move what may be moved now."""
        if self._rate is not None:
            self._step()
            return
        while self.status == RUNNING:
            with self._lock:
                for _ in range(AT_ONCE):
                    if not self._move():
                        break

    def cancel(self) -> None:
        """Move no more."""
        with self._lock:
            if self.status == RUNNING:
                self.status = CANCELLED
            if self._timer is not None:
                self._timer.cancel()

    def show(self) -> dict[str, Any]:
        """It as ListMessageMoveTasks shows it."""
        shown: dict[str, Any] = {
            "SourceArn": self.source_arn,
            "Status": self.status,
            "StartedTimestamp": self._started,
            "ApproximateNumberOfMessagesMoved": self._moved,
            "ApproximateNumberOfMessagesToMove": self._to_move,
            "DestinationArn": self._destination_arn,
            "MaxNumberOfMessagesPerSecond": self._rate,
            "FailureReason": self._failure,
            "TaskHandle": self.handle if self.status == RUNNING else None,
        }
        return {name: value for name, value in shown.items() if value is not None}

    def _step(self) -> None:
        with self._lock:
            if self._move() and self._rate is not None:
                self._timer = self._clock.call_later(1 / self._rate, self._step)

    def _move(self) -> bool:
        """Move one message; False when there is no more to do."""
        if self.status != RUNNING:
            return False
        source = find(self.source_arn)
        if source is None:
            return self._fail("AWS.SimpleQueueService.NonExistentQueue")
        message = source.pop_visible()
        if message is None:
            self.status = COMPLETED
            return False
        arn = self._destination_arn or message.system.get("DeadLetterQueueSourceArn")
        target = self._target(source, arn)
        if target is None:
            source.put_back(message)
            return self._fail(
                "AWS.SimpleQueueService.NonExistentQueue" if arn else "CouldNotDetermineMessageSource"
            )
        ledger.moved(source, message, target, "moved")
        target.adopt(message)
        self._moved += 1
        return True

    @staticmethod
    def _target(source: HarnessQueue, arn: str | None) -> HarnessQueue | None:
        target = find(arn) if arn else None
        return target if target is not None and target.fifo == source.fifo else None

    def _fail(self, reason: str) -> bool:
        self.status, self._failure = FAILED, reason
        return False


def task_of(handle: str) -> tuple[str, str]:
    """Task id and source ARN of a task handle.

    Raises:
        ValueError: It is none.
    """
    document = json.loads(base64.b64decode(handle, validate=True))
    task_id, source_arn = (document or {}).get("taskId"), (document or {}).get("sourceArn")
    if not isinstance(task_id, str) or not isinstance(source_arn, str):
        raise ValueError(handle)
    return task_id, source_arn
