from __future__ import annotations

import threading

import pytest

from harness_emulator.account import ACCOUNTS
from harness_emulator.queue_lock import QueueLock


class Queue:
    """Notes in which order it is asked, and whether the lock is held then."""

    def __init__(self, lock: QueueLock, name: str, *, fails: bool = False) -> None:
        self.lock, self.name, self.fails = lock, name, fails
        self.seen: list[tuple[str, bool]] = []

    def notify_waiters(self) -> None:
        self.seen.append(("notify", self.lock._is_owned()))

    def tell(self) -> None:
        self.seen.append(("tell", self.lock._is_owned()))
        if self.fails:
            raise RuntimeError(self.name)


def test_what_changed_is_told_once_when_the_lock_is_free() -> None:
    lock = QueueLock()
    queue = Queue(lock, "a")
    with lock:
        with lock:
            lock.changed(queue)
            lock.changed(queue)
        assert queue.seen == []
    assert queue.seen == [("notify", True), ("tell", False)]
    with lock:
        pass
    assert len(queue.seen) == 2


def test_a_listener_that_fails_keeps_nothing_from_the_others() -> None:
    lock = QueueLock()
    first, second = Queue(lock, "a", fails=True), Queue(lock, "b")
    with lock:
        lock.changed(first)
        lock.changed(second)
    assert second.seen == [("notify", True), ("tell", False)]
    assert not lock._is_owned()


def test_a_wait_frees_it_however_often_it_is_held_and_tells() -> None:
    lock = QueueLock()
    queue = Queue(lock, "a")
    condition = threading.Condition(lock)  # type: ignore[arg-type]  # it is used as any lock
    got_it = threading.Event()

    def other() -> None:
        with condition:
            got_it.set()
            condition.notify_all()

    with lock, condition:
        lock.changed(queue)
        thread = threading.Thread(target=other)
        thread.start()
        assert condition.wait_for(got_it.is_set, 10)
        assert lock._is_owned()
        assert queue.seen == [("notify", True), ("tell", False)]
    thread.join(10)
    assert lock.acquire(blocking=False)
    lock.release()


def test_only_who_holds_it_can_release_it() -> None:
    with pytest.raises(RuntimeError):
        QueueLock().release()


def test_another_thread_does_not_get_it() -> None:
    lock = QueueLock()
    got = []
    with lock:
        thread = threading.Thread(target=lambda: got.append(lock.acquire(blocking=False)))
        thread.start()
        thread.join(10)
    assert got == [False]


def test_an_account_has_one_lock() -> None:
    assert ACCOUNTS.of("111111111111").queue_lock is ACCOUNTS.of("111111111111").queue_lock
    assert ACCOUNTS.of("111111111111").queue_lock is not ACCOUNTS.of("222222222222").queue_lock
