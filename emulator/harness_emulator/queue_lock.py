"""One lock for all queues of an account: a message moves from queue to queue in one step."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from types import TracebackType

LOG = logging.getLogger(__name__)


class Teller(Protocol):
    """What has something to tell once the lock is free."""

    def notify_waiters(self) -> None:
        """Wake who waits with the lock as its condition's; called with the lock held."""

    def tell(self) -> None:
        """Call who listens; called without the lock."""


class QueueLock:
    """A reentrant lock that remembers which queues changed under it, and has them tell it when it is free.

    It can be the lock of a `threading.Condition`: a wait, too, frees it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner: int | None = None
        self._depth = 0
        self._changed: dict[Teller, None] = {}

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def changed(self, queue: Teller) -> None:
        """Have `queue` tell it, when the lock is free; its caller holds the lock."""
        self._changed[queue] = None

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - as threading's locks
        """As `threading.RLock.acquire`."""
        me = threading.get_ident()
        if self._owner == me:
            self._depth += 1
            return True
        if not self._lock.acquire(blocking, timeout):
            return False
        self._owner = me
        self._depth = 1
        return True

    def release(self) -> None:
        """As `threading.RLock.release`; at the outermost, what changed is told."""
        if self._owner != threading.get_ident():
            raise RuntimeError("The lock is released by a thread that does not hold it.")
        if self._depth > 1:
            self._depth -= 1
        else:
            self._free()

    # What a Condition asks of a reentrant lock.

    def _is_owned(self) -> bool:
        return self._owner == threading.get_ident()

    def _release_save(self) -> int:
        depth = self._depth
        self._free()
        return depth

    def _acquire_restore(self, depth: int) -> None:
        self.acquire()
        self._depth = depth

    def _free(self) -> None:
        changed: tuple[Teller, ...] = ()
        if self._changed:
            changed = tuple(self._changed)
            self._changed.clear()
            for queue in changed:
                queue.notify_waiters()
        self._owner, self._depth = None, 0
        self._lock.release()
        for queue in changed:
            try:
                queue.tell()
            except Exception:
                LOG.exception("A queue's listener failed.")


_LOCKS: dict[str, QueueLock] = {}


def lock_of(account: str) -> QueueLock:
    """The lock of an account's queues."""
    return _LOCKS.get(account) or _LOCKS.setdefault(account, QueueLock())
