"""Where the emulator's parts write what happens: `account.ledger.record(...)`."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from harness_emulator.time import real_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness_emulator.ledger.store import LedgerStore
    from harness_emulator.time.clock import Clock


class Recorder:
    """The one file in which the ledgers of all accounts are kept; without a store, events are not kept."""

    def __init__(self) -> None:
        self.store: LedgerStore | None = None
        self._paused: LedgerStore | None = None
        self.lock = threading.Lock()
        self.appended = threading.Condition(self.lock)
        self.followers = 0

    def pause(self) -> None:
        """Record nothing until `resume`: to measure what recording costs."""
        with self.appended:
            self._paused, self.store = self.store or self._paused, None

    def resume(self) -> None:
        """Record again."""
        with self.appended:
            self.store, self._paused = self.store or self._paused, None

    def end(self) -> None:
        """Record no more: the file is complete, and whoever follows is let go."""
        self.resume()
        with self.appended:
            store, self.store = self.store, None
            self.appended.notify_all()
        if store is not None:
            store.close()


class Ledger:
    """The ledger of one account: numbers its events, stamps them, wakes those who follow.

    Args:
        account: Its 12 digits.
        clock: The account's.
        recorder: Where events are kept.

    Attributes:
        last: The number of the newest event; 0 where there is none.
    """

    def __init__(self, account: str, clock: Clock, recorder: Recorder) -> None:
        self.last = 0
        self._account = account
        self._clock = clock
        self._recorder = recorder

    @property
    def recording(self) -> bool:
        """Whether events are kept: else what describes them need not be made."""
        return self._recorder.store is not None

    def record(
        self,
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
        recorder = self._recorder
        store = recorder.store
        if store is None:
            return
        at, wall = self._clock.now(), real_time.epoch()
        text = json.dumps(detail) if isinstance(detail, dict) else detail
        with recorder.lock:
            self.last = seq = self.last + 1
            # In the order of `Event`'s fields, and none: making one costs as much as the rest together.
            store.add(
                (
                    self._account, seq, at, wall, kind, region, queue, message_id, receive_count, batch_id,
                    function, request_id, environment_id, visible_at, error, text,
                )
            )  # fmt: skip
            if recorder.followers:
                recorder.appended.notify_all()

    def wait_for_more(self, after: int, given_up: Callable[[], bool], seconds: float) -> bool:
        """Block until there is an event after that one, or so much real time has passed."""
        recorder = self._recorder
        with recorder.appended:
            recorder.followers += 1
            try:
                return real_time.wait_for(
                    recorder.appended,
                    lambda: given_up() or recorder.store is None or self.last > after,
                    seconds,
                )
            finally:
                recorder.followers -= 1

    def clear(self) -> None:
        """Forget all events; sequence numbers keep increasing, so that who follows misses nothing."""
        if (store := self._recorder.store) is not None:
            store.forget({self._account: self.last})


RECORDER = Recorder()
