"""The file that keeps a ledger: its tables, and how events are read from it. SQLite, of all accounts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from harness.model.errors import LedgerFileError
from harness.model.events import EventRecord, event_of_row

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 2
"""Of the file; SQLite's `user_version`."""

_COLUMNS = """(
    account TEXT NOT NULL, seq INTEGER NOT NULL, at REAL NOT NULL, wall REAL NOT NULL, kind TEXT NOT NULL,
    region TEXT, queue TEXT, message_id TEXT, receive_count INTEGER, batch_id TEXT, function TEXT,
    request_id TEXT, environment_id TEXT, visible_at REAL, error TEXT, detail TEXT"""

TABLES = f"""
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -8000;
PRAGMA user_version = {FORMAT};
CREATE TABLE fresh {_COLUMNS});
CREATE TABLE event {_COLUMNS}, PRIMARY KEY (account, seq)) WITHOUT ROWID;
CREATE INDEX of_message ON event (account, message_id) WHERE message_id IS NOT NULL;
CREATE INDEX of_batch ON event (account, batch_id) WHERE batch_id IS NOT NULL;
CREATE TABLE member (
    account TEXT NOT NULL, message_id TEXT NOT NULL, batch_id TEXT NOT NULL, seq INTEGER NOT NULL
);
CREATE INDEX batches_of ON member (account, message_id);
CREATE TABLE forgotten (account TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIEW every AS SELECT * FROM event UNION ALL SELECT * FROM fresh;
CREATE VIEW membership AS SELECT * FROM member UNION ALL
    SELECT fresh.account, json_each.value, fresh.batch_id, fresh.seq
    FROM fresh, json_each(fresh.detail, '$.message_ids') WHERE fresh.kind = 'batch_formed';
"""  # noqa: S608 - parts of this module's own
"""`fresh` holds what was written last, without an index: so a write costs least. Reading puts it into `event`
and `member`, which have some (`put_in_order`). `forgotten` holds the newest event of each account that a
reset made forget its ledger."""

_PUT_IN_ORDER = """
INSERT INTO member SELECT fresh.account, json_each.value, fresh.batch_id, fresh.seq
    FROM fresh, json_each(fresh.detail, '$.message_ids')
    WHERE fresh.kind = 'batch_formed' AND fresh.rowid <= {up_to};
INSERT INTO event SELECT * FROM fresh WHERE rowid <= {up_to} ORDER BY account, seq;
DELETE FROM fresh WHERE rowid <= {up_to};
"""
_OF_MESSAGE = """
SELECT * FROM every WHERE account = :account AND message_id = :message AND seq > :after
UNION ALL
SELECT * FROM every WHERE account = :account AND seq > :after AND message_id IS NULL AND batch_id IN (
    SELECT batch_id FROM membership WHERE account = :account AND message_id = :message
)
"""
_OF_ACCOUNT = "SELECT * FROM every WHERE account = :account AND seq > :after"


def put_in_order(file: sqlite3.Connection, most: int) -> int:
    """Put so many fresh events, at most, where they are found without a search.

    Returns:
        How many it were.
    """
    (first, last) = file.execute("SELECT min(rowid), max(rowid) FROM fresh").fetchone()
    if first is None:
        return 0
    up_to = min(last, first + most - 1)
    file.executescript(f"BEGIN; {_PUT_IN_ORDER.format(up_to=int(up_to))} COMMIT;")
    return int(up_to - first + 1)


class Wanted(NamedTuple):
    """Which of an account's events are meant; empty: whichever.

    Attributes:
        queue: Those about a queue, by its name.
        message: Those about a message, by its id, and about the batches that held it.
        kind: Those of one kind.
        function: Those about a function, by its name.
    """

    queue: str = ""
    message: str = ""
    kind: str = ""
    function: str = ""


ALL = Wanted()


def read(
    file: sqlite3.Connection, account: str, wanted: Wanted = ALL, *, after: int = 0, limit: int = -1
) -> list[EventRecord]:
    """An account's events in order.

    Args:
        file: The ledger.
        account: 12 digits.
        wanted: Which of them.
        after: Only those with a larger `seq`.
        limit: At most so many; -1 for all.
    """
    values = {**wanted._asdict(), "account": account, "after": after, "limit": limit}
    query = f"SELECT * FROM ({_OF_MESSAGE if wanted.message else _OF_ACCOUNT})"  # noqa: S608 - parts of this module's own
    conditions = [f"{name} = :{name}" for name in ("queue", "kind", "function") if values[name]]
    query += (f" WHERE {' AND '.join(conditions)}" if conditions else "") + " ORDER BY seq LIMIT :limit"
    return [event_of_row(row) for row in file.execute(query, values)]


def forgotten(file: sqlite3.Connection) -> dict[str, int]:
    """Up to which event each account was reset."""
    return dict(file.execute("SELECT account, seq FROM forgotten"))


class KeptLedger:
    """A ledger's file whose emulator has ended.

    Args:
        path: The file.

    Raises:
        LedgerFileError: It cannot be read, is no ledger, or is one of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with closing(self._open()) as file:
            try:
                (found,) = file.execute("PRAGMA user_version").fetchone()
                if found == FORMAT:
                    self._forgotten = forgotten(file)
                    return
            except sqlite3.DatabaseError as error:
                raise LedgerFileError(
                    f"{path} is no ledger: {error}.",
                    hint="Ledgers lie in .harness/ledger/, one for each environment that was up.",
                ) from error
        raise LedgerFileError(
            f"The ledger {path} is of another version: its format is {found}, this harness reads {FORMAT}.",
            hint="Read it with the harness that wrote it, or make another: `harness up`.",
        )

    def accounts(self) -> list[str]:
        """The accounts that have events which no reset made forgotten."""
        with closing(self._open()) as file:
            newest = file.execute("SELECT account, max(seq) FROM every GROUP BY account").fetchall()
        return sorted(account for account, seq in newest if seq > self._forgotten.get(account, 0))

    def events(self, account: str, wanted: Wanted = ALL) -> list[EventRecord]:
        """An account's events since its last reset, in order."""
        with closing(self._open()) as file:
            return read(file, account, wanted, after=self._forgotten.get(account, 0))

    def _open(self) -> sqlite3.Connection:
        try:
            return sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)
        except sqlite3.OperationalError as error:
            raise LedgerFileError(
                f"The ledger {self.path} cannot be read: {error}.",
                hint="Ledgers lie in .harness/ledger/, one for each environment that was up.",
            ) from error
