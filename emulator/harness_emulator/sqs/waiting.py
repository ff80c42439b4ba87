"""Who waits for a queue's messages, and how they are told."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness_emulator.queue_lock import QueueLock
    from harness_emulator.time.clock import Clock


class Waiting:
    """Long polls, which wait with the account's lock, and listeners, which are called without it.

    Attributes:
        clock: The account's.
        mutex: The lock of the account's queues.
        deleted: Whether DeleteQueue was called.
    """

    clock: Clock
    mutex: QueueLock
    deleted = False

    def _start_waiting(self) -> None:
        self._changed = threading.Condition(cast("threading.RLock", self.mutex))
        self._listeners: tuple[Callable[[], object], ...] = ()

    def listen(self, callback: Callable[[], object]) -> None:
        """Have `callback` called, without the lock, whenever a message may have become receivable."""
        with self.mutex:
            self._listeners = (*self._listeners, callback)

    def unlisten(self, callback: Callable[[], object]) -> None:
        """Call it no more. A call may be under way."""
        with self.mutex:
            self._listeners = tuple(known for known in self._listeners if known != callback)

    def wake(self) -> None:
        """Have whoever waits look again."""
        with self.mutex:
            self.mutex.changed(self)

    def wait(self, predicate: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until `predicate` holds, in the clock's time; it is asked with the lock held."""
        with self.mutex:
            return self.clock.wait_for(self._changed, predicate, timeout)

    def notify_waiters(self) -> None:
        """As `harness_emulator.queue_lock.Teller`."""
        self._changed.notify_all()

    def tell(self) -> None:
        """As `harness_emulator.queue_lock.Teller`."""
        for callback in self._listeners:
            callback()
