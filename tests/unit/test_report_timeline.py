from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

import harness.report.timeline
from harness.model.events import KINDS
from harness.model.story import sentence
from harness.report.timeline import render
from harness.report.timeline.columns import MARKS, columns_of, filled, own_texts, template_of
from harness.report.timeline.page import SCRIPTS, script, style
from tests.support.large_ledger import large
from tests.support.ledger_samples import BEGIN, Event, small

FOLDER = Path(harness.report.timeline.__file__).parent
LONGEST_MODULE = 300
IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";$', re.MULTILINE)
NAMED = re.compile(r"^(?:export )?(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)


def event(kind: str = "sent", **fields: Any) -> Event:
    return {"seq": 1, "at": BEGIN, "wall": BEGIN, "kind": kind, "queue": "in", "message_id": "m1", **fields}


def document(page: str) -> dict[str, Any]:
    """What the page carries."""
    found = re.search(r'id="events">([A-Za-z0-9+/=]+)</script>', page)
    assert found
    unpacked = json.loads(gzip.decompress(base64.b64decode(found[1])))
    assert isinstance(unpacked, dict)
    return unpacked


def test_one_file_that_asks_for_nothing() -> None:
    page = render(small(), title="A run", about="of a test")
    assert "<title>A run</title>" in page
    assert "of a test" in page
    assert not re.search(r'(?:src|href)\s*=\s*"(?!data:,")|url\(|@import|https?://', page)


def test_nothing_but_its_own_script_and_style_may_run() -> None:
    page = render(small(), title="A run")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    for kind, text in (("script", script()), ("style", style())):
        assert f"<{kind}>{text}</{kind}>" in page
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy[1]
    assert policy[1].startswith("default-src 'none';")
    assert "unsafe" not in policy[1]


def test_texts_of_events_never_become_markup() -> None:
    evil = "</script><script>alert(1)</script><!-- {{script}}"
    page = render(
        [event(body=evil, error=evil, queue=evil), event("invoke_failed", log=evil, function=evil)],
        title=evil,
        about=evil,
    )
    assert "alert(1)" not in page.replace(html.escape(evil), "")
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    assert evil in document(page)["strings"]


def test_whatever_a_text_holds_arrives() -> None:
    bodies = ["\ud800 alone", "\x00\x07", "é 漢 🎈", "\ue000", "", "x" * 5000, "{{events}}"]
    strings = document(render([event(body=body) for body in bodies], title="t"))["strings"]
    assert [body for body in bodies if body not in strings] == []


@pytest.mark.parametrize("events", [small(), large(60)], ids=["small", "large"])
def test_columns_hold_the_events(events: list[Event]) -> None:
    columns = columns_of(events)
    assert columns["size"] == len(events)
    at = wall = 0
    for place, one in enumerate(events):
        held = {name: values[place] for name, values in columns["columns"].items()}
        at, wall = at + held["at"], wall + held["wall"]
        assert at == round((one["at"] - events[0]["at"]) * 1e6)
        assert wall == round((one["wall"] - events[0]["wall"]) * 1e6)
        assert columns["kinds"][held["kind"]] == one["kind"]
        for name in ("queue", "message_id", "batch_id", "function", "body", "error", "log", "to"):
            text = columns["strings"][held[name] - 1] if held.get(name) else None
            assert text == one.get(name)
        template = columns["templates"][held["told"]]
        assert filled(template, own_texts(one)) == sentence(one)
        members = [columns["strings"][number] for number in columns["members"].get(place, ())]
        assert members == one.get("message_ids", [])


def test_sentences_are_shared() -> None:
    assert len(columns_of(large(300))["templates"]) < 40


@pytest.mark.parametrize(
    "fields",
    [
        {"body": f"+{BEGIN + 9:.3f} s", "visible_at": BEGIN + 9},  # a body that looks like a time
        {"body": "in", "queue": "in"},
        {"body": "Sent to in"},
        {"body": "y" * 1000},
        {"error": "b1", "kind": "visible"},
        {"kind": "invoke_failed", "function": "f", "request_id": "f", "error": "f"},
        {"kind": "batch_formed", "function": "b1", "batch_id": "b1", "message_ids": ["m1"]},
    ],
)
def test_a_sentence_comes_out_as_it_went_in(fields: dict[str, Any]) -> None:
    one = event(**fields)
    assert filled(template_of(one), own_texts(one)) == sentence(one)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_shown(kind: str) -> None:
    fields = {"function": "f", "receive_count": 1, "batch_id": "b", "message_ids": ["m1"], "to": "dead"}
    assert document(render([event(kind, visible_at=BEGIN + 1, **fields)], title="t"))["kinds"] == [kind]


def test_the_same_events_make_the_same_file() -> None:
    assert render(small(), title="t") == render(small(), title="t")


def test_without_events_there_is_a_page_too() -> None:
    assert document(render([], title="t"))["size"] == 0


def test_ten_thousand_messages_are_a_small_file() -> None:
    events = large()
    assert len(events) > 75_000
    assert len(render(events, title="t")) < 4_000_000


def test_the_page_fills_in_what_is_left_open() -> None:
    # events.js holds a function for each mark, in this order.
    assert tuple(range(5)) == MARKS


def test_every_module_is_in_the_page_after_those_it_needs() -> None:
    assert {path.stem for path in FOLDER.glob("*.js")} == set(SCRIPTS)
    for place, name in enumerate(SCRIPTS):
        text = (FOLDER / f"{name}.js").read_text(encoding="utf-8")
        needed = IMPORT.findall(text)
        assert len(needed) == text.count("\nimport ") + text.startswith("import "), f"{name}: one line each"
        assert set(needed) <= set(SCRIPTS[:place]), name
        assert text.count("\n") < LONGEST_MODULE


def test_no_two_modules_name_the_same_thing() -> None:
    names = [
        name for module in SCRIPTS for name in NAMED.findall((FOLDER / f"{module}.js").read_text("utf-8"))
    ]
    assert sorted(names) == sorted(set(names))
