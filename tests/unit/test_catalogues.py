"""One definition each: a kind that is added to a catalogue is known everywhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.client.faults import Faults
from harness.model import events
from harness.model import faults as catalogue
from harness.model.capabilities import CAPABILITIES
from harness.model.errors import UsageError
from harness.model.story import sentence
from harness.testing.options import MARKERS
from tests.support.faults_in_process import InProcess, found

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def melt(monkeypatch: pytest.MonkeyPatch) -> str:
    kind = catalogue.FaultKind(
        "invoke",
        catalogue.InvocationSelectors,
        "The function melts.",
        "it melts at {degrees}",
        {"degrees": catalogue.Option(40, "How hot.", least=0)},
    )
    monkeypatch.setitem(catalogue.KINDS, "melt", kind)
    return "melt"


def test_a_new_kind_of_fault_is_an_entry_of_the_catalogue(melt: str) -> None:
    control = InProcess()
    faults = Faults(control, found({"InputQueue": "orders"}), found({"Adder": "adder"}))
    rule = faults.add(melt, function="Adder", degrees=50)
    assert str(rule) == "fault-1: melt(function='adder', degrees=50, always=False)"
    assert control.book.rules()[0].told == "it melts at 50"
    with pytest.raises(UsageError, match='"degrees" of "melt" must be a number from 0 on'):
        faults.add(melt, degrees=-1)


def test_a_new_kind_of_event_is_an_entry_of_the_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = events.EventKind("A queue froze.", lambda event, _: f"{event['queue']} froze.")
    monkeypatch.setitem(events.KINDS, "froze", kind)
    assert sentence({"kind": "froze", "queue": "orders"}) == "orders froze."


@pytest.mark.parametrize(
    "call",
    [
        lambda faults: faults.crash(nth_invocation=1),
        lambda faults: faults.reorder(function="Adder"),
        lambda faults: faults.add("crash", nth=1),
    ],
)
def test_a_misspelt_selector_is_refused_and_the_right_ones_are_listed(call: Callable[[Faults], Any]) -> None:
    control = InProcess()
    faults = Faults(control, found({}), found({"Adder": "adder"}))
    with pytest.raises(UsageError, match=r"does not take .*; it takes: .*always"):
        call(faults)
    assert control.asked == []


def test_a_misspelt_selector_fails_the_type_check(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(
        "from harness.client import Faults\n"
        "def break_it(faults: Faults) -> None:\n"
        "    faults.crash(function='calc', nth_invoke=1)\n"
        "    faults.crash(function='calc', nth_invocation=1)\n"
    )
    options = ["--no-incremental", "--follow-imports=silent", "--config-file="]
    command = [sys.executable, "-m", "mypy", *options, "wrong.py"]
    done = subprocess.run(
        [*command, "--config-file="],
        cwd=tmp_path,
        env={"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "wrong.py:4: error" in done.stdout, done.stdout + done.stderr
    assert "wrong.py:3" not in done.stdout


def test_every_fault_and_event_is_in_the_docs() -> None:
    faults = (ROOT / "docs/faults.md").read_text(encoding="utf-8")
    for name, kind in catalogue.KINDS.items():
        assert f"| `{name}` |" in faults
        assert all(f"`{selector}" in faults for selector in kind.selectors)
    ledger = (ROOT / "docs/ledger.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in ledger for name in events.KINDS)


def test_the_marker_names_every_capability() -> None:
    (needs,) = [marker for marker in MARKERS if marker.startswith("needs")]
    assert all(name in needs for name in CAPABILITIES)
