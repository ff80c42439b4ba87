from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from harness.cli import main as front
from harness.cli.app import App
from harness.client.control import ControlApi
from harness.report.messages import by_message
from tests.support.ledger_samples import small

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVENTS = small()
POISON = next(event["message_id"] for event in EVENTS if event["kind"] == "moved_to_dlq")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs `harness timeline` on a ledger that is made up."""

    def run(*arguments: str, capabilities: tuple[str, ...] = ("ledger",)) -> tuple[int, str, str]:
        stack = SimpleNamespace(
            name="shop",
            capabilities=frozenset(capabilities),
            endpoint=SimpleNamespace(url="http://127.0.0.1:1", account="000000000000"),
        )
        monkeypatch.setattr(App, "stack", lambda _: stack)

        def call(_: ControlApi, method: str, route: str, body: None, *, timeout: float, **wanted: str) -> Any:
            assert (method, route, body) == ("GET", "ledger", None)
            assert timeout > 0
            message = wanted.get("message")
            return by_message(EVENTS).get(message, []) if message else EVENTS

        monkeypatch.setattr(ControlApi, "call", call)
        code = front.run(["timeline", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_a_messages_story_is_told(run: Callable[..., Any]) -> None:
    code, out, _ = run(POISON)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("Times are from 2026-01-01 10:00:00")
    assert "Moved from orders to the dead-letter queue orders-dlq, after 4 receives." in lines[-1]


def test_without_an_id_each_message_has_a_line(run: Callable[..., Any]) -> None:
    code, out, _ = run()
    assert code == 0
    (line,) = [line for line in out.splitlines() if POISON in line]
    assert "orders" in line
    assert "Moved from orders" in line
    assert len(out.splitlines()) == len(by_message(EVENTS)) + 1


def test_the_html_file_holds_the_same(run: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "all.html"
    code, out, _ = run("--html", str(file))
    assert (code, out) == (0, f"{len(EVENTS)} events in {file}\n")
    assert "<title>shop</title>" in file.read_text(encoding="utf-8")


def test_for_programs_there_is_one_document(run: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "one.html"
    code, out, err = run(POISON, "--html", str(file), "--json")
    document = json.loads(out)
    assert (code, err, document["exit_code"]) == (0, "", 0)
    assert document["events"] == by_message(EVENTS)[POISON]
    assert document["story"][-1].endswith("after 4 receives.")
    assert document["html"] == str(file)


def test_an_unknown_message_is_an_error(run: Callable[..., Any]) -> None:
    code, _, err = run("nobody")
    assert code == 1
    assert "knows no message 'nobody'" in err
    assert "`harness timeline`" in err


def test_without_a_ledger_it_says_where_there_is_one(run: Callable[..., Any]) -> None:
    code, _, err = run(capabilities=("logs",))
    assert code == 1
    assert "keeps no ledger of messages; it can: logs" in err
    assert "embedded" in err


def test_a_file_that_cannot_be_written_is_wrong_usage(run: Callable[..., Any], tmp_path: Path) -> None:
    code, _, err = run("--html", str(tmp_path / "none" / "x.html"))
    assert code == 2
    assert "No such file or directory" in err
