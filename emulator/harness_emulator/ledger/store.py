"""Keeps events: the newest in memory, all in an SQLite file that stays when the emulator has ended."""

from __future__ import annotations

import logging
import sqlite3
import threading
from itertools import batched, chain
from typing import TYPE_CHECKING, Any

from harness.model.events import EventRecord
from harness.model.ledger_file import ALL, TABLES, Wanted, put_in_order, read
from harness_emulator.time import real_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOG = logging.getLogger(__name__)

WORTH_WRITING = 10_000
"""Events for which a write does not wait for more."""
MOST_WAITING = 20_000
"""Events that may wait in memory: whoever adds one more writes them."""
WAIT_SECONDS = 2.0
"""How long events wait for others before they are written: a write takes Python away from whoever works, so
that many small ones cost a busy mapping several hundredths of its time."""
PAGE = 2000
"""Events that are read at once: whoever reads all of a large ledger does not hold it in memory."""
KEPT_FORGOTTEN = 20_000
"""Events of an account that a reset does not remove from the file: the timeline of a whole run shows them."""

ORDERED_AT_ONCE = 10_000
"""Fresh events that are put in order by one read; nobody can write meanwhile."""

_ROWS = 200
_MARKS = f"({', '.join('?' * len(EventRecord._fields))})"
_INSERT = f"INSERT INTO fresh VALUES {_MARKS}"  # noqa: S608 - marks of this module's own
# One step of SQLite's for so many rows: each step lets other threads have Python, and waits to get it back.
_INSERT_ROWS = f"INSERT INTO fresh VALUES {', '.join([_MARKS] * _ROWS)}"  # noqa: S608 - the same

type Row = tuple[Any, ...]
"""An `Event`'s fields in their order."""


class LedgerStore:
    """One file with the events of all accounts.

    Args:
        path: The file; it must not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._file.executescript(TABLES)
        self._using = threading.Lock()
        self._waiting: list[Row] = []
        self._forgotten: dict[str, int] = {}
        self._pruned: dict[str, int] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._writer = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._writer.start()

    def add(self, event: Row) -> None:
        """Keep an event. Cheap: it is written later. One thread at a time."""
        waiting = self._waiting
        waiting.append(event)
        count = len(waiting)
        if count in {1, WORTH_WRITING}:
            with self._changed:
                self._changed.notify_all()
        elif count >= MOST_WAITING:
            self.write()

    def write(self) -> None:
        """Write what waits in memory."""
        with self._using:
            # Who adds appends to the end meanwhile: what is written is the beginning.
            events = self._waiting[:]
            try:
                if events and not self._closed:
                    self._insert(events)
            except sqlite3.Error:
                LOG.exception("%d events could not be written to %s.", len(events), self.path)
                self._file.rollback()
            finally:
                del self._waiting[: len(events)]

    def _insert(self, events: list[Row]) -> None:
        self._file.execute("BEGIN")
        for rows in batched(events, _ROWS, strict=False):
            if len(rows) == _ROWS:
                self._file.execute(_INSERT_ROWS, list(chain.from_iterable(rows)))
            else:
                self._file.executemany(_INSERT, rows)
        self._file.execute("COMMIT")

    def read(
        self,
        account: str,
        wanted: Wanted = ALL,
        *,
        after: int = 0,
        limit: int = -1,
        with_forgotten: bool = False,
    ) -> list[EventRecord]:
        """An account's events in order.

        Args:
            account: 12 digits.
            wanted: Which of them.
            after: Only those with a larger `seq`.
            limit: At most so many; -1 for all.
            with_forgotten: Also those from before a reset, as far as they are kept.
        """
        self.write()
        if not with_forgotten:
            after = max(after, self._forgotten.get(account, 0))
        with self._using:
            put_in_order(self._file, ORDERED_AT_ONCE)
            return read(self._file, account, wanted, after=after, limit=limit)

    def pages(
        self,
        account: str,
        wanted: Wanted = ALL,
        *,
        after: int = 0,
        limit: int = -1,
        with_forgotten: bool = False,
    ) -> Iterator[list[EventRecord]]:
        """As `read`, some thousand at a time: all of a large ledger is never in memory at once."""
        self._put_all_in_order()
        left = limit
        while left:
            most = PAGE if left < 0 else min(PAGE, left)
            events = self.read(account, wanted, after=after, limit=most, with_forgotten=with_forgotten)
            if events:
                yield events
            if len(events) < most:
                return
            after = events[-1].seq
            left -= len(events) if left > 0 else 0

    def names(self, account: str, column: str) -> list[str]:
        """The queues or functions that an account's events are about.

        Args:
            account: 12 digits.
            column: `queue` or `function`.
        """
        self.write()
        after = self._forgotten.get(account, 0)
        query = f"SELECT DISTINCT {column} FROM every WHERE account = ? AND seq > ?"  # noqa: S608 - a name of ours
        with self._using:
            return sorted(name for (name,) in self._file.execute(query, (account, after)) if name)

    def forget(self, up_to: dict[str, int]) -> None:
        """Read no more of accounts' events up to a number; of each, some are kept in the file."""
        if any(self._much_to_prune(account, seq) for account, seq in up_to.items()):
            self._put_all_in_order()
        with self._using:
            for account, seq in up_to.items():
                self._forgotten[account] = seq
                self._file.execute("INSERT OR REPLACE INTO forgotten VALUES (?, ?)", (account, seq))
                if self._much_to_prune(account, seq):
                    gone = self._pruned[account] = seq - KEPT_FORGOTTEN
                    for table in ("event", "member"):
                        query = f"DELETE FROM {table} WHERE account = ? AND seq <= ?"  # noqa: S608 - names of ours
                        self._file.execute(query, (account, gone))

    def _much_to_prune(self, account: str, seq: int) -> bool:
        """Whether enough is forgotten that is not kept: it goes seldom, and then many at once."""
        return seq - self._pruned.get(account, 0) > 2 * KEPT_FORGOTTEN

    def _put_all_in_order(self) -> None:
        """In steps, between which others write."""
        self.write()
        while True:
            with self._using:
                if put_in_order(self._file, ORDERED_AT_ONCE) < ORDERED_AT_ONCE:
                    return

    def copy_to(self, path: Path) -> None:
        """Write all there is into one new file, which can be carried away."""
        self.write()
        with self._using:
            self._file.execute("VACUUM INTO ?", (str(path),))

    def close(self) -> None:
        """Write what waits, and end; the file is one file then."""
        self.write()
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        self._writer.join()
        with self._using:
            self._file.close()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._waiting)
                if self._closed:
                    return
                real_time.wait_for(
                    self._changed, lambda: self._closed or len(self._waiting) >= WORTH_WRITING, WAIT_SECONDS
                )
            self.write()
