from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness_emulator.account import ACCOUNTS
from harness_emulator.time.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ACCOUNT = "900000000001"


class Last:
    """Chooses the last name, and notes among which."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, ...]] = []

    def choose(self, among: Sequence[str]) -> str:
        self.seen.append(tuple(among))
        return among[-1]


@pytest.fixture
def turns() -> Iterator[Turns]:
    clock = ACCOUNTS.of(ACCOUNT).clock
    clock.freeze()
    turns = Turns(clock)
    turns.chooser = Last()
    yield turns
    ACCOUNTS.of(ACCOUNT).clock.resume()


def test_without_an_adversary_or_on_a_running_clock_nobody_waits(turns: Turns) -> None:
    ACCOUNTS.of(ACCOUNT).clock.resume()
    assert not turns.kept
    assert turns.may("a", lambda: pytest.fail("was told"))
    ACCOUNTS.of(ACCOUNT).clock.freeze()
    turns.chooser = None
    assert turns.may("a", lambda: pytest.fail("was told"))
    assert not turns.give()


def test_a_turn_is_for_one_and_once(turns: Turns) -> None:
    told: list[str] = []
    for name in ("a", "b", "a"):
        assert not turns.may(name, lambda name=name: told.append(name))  # type: ignore[misc]
    assert turns.give()
    assert told == ["b"]
    assert not turns.may("a", lambda: told.append("a"))
    assert turns.may("b", lambda: None)
    assert not turns.may("b", lambda: None)
    assert turns.give()
    assert turns.give()
    assert not turns.give()
    assert isinstance(turns.chooser, Last)
    assert turns.chooser.seen == [("a", "b"), ("a", "b"), ("a",)]


def test_a_turn_that_was_not_used_is_over_with_the_next(turns: Turns) -> None:
    turns.may("a", lambda: None)
    assert turns.give()
    assert not turns.give()
    assert not turns.may("a", lambda: None)


def test_who_withdraws_gets_none(turns: Turns) -> None:
    turns.may("a", lambda: pytest.fail("was told"))
    turns.withdraw("a")
    assert not turns.give()


def test_when_turns_end_all_are_told(turns: Turns) -> None:
    told: list[str] = []
    turns.may("a", lambda: told.append("a"))
    turns.may("b", lambda: told.append("b"))
    turns.look_again()
    assert told == []
    turns.chooser = None
    turns.look_again()
    assert told == ["a", "b"]
    turns.look_again()
    assert told == ["a", "b"]
