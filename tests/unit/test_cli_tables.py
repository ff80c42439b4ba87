from __future__ import annotations

import io
import json
from typing import override

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.client import Message, Queue
from harness.client.matching import Matching
from harness.model.check import Check
from harness.model.environment import Endpoint
from harness.report.console import safe, show
from harness.report.tables import doctor_table, operations_table, results_table, summary

QUEUE = Queue("q", "http://127.0.0.1:1/0/q", "arn", fifo=False, endpoint=Endpoint("http://127.0.0.1:1"))


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


def message(identity: str, body: object, seen: float = 0.0) -> Message:
    text = body if isinstance(body, str) else json.dumps(body)
    return Message(id=identity, body=text, queue=QUEUE, seen=seen)


def printed(*renderables: object) -> str:
    stream = io.StringIO()
    show(*renderables, stream=stream)  # type: ignore[arg-type] # what rich takes
    return stream.getvalue()


def matched(*pairs: tuple[object, object | None]) -> Matching:
    matching = Matching([message(f"m{number}", sent) for number, (sent, _) in enumerate(pairs)])
    for number, (_, result) in enumerate(pairs):
        if isinstance(result, dict):
            matching.take(message("r", {**result, "messageId": f"m{number}"}, seen=0.042))
    return matching


def test_a_row_for_each_operation_with_result_error_and_milliseconds() -> None:
    rows = matched(
        ({"op": "add"}, {"result": 8}),
        ("junk", {"error": {"kind": "not_json", "message": "No JSON."}}),
        ("x", {"error": "plain"}),
        ("y", {"other": 1}),
        ("z", None),
    ).rows
    lines = [line.split() for line in printed(operations_table(rows)).splitlines()]
    assert lines == [
        ["#", "sent", "result", "ms"],
        ["1", '{"op":', '"add"}', "8", "42"],
        ["2", "junk", "error:", "not_json:", "No", "JSON.", "42"],
        ["3", "x", "error:", "plain", "42"],
        ["4", "y", '{"other":', "1,", '"messageId":', '"m3"}', "42"],
        ["5", "z", "no", "result"],
    ]
    assert summary(rows, 2, "out") == (
        "5 sent, 4 answered, 2 of them with an error, 1 missing, 2 other messages left in out"
    )
    assert summary(rows[:1], 0, "out") == "1 sent, 1 answered"


def test_into_a_file_nothing_is_cut_wrapped_or_coloured() -> None:
    body = "word " * 1000
    out = printed(results_table([message("id", body)]))
    assert body.strip() in out
    assert "\033" not in out


@pytest.mark.parametrize("columns", ["20", "60", "400"])
def test_a_terminal_of_any_width_is_kept_to(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    rows = matched(({"op": "add", "filler": "x" * 200}, {"result": "y" * 200})).rows
    show(operations_table(rows), stream=stream)
    plain = [line for line in stream.getvalue().splitlines() if "\033" not in line]
    assert plain
    assert max(map(len, plain)) <= int(columns)


def test_what_a_message_holds_is_text_and_nothing_else() -> None:
    out = printed(results_table([message("id", "[bold]x[/bold] \x1b]0;title\x07 :smile: a\nb")]))
    assert r"[bold]x[/bold] \x1b]0;title\x07 :smile: a\nb" in out


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_shown_text_is_printable_and_short_enough(text: str, longest: int) -> None:
    shown = safe(text, longest).plain
    assert shown.isprintable()
    assert len(shown) <= longest


def test_a_check_has_its_state_and_what_mends_it() -> None:
    checks = [
        Check("Python", "ok", "3.13"),
        Check("Terraform", "missing", "none", "harness doctor --fix"),
        Check("Machine", "warning", "1 core", "more"),
    ]
    lines = printed(doctor_table(checks)).splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [
        ["✓", "ok", "Python"],
        ["✗", "missing", "Terraform"],
        ["!", "warning", "Machine"],
    ]
    assert "harness doctor --fix" in lines[2]
