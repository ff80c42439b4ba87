"""Where the emulator's parts write what happens: `record(...)`."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from harness_emulator.time import real_time
from harness_emulator.time.clock import clock_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness_emulator.ledger.store import LedgerStore


class Recorder:
    """Numbers events, stamps them, hands them to the store, wakes those who follow.

    Without a store, events are not kept.
    """

    def __init__(self) -> None:
        self.store: LedgerStore | None = None
        self._paused: LedgerStore | None = None
        self._last: dict[str, int] = {}
        self._lock = threading.Lock()
        self._appended = threading.Condition(self._lock)
        self._followers = 0

    def record(
        self,
        account: str,
        kind: str,
        *,
        region: str | None = None,
        queue: str | None = None,
        message_id: str | None = None,
        receive_count: int | None = None,
        batch_id: str | None = None,
        function: str | None = None,
        request_id: str | None = None,
        environment_id: str | None = None,
        visible_at: float | None = None,
        error: str | None = None,
        detail: dict[str, Any] | str | None = None,
    ) -> None:
        """Append one event. Called from hot paths: a few microseconds; a `detail` may be JSON already."""
        store = self.store
        if store is None:
            return
        at, wall = clock_of(account).now(), real_time.epoch()
        text = json.dumps(detail) if isinstance(detail, dict) else detail
        with self._lock:
            seq = self._last[account] = self._last.get(account, 0) + 1
            # In the order of `Event`'s fields, and none: making one costs as much as the rest together.
            store.add(
                (
                    account, seq, at, wall, kind, region, queue, message_id, receive_count, batch_id,
                    function, request_id, environment_id, visible_at, error, text,
                )
            )  # fmt: skip
            if self._followers:
                self._appended.notify_all()

    def last(self, account: str) -> int:
        """The number of an account's newest event; 0 where there is none."""
        return self._last.get(account, 0)

    def wait_for_more(self, account: str, after: int, given_up: Callable[[], bool], seconds: float) -> bool:
        """Block until the account has an event after that one, or so much real time has passed."""
        with self._appended:
            self._followers += 1
            try:
                return real_time.wait_for(
                    self._appended,
                    lambda: given_up() or self.store is None or self.last(account) > after,
                    seconds,
                )
            finally:
                self._followers -= 1

    def forget(self, account: str | None) -> None:
        """An account's events, or all, are no more; numbers go on, so that who follows misses nothing."""
        if self.store is not None:
            with self._appended:
                last = dict(self._last) if account is None else {account: self.last(account)}
            self.store.forget(last)

    def pause(self) -> None:
        """Record nothing until `resume`: to measure what recording costs."""
        with self._appended:
            self._paused, self.store = self.store or self._paused, None

    def resume(self) -> None:
        """Record again."""
        with self._appended:
            self.store, self._paused = self.store or self._paused, None

    def end(self) -> None:
        """Record no more: the file is complete, and whoever follows is let go."""
        self.resume()
        with self._appended:
            store, self.store = self.store, None
            self._appended.notify_all()
        if store is not None:
            store.close()


RECORDER = Recorder()
record = RECORDER.record
