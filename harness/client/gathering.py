"""Receiving until enough has come: a few long-polling receivers that together never take too much."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.client.batches import LARGEST_BATCH
from harness.model.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.client.deadline import Deadline
    from harness.client.message import Message
    from harness.client.queue import Queue

# One polls while another deletes; a third only competes with the emulator for the processor.
_RECEIVERS = 2
# A receipt is not kept longer than this before the message is deleted: its visibility timeout may be short.
_KEPT_SECONDS = 1


@dataclass
class Gathered:
    """What came: `taken` is deleted from the queue, `left` is not."""

    taken: list[Message] = field(default_factory=list)
    left: list[Message] = field(default_factory=list)


def gather(
    queue: Queue,
    count: int,
    deadline: Deadline,
    *,
    take: Callable[[Message], bool] = lambda _: True,
    visibility: int | None = None,
) -> Gathered:
    """Receive until `count` messages are taken, or the deadline comes.

    Args:
        queue: Where from.
        count: How many to take, and then delete.
        deadline: When to give up.
        take: Whether a message is one of those waited for; called by one thread at a time. Other messages
            stay in the queue: they are hidden while this goes on, and visible again when it returns.
        visibility: Seconds for which received messages are hidden; None: as the queue says.

    Raises:
        HarnessError: SQS refused, or is not there.
    """
    gathering = _Gathering(queue, count, deadline, take, visibility)
    others = [
        threading.Thread(target=gathering.help, name="harness-receiver", daemon=True)
        for _ in range(_helpers(queue, count))
    ]
    for thread in others:
        thread.start()
    try:
        gathering.receive()
        for thread in others:
            thread.join()
        gathering.raise_failure()
    except BaseException:
        with contextlib.suppress(HarnessError):  # what went wrong first is what to tell
            gathering.finish()
        raise
    gathering.finish()
    return gathering.came


def _helpers(queue: Queue, count: int) -> int:
    # A FIFO queue hands out a group's next messages when those before are deleted: two gain nothing.
    return 0 if queue.fifo else min(_RECEIVERS - 1, (count - 1) // LARGEST_BATCH)


class _Gathering:
    """The receivers' common state.

    A receiver reserves what it asks SQS for. What is reserved never exceeds what is missing: so no message
    is received that nobody waits for, and no receiver still polls when all have come.
    """

    def __init__(
        self,
        queue: Queue,
        count: int,
        deadline: Deadline,
        take: Callable[[Message], bool],
        visibility: int | None,
    ) -> None:
        self.came = Gathered()
        self._queue = queue
        self._missing = count
        self._deadline = deadline
        self._take = take
        self._visibility = visibility
        self._reserved = 0
        self._polling = 0
        self._closed = False
        self._failure: BaseException | None = None
        self._seen: set[str] = set()
        self._doomed: list[Message] = []
        self._changed = threading.Condition()

    def receive(self) -> None:
        """Receive and delete until all have come, the deadline comes, or another receiver fails."""
        while (reserved := self._reserve()) > 0:
            self._poll(reserved)
            self._delete_some()

    def help(self) -> None:
        """As `receive`, in a thread of its own: its failure ends the others and is raised by their caller."""
        try:
            self.receive()
        except Exception as error:  # noqa: BLE001 - raised again by `raise_failure`
            with self._changed:
                self._failure = self._failure or error
                self._changed.notify_all()

    def raise_failure(self) -> None:
        """Raise what made a receiver fail, if one did."""
        if self._failure is not None:
            raise self._failure

    def finish(self) -> None:
        """Delete what was taken, and show the rest again."""
        with self._changed:
            self._closed = True
            doomed, self._doomed = self._doomed, []
            left = list(self.came.left)
        self._queue.delete(doomed)
        self._queue.change_visibility(left, 0)

    def _reserve(self) -> int:
        """How many to receive next, 0 when it is over; waits while others have reserved what is missing."""
        with self._changed:
            while True:
                if self._missing <= 0 or self._failure is not None or self._deadline.over:
                    return 0
                free = min(LARGEST_BATCH, self._missing - self._reserved)
                if free > 0:
                    self._reserved += free
                    self._polling += 1
                    return free
                self._changed.wait(self._deadline.remaining)

    def _poll(self, reserved: int) -> None:
        with self._changed:
            alone = self._polling == 1
            kept = bool(self._doomed)
        try:
            messages = self._queue.receive(
                # Where some are left alone, asking for few would take a call for each of them.
                LARGEST_BATCH if alone and self.came.left else reserved,
                self._deadline.poll_seconds(_KEPT_SECONDS if kept else 20),
                self._visibility,
            )
        finally:
            with self._changed:
                self._reserved -= reserved
                self._polling -= 1
                self._changed.notify_all()
        with self._changed:
            for message in messages:
                self._sort(message)
            self._changed.notify_all()

    def _sort(self, message: Message) -> None:
        """Take a message or leave it. One that comes again, its receipt outdated, counts once."""
        if self._closed:
            return
        again = message.id in self._seen
        self._seen.add(message.id)
        if again:
            for known in (self._doomed, self.came.left):
                known[:] = [message if other.id == message.id else other for other in known]
        elif self._missing > 0 and self._take(message):
            self._missing -= 1
            self.came.taken.append(message)
            self._doomed.append(message)
        else:
            self.came.left.append(message)

    def _delete_some(self) -> None:
        """Delete what is taken: in tens, so that few calls do it, and what has waited for a while."""
        with self._changed:
            late = time.perf_counter() - _KEPT_SECONDS
            if (
                not self._queue.fifo
                and len(self._doomed) < LARGEST_BATCH
                and not any(message.seen < late for message in self._doomed)
            ):
                return
            doomed, self._doomed = self._doomed, []
        self._queue.delete(doomed)
