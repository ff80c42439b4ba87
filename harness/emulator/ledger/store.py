"""Keeps events: the newest in memory, all in an SQLite file that stays when the emulator has ended."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from typing import TYPE_CHECKING

from harness.emulator.ledger.events import Event, event_of_row

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LOG = logging.getLogger(__name__)

FORMAT = 1
"""Of the file; SQLite's `user_version`."""
LARGEST_BUFFER = 2000
"""Events that may wait in memory to be written."""

_TABLES = f"""
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -8000;
PRAGMA user_version = {FORMAT};
CREATE TABLE event (
    account TEXT NOT NULL, seq INTEGER NOT NULL, at REAL NOT NULL, wall REAL NOT NULL, kind TEXT NOT NULL,
    region TEXT, queue TEXT, message_id TEXT, receive_count INTEGER, batch_id TEXT, function TEXT,
    request_id TEXT, environment_id TEXT, visible_at REAL, error TEXT, detail TEXT,
    PRIMARY KEY (account, seq)
) WITHOUT ROWID;
CREATE INDEX of_message ON event (account, message_id) WHERE message_id IS NOT NULL;
CREATE TABLE member (account TEXT NOT NULL, message_id TEXT NOT NULL, batch_id TEXT NOT NULL);
CREATE INDEX batches_of ON member (account, message_id);
CREATE INDEX of_batch ON event (account, batch_id) WHERE batch_id IS NOT NULL;
"""
_INSERT = f"INSERT INTO event VALUES ({', '.join('?' * len(Event._fields))})"  # noqa: S608 - marks of this module's own
_OF_MESSAGE = """
SELECT * FROM event WHERE account = :account AND message_id = :message AND seq > :after
UNION ALL
SELECT event.* FROM member CROSS JOIN event INDEXED BY of_batch USING (account, batch_id)
WHERE member.account = :account AND member.message_id = :message
    AND event.batch_id IS NOT NULL AND event.message_id IS NULL AND seq > :after
"""
_OF_ACCOUNT = "SELECT * FROM event WHERE account = :account AND seq > :after"


class LedgerStore:
    """One file with the events of all accounts.

    Args:
        path: The file; it must not exist.
    """

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._file.executescript(_TABLES)
        self._writing = threading.Lock()
        self._waiting: list[Event] = []

    def add(self, event: Event) -> None:
        """Keep an event. Cheap: it is written later."""
        waiting = self._waiting
        waiting.append(event)
        if len(waiting) >= LARGEST_BUFFER:
            self.write()

    def write(self) -> None:
        """Write what waits in memory."""
        with self._writing:
            waiting, self._waiting = self._waiting, []
            if not waiting:
                return
            self._file.execute("BEGIN")
            self._file.executemany(_INSERT, waiting)
            members = [
                (event.account, message, event.batch_id)
                for event in waiting
                if event.kind == "batch_formed" and event.detail
                for message in json.loads(event.detail)["message_ids"]
            ]
            self._file.executemany("INSERT INTO member VALUES (?, ?, ?)", members)
            self._file.execute("COMMIT")

    def read(
        self, account: str, *, after: int = 0, queue: str = "", message: str = "", limit: int = -1
    ) -> list[Event]:
        """An account's events in order.

        Args:
            account: 12 digits.
            after: Only those with a larger `seq`.
            queue: Only those about a queue, by its name.
            message: Only those about a message, by its id, and about the batches that held it.
            limit: At most so many; -1 for all.
        """
        self.write()
        query = f"SELECT * FROM ({_OF_MESSAGE if message else _OF_ACCOUNT})"  # noqa: S608 - parts of this module's own
        query += (" WHERE queue = :queue" if queue else "") + " ORDER BY seq LIMIT :limit"
        values = {"account": account, "after": after, "queue": queue, "message": message, "limit": limit}
        with self._writing:
            return [event_of_row(row) for row in self._file.execute(query, values)]

    def forget(self, accounts: Iterable[str] | None) -> None:
        """Remove the events of some accounts, or of all."""
        self.write()
        with self._writing:
            if accounts is None:
                self._file.executescript("DELETE FROM event; DELETE FROM member;")
                return
            for account in accounts:
                self._file.execute("DELETE FROM event WHERE account = ?", (account,))
                self._file.execute("DELETE FROM member WHERE account = ?", (account,))

    def close(self) -> None:
        """Write what waits, and end."""
        self.write()
        with self._writing:
            self._file.close()
