"""What waits in the emulator waits on its account's clock, or says that it means real time."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import harness_emulator

FOLDER = Path(harness_emulator.__file__).parent
OWN_TIME = {"clock.py", "real_time.py"}
"""They are what all others ask."""
CLOCKS = {"clock", "_clock", "real_time"}
"""Whose `wait_for` may have a timeout."""


def waits(source: str) -> list[int]:
    """The lines that wait for a time which is nobody's: `event.wait(1)`, `condition.wait_for(..., 1)`."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and _has_timeout(node, node.func)
    ]


def _has_timeout(call: ast.Call, function: ast.Attribute) -> bool:
    receiver = function.value
    name = receiver.attr if isinstance(receiver, ast.Attribute) else getattr(receiver, "id", "")
    named = any(keyword.arg in {"timeout", "seconds"} for keyword in call.keywords)
    if function.attr == "wait":
        # A method of the project's own takes a predicate first.
        return named or bool(call.args and not isinstance(call.args[0], ast.Lambda))
    if function.attr == "wait_for":
        return name not in CLOCKS and (named or len(call.args) > 1)
    return False


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: str(path.relative_to(FOLDER)))
def test_nothing_waits_for_seconds_of_its_own(path: Path) -> None:
    if path.name not in OWN_TIME:
        assert waits(path.read_text(encoding="utf-8")) == [], f"{path}: wait on the clock, or by real_time"


@pytest.mark.parametrize(
    "line",
    [
        "event.wait(1)",
        "self._changed.wait(left)",
        "event.wait(timeout=1)",
        "c.wait_for(lambda: x, timeout=1)",
    ],
)
def test_the_rule_sees(line: str) -> None:
    assert waits(line) == [1]


@pytest.mark.parametrize(
    "line",
    ["event.wait()", "c.wait_for(f)", "self._clock.wait_for(c, f, 1)", "real_time.wait_for(c, f, 1)"],
)
def test_the_rule_lets_pass(line: str) -> None:
    assert waits(line) == []
