import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.model.events import KINDS, EventRecord
from harness.model.ledger_file import Wanted
from harness_emulator.ledger.store import MOST_WAITING, LedgerStore

ONE, OTHER = "111111111111", "222222222222"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LedgerStore]:
    store = LedgerStore(tmp_path / "ledger.db")
    yield store
    store.close()


def event(seq: int, kind: str, account: str = ONE, **fields: Any) -> EventRecord:
    return EventRecord(account, seq, 1000.0 + seq, 2000.0 + seq, kind, **fields)


def test_events_come_back_in_order(store: LedgerStore) -> None:
    events = [event(1, "sent", queue="in", message_id="m1"), event(2, "deleted", queue="in", message_id="m1")]
    for one in events:
        store.add(one)
    assert store.read(ONE) == events
    assert store.read(ONE, after=1) == events[1:]
    assert store.read(ONE, limit=1) == events[:1]


def test_accounts_are_apart(store: LedgerStore) -> None:
    store.add(event(1, "sent"))
    store.add(event(1, "purged", OTHER))
    assert [one.kind for one in store.read(OTHER)] == ["purged"]
    store.forget({ONE: 1})
    assert store.read(ONE) == []
    assert len(store.read(OTHER)) == 1
    store.forget({ONE: 1, OTHER: 1})
    assert store.read(OTHER) == []


def test_a_messages_events_are_its_own_and_those_of_its_batches(store: LedgerStore) -> None:
    members = json.dumps({"message_ids": ["m1", "m2"]})
    for one in (
        event(1, "sent", queue="in", message_id="m1"),
        event(2, "sent", queue="in", message_id="m3"),
        event(3, "batch_formed", queue="in", batch_id="b1", detail=members),
        event(4, "invoke_started", batch_id="b1", function="f"),
        event(5, "invoke_started", batch_id="b2", function="f"),
        event(6, "partial_failure", batch_id="b1", message_id="m2"),
        event(7, "deleted", queue="in", message_id="m1", batch_id="b1"),
    ):
        store.add(one)
    assert [one.seq for one in store.read(ONE, Wanted(message="m1"))] == [1, 3, 4, 7]
    assert [one.seq for one in store.read(ONE, Wanted(message="m2"))] == [3, 4, 6]
    assert [one.seq for one in store.read(ONE, Wanted(message="m1"), after=3)] == [4, 7]
    assert [one.seq for one in store.read(ONE, Wanted(queue="in"))] == [1, 2, 3, 7]


def test_memory_holds_a_bounded_number(store: LedgerStore) -> None:
    for seq in range(1, 2 * MOST_WAITING + 1):
        store.add(event(seq, "sent"))
        assert len(store._waiting) < MOST_WAITING
    assert [one.seq for one in store.read(ONE)] == list(range(1, 2 * MOST_WAITING + 1))


def test_an_event_says_only_what_applies() -> None:
    text = event(1, "sent", queue="in", detail=json.dumps({"body": "x"})).as_json()
    assert text == {
        "account": ONE,
        "seq": 1,
        "at": 1001.0,
        "wall": 2001.0,
        "kind": "sent",
        "queue": "in",
        "body": "x",
    }


def test_each_kind_is_named_once() -> None:
    assert len(set(KINDS)) == len(KINDS) == 21
