"""Which few of many faults make a test fail: delta debugging over their keys."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST_RUNS = 40
"""Runs after which it ends with what it has."""


@dataclass(frozen=True)
class Shrunk:
    """What is left.

    Attributes:
        keys: With these alone the test fails.
        runs: How often it was run for that.
        minimal: Whether it passes as soon as one of them is left out; else the runs were at an end.
    """

    keys: tuple[str, ...]
    runs: int
    minimal: bool


class _OutOfRunsError(Exception):
    """No more runs are allowed."""


def shrink(keys: Sequence[str], fails: Callable[[Sequence[str]], bool], most_runs: int = MOST_RUNS) -> Shrunk:
    """A smallest list of keys with which the test still fails.

    Args:
        keys: With these it fails; that is taken for granted.
        fails: Runs the test with so many of them, in their order; whether it failed.
        most_runs: How often it may be run.
    """
    left = tuple(keys)
    known: dict[tuple[str, ...], bool] = {}

    def still(chosen: tuple[str, ...]) -> bool:
        if chosen not in known:
            if len(known) == most_runs:
                raise _OutOfRunsError
            known[chosen] = fails(chosen)
        return known[chosen]

    try:
        if left and still(()):
            return Shrunk((), len(known), minimal=True)
        parts = 2
        while len(left) > 1:
            smaller = next((chosen for chosen in _candidates(left, parts) if still(chosen)), None)
            if smaller is not None:
                parts = max(2, parts - 1) if len(smaller) * 2 > len(left) else 2
                left = smaller
            elif parts == len(left):
                break
            else:
                parts = min(2 * parts, len(left))
    except _OutOfRunsError:
        return Shrunk(left, len(known), minimal=False)
    return Shrunk(left, len(known), minimal=True)


def _candidates(keys: tuple[str, ...], parts: int) -> list[tuple[str, ...]]:
    """Each part alone, then all without it."""
    cuts = [len(keys) * number // parts for number in range(parts + 1)]
    spans = list(itertools.pairwise(cuts))
    alone = [keys[begin:end] for begin, end in spans]
    without = [keys[:begin] + keys[end:] for begin, end in spans] if parts > 2 else []  # noqa: PLR2004 - halves
    return alone + without
