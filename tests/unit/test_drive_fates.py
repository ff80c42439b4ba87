"""What became of messages, as their events tell, and what counts as lost."""

from __future__ import annotations

from typing import Any

import pytest

from harness.client.event import Event, History
from harness.client.fates import Fates

type Told = tuple[str, dict[str, Any]]


def events(*told: Told) -> list[Event]:
    """Events of message m in queue in, a second apart."""
    batches = {"batch_formed", "invoke_started", "invoke_succeeded", "invoke_failed"}
    return [
        Event.of(
            {
                "seq": number,
                "at": float(number),
                "wall": float(number),
                "kind": kind,
                "queue": "in",
                **({} if kind in batches else {"message_id": "m"}),
                **more,
            }
        )
        for number, (kind, more) in enumerate(told, start=1)
    ]


SENT: Told = ("sent", {"body": "x"})
BY_MAPPING: Told = (
    "received",
    {"function": "f", "visible_at": 99.0, "receive_count": 1},
)
BY_CLIENT: Told = ("received", {"visible_at": 99.0, "receive_count": 1})
FORMED: Told = (
    "batch_formed",
    {"batch_id": "b", "function": "f", "message_ids": ["m"]},
)
SUCCEEDED: Told = ("invoke_succeeded", {"batch_id": "b", "function": "f"})
FAILED: Told = ("invoke_failed", {"batch_id": "b", "function": "f"})
NAMED: Told = ("partial_failure", {"batch_id": "b", "function": "f"})
DELETED_BY_MAPPING: Told = ("deleted", {"batch_id": "b", "function": "f"})
DELETED: Told = ("deleted", {})


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ([], "unknown"),
        ([SENT], "visible"),
        ([("sent", {"visible_at": 9.0})], "delayed"),
        ([SENT, BY_CLIENT], "in flight"),
        ([SENT, ("received", {"visible_at": 2.0, "receive_count": 1})], "visible"),
        ([SENT, BY_CLIENT, ("visible", {})], "visible"),
        ([SENT, BY_CLIENT, ("visibility_changed", {"visible_at": 3.0})], "visible"),
        ([SENT, BY_CLIENT, ("visibility_changed", {"visible_at": 33.0})], "in flight"),
        ([SENT, BY_CLIENT, ("moved_to_dlq", {"to": "dead"})], "moved to dead"),
        ([SENT, BY_CLIENT, ("moved_to_dlq", {"to": "dead"}), ("moved", {"to": "in"})], "moved to in"),
        ([SENT, BY_MAPPING, FORMED, SUCCEEDED, DELETED_BY_MAPPING], "deleted"),
        ([SENT, ("expired", {})], "expired"),
        ([SENT, ("purged", {})], "purged"),
        ([SENT, BY_MAPPING, ("filtered", {"function": "f"})], "filtered"),
    ],
)
def test_its_state(told: list[Told], state: str) -> None:
    assert Fates(events(*told)).of("m").state == state


@pytest.mark.parametrize(
    "told",
    [
        [SENT],
        [SENT, BY_MAPPING, FORMED, FAILED],
        [SENT, BY_MAPPING, FORMED, SUCCEEDED, DELETED_BY_MAPPING],
        [SENT, BY_MAPPING, FORMED, DELETED, SUCCEEDED],
        [SENT, BY_MAPPING, FORMED, DELETED, SUCCEEDED, ("visible", {}), BY_MAPPING],
        [SENT, BY_CLIENT, DELETED],
        [SENT, BY_CLIENT, ("moved_to_dlq", {"to": "dead"}), ("received", {"queue": "dead"}), DELETED],
        [SENT, ("purged", {"error": "the queue was deleted"})],
        [("deduplicated", {})],
    ],
)
def test_what_is_not_lost(told: list[Told]) -> None:
    assert Fates(events(*told)).lost() == []


@pytest.mark.parametrize(
    ("told", "doubt"),
    [
        ([SENT, BY_MAPPING, FORMED, DELETED, FAILED], "It was deleted while f had it"),
        ([SENT, BY_MAPPING, FORMED, DELETED], "It was deleted while f had it"),
        ([SENT, BY_MAPPING, FORMED, FAILED, DELETED_BY_MAPPING], "The mapping to f deleted it"),
        ([SENT, BY_MAPPING, FORMED, SUCCEEDED, NAMED, DELETED_BY_MAPPING], "The mapping to f deleted it"),
    ],
)
def test_what_is_lost(told: list[Told], doubt: str) -> None:
    (fate,) = Fates(events(*told)).lost()
    assert fate.doubt.startswith(doubt)


def test_how_many_there_are_in_each_queue() -> None:
    fates = Fates(events(SENT, BY_CLIENT, ("moved_to_dlq", {"to": "dead"}), ("sent", {"message_id": "n"})))
    assert fates.standing() == {"dead": 1, "in": 1}
    assert len(fates) == 2
    assert fates.of("m").deliveries == 1


def test_a_history_reads_as_a_story_and_its_events_as_sentences() -> None:
    history = History(events(SENT, BY_MAPPING))
    assert str(history[0]) == "Sent to in: x"
    assert str(history).splitlines()[-1].endswith("for the first time; hidden until +98.000 s.")
    assert "Sent to in: x" in repr(history)
    assert history[0].as_json() == {
        "seq": 1,
        "at": 1.0,
        "wall": 1.0,
        "kind": "sent",
        "queue": "in",
        "message_id": "m",
        "body": "x",
    }
