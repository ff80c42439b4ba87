from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from harness.cli import main as front
from harness.cli.app import App
from harness.client.faults import Faults
from harness.model.faults import KINDS, SELECTORS
from tests.support.faults_in_process import InProcess, found

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs `harness faults` over the emulator's own rules."""
    control = InProcess()
    faults = Faults(control, found({"InputQueue": "orders"}), found({"Adder": "adder"}))
    monkeypatch.setattr(App, "stack", lambda _: SimpleNamespace(faults=faults))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = front.run(["faults", *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    run.faults = faults  # type: ignore[attr-defined] # for what only tests and scripts do
    run.book = control.book  # type: ignore[attr-defined] # for a test that lets rules strike
    return run


def test_the_help_lists_every_kind_selector_and_option(run: Callable[..., Any]) -> None:
    _, out, _ = run("add", "--help")
    for name, kind in KINDS.items():
        assert name in out
        assert all(f"--{option}" in out for option in kind.options)
    assert all(f"--{selector.replace('_', '-')}" in out for selector in SELECTORS)


def test_a_rule_is_added_listed_and_cleared(run: Callable[..., Any]) -> None:
    code, out, _ = run(
        "add", "crash", "--function", "Adder", "--nth-invoke", "2", "--when", "after", "--json"
    )
    rule = {
        "id": "fault-1",
        "kind": "crash",
        "function": "adder",
        "nth_invoke": 2,
        "when": "after",
        "always": False,
        "fired": 0,
    }
    assert (code, json.loads(out)) == (0, {"fault": rule, "exit_code": 0})
    assert run("add", "fail_send", "--entries", "3", "--always")[0] == 0
    run.book.rules()[1].fired = 2  # type: ignore[attr-defined] # see above
    code, out, _ = run("list")
    assert out.splitlines() == [
        "fault-1: crash(function='adder', nth_invoke=2, when='after', always=False) never fired",
        "fault-2: fail_send(entries=3, code='InternalError', always=True) fired 2 times",
    ]
    assert [entry["id"] for entry in json.loads(run("clear", "fault-2", "--json")[1])["removed"]] == [
        "fault-2"
    ]
    assert "fault-1" in run("clear")[1]
    assert run("list")[1] == run()[1] == "No faults.\n"
    assert (
        json.loads(run("--json", "list")[1])
        == json.loads(run("--json")[1])
        == {"faults": [], "adversary": None, "exit_code": 0}
    )


def test_an_adversary_that_is_there_is_shown_and_can_be_sent_away(run: Callable[..., Any]) -> None:
    run.faults.adversary(7)  # type: ignore[attr-defined] # see above
    assert run("list")[1] == "adversary: seed 7\n"
    assert json.loads(run("list", "--json")[1])["adversary"] == 7
    run("add", "throttle")
    assert run("list")[1].splitlines() == ["fault-1: throttle(always=False) never fired", "adversary: seed 7"]
    run("clear")
    assert run("clear", "adversary")[1] == "adversary: removed\n"
    assert run("list")[1] == "No faults.\n"
    assert run("clear", "adversary")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "explode"), "there is no kind 'explode'"),
        (("add",), "Missing argument 'KIND'"),
        (("add", "crash", "--nth-invoke", "0"), '"nth_invoke" counts from 1'),
        (("add", "crash", "--seconds", "5"), '"crash" does not take seconds; it takes: '),
        (("clear", "fault-8"), "There is no fault 'fault-8'"),
        (("break",), "No such command 'break'"),
    ],
)
def test_bad_input_is_wrong_usage(run: Callable[..., Any], arguments: tuple[str, ...], said: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert said in err
