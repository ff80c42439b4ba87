"""Threads that are used again: a batch must not pay for a new one."""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LOG = logging.getLogger(__name__)

KEPT = 32
"""Idle threads that stay."""


class Pool:
    """As many threads as there is work at once; `KEPT` of them stay for the next.

    Unlike `concurrent.futures`, its threads do not keep the emulator from ending.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._work: deque[Callable[[], object]] = deque()
        self._idle = 0

    def run(self, work: Callable[[], object]) -> None:
        """Have a thread do it at once."""
        with self._changed:
            self._work.append(work)
            if self._idle >= len(self._work):
                self._changed.notify()
                return
        threading.Thread(target=self._serve, name="mapping-batch", daemon=True).start()

    def _serve(self) -> None:
        while True:
            with self._changed:
                while not self._work:
                    if self._idle >= KEPT:
                        return
                    self._idle += 1
                    self._changed.wait()
                    self._idle -= 1
                work = self._work.popleft()
            try:
                work()
            except Exception:
                LOG.exception("A batch of an event source mapping was not handled.")


POOL = Pool()
"""That of all mappings."""
