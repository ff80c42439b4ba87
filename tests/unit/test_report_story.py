from typing import Any

import pytest

from harness.model.events import KINDS
from harness.model.story import sentence, story


def event(at: float, kind: str, **fields: Any) -> dict[str, Any]:
    return {"at": at, "kind": kind, "queue": "in", **fields}


def test_a_retry_reads_as_what_happened() -> None:
    base = 1_700_000_000.0
    told = story(
        [
            event(base, "sent", body='{"a": 1}'),
            event(base + 0.01, "received", receive_count=1, function="calc", visible_at=base + 60.01),
            event(
                base + 0.01, "batch_formed", batch_id="b1", function="calc", message_ids=["m1", "m2", "m3"]
            ),
            event(base + 0.02, "invoke_failed", function="calc", request_id="0123456789", error="Boom"),
            event(base + 60.01, "visible"),
            event(base + 60.02, "deleted"),
        ]
    )
    assert told.splitlines() == [
        "Times are from 2023-11-14 22:13:20.000 UTC on:",
        '      +0.000 s  Sent to in: {"a": 1}',
        (
            "      +0.010 s  Received from in by the mapping to calc, for the first time; "
            "hidden until +60.010 s."
        ),
        "      +0.010 s  Batch b1 was formed for calc: this message with 2 others.",
        "      +0.020 s  calc failed (request 01234567): Boom",
        "     +60.010 s  Visible in in: its visibility timeout has ended.",
        "     +60.020 s  Deleted from in.",
    ]


def test_of_an_unknown_message_it_says_so() -> None:
    assert story([]) == "Nothing is known of this message."


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_sentence(kind: str) -> None:
    told = sentence(
        event(
            5.0,
            kind,
            function="calc",
            receive_count=2,
            batch_id="b",
            message_ids=["m"],
            to="dead",
            visible_at=9.0,
        )
    )
    assert told[0].isupper() or told.startswith("calc")
    assert "?" not in told.replace("(request ?)", "").replace("Fault ? injected: ?", "")


def test_a_long_body_is_cut() -> None:
    told = sentence(event(0, "sent", body="x" * 1000))
    assert len(told) < 260
    assert "1000 characters" in told
