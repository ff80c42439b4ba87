"""Ledgers that are read after their emulator has ended."""

from __future__ import annotations

import json
import os
import sqlite3
import uuid
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from harness.environments import kept_ledgers
from harness.model.errors import LedgerFileError, NoEnvironmentError
from harness.model.events import EventRecord
from harness.model.ledger_file import FORMAT, KeptLedger, Wanted
from harness.project.workspace import Workspace
from harness_emulator.ledger.store import LedgerStore

if TYPE_CHECKING:
    from pathlib import Path

ONE, OTHER = "111111111111", "222222222222"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of two accounts, one of which was reset after its first event."""
    path = tmp_path / "kept.sqlite"
    store = LedgerStore(path)
    members = json.dumps({"message_ids": ["m2"]})
    for event in (
        EventRecord(ONE, 1, 1.0, 1.0, "sent", queue="in", message_id="m1"),
        EventRecord(ONE, 2, 2.0, 2.0, "sent", queue="in", message_id="m2"),
        EventRecord(ONE, 3, 3.0, 3.0, "batch_formed", queue="in", batch_id="b", detail=members),
        EventRecord(ONE, 4, 4.0, 4.0, "invoke_started", batch_id="b"),
        EventRecord(OTHER, 1, 1.0, 1.0, "sent", queue="in", message_id="m3"),
    ):
        store.add(event)
    store.forget({ONE: 1, OTHER: 1})
    store.close()
    return path


def test_it_tells_what_happened_since_the_last_reset(path: Path) -> None:
    ledger = KeptLedger(path)
    assert ledger.accounts() == [ONE]
    assert [event.seq for event in ledger.events(ONE)] == [2, 3, 4]
    assert [event.seq for event in ledger.events(ONE, Wanted(message="m2"))] == [2, 3, 4]
    assert [event.seq for event in ledger.events(ONE, Wanted(kind="sent"))] == [2]
    assert ledger.events(OTHER) == []


def test_it_is_one_file_when_its_emulator_has_ended(path: Path) -> None:
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_one_of_another_version_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute(f"PRAGMA user_version = {FORMAT + 1}")
    with pytest.raises(LedgerFileError, match=f"its format is {FORMAT + 1}, this harness reads {FORMAT}"):
        KeptLedger(path)


def test_what_is_no_ledger_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerFileError, match="cannot be read"):
        KeptLedger(tmp_path / "none.sqlite")
    (text := tmp_path / "text.sqlite").write_text("no database, and long enough to be seen as none" * 10)
    with pytest.raises(LedgerFileError, match="is no ledger"):
        KeptLedger(text)


def test_the_newest_ten_are_kept(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with pytest.raises(NoEnvironmentError, match="no ledger is kept"):
        kept_ledgers.newest(workspace)
    made = []
    for number in range(12):
        made.append(kept_ledgers.new(workspace, uuid.uuid4().hex))
        LedgerStore(made[-1]).close()
        os.utime(made[-1], (number, number))
    (workspace.ledgers / "notes.txt").touch()
    assert kept_ledgers.kept(workspace) == made[:1:-1]
    assert kept_ledgers.newest(workspace).path == made[-1]
