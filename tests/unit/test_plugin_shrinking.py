from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.testing.shrinking import shrink

KEYS = [f"key-{number}" for number in range(20)]


@given(st.sets(st.sampled_from(KEYS), min_size=1, max_size=4))
def test_what_is_needed_is_left_and_nothing_else(needed: set[str]) -> None:
    shrunk = shrink(KEYS, lambda chosen: needed <= set(chosen), most_runs=1000)
    assert (set(shrunk.keys), shrunk.minimal) == (needed, True)


def test_one_of_many_is_found_in_few_runs() -> None:
    shrunk = shrink(KEYS, lambda chosen: "key-13" in chosen)
    assert shrunk.keys == ("key-13",)
    assert shrunk.runs <= 12


def test_the_order_stays() -> None:
    assert shrink(KEYS, lambda chosen: {"key-3", "key-17"} <= set(chosen)).keys == ("key-3", "key-17")


def test_a_test_that_fails_without_any_needs_none() -> None:
    shrunk = shrink(KEYS, lambda _: True)
    assert (shrunk.keys, shrunk.runs) == ((), 1)


def test_a_single_one_is_compared_with_none() -> None:
    assert shrink(["one"], bool).runs == 1
    assert shrink([], lambda _: pytest.fail("was run")).runs == 0


def test_it_ends_with_what_it_has() -> None:
    runs: list[Sequence[str]] = []

    def fails(chosen: Sequence[str]) -> bool:
        runs.append(chosen)
        return {"key-1", "key-9", "key-19"} <= set(chosen)

    shrunk = shrink(KEYS, fails, most_runs=8)
    assert (shrunk.runs, len(runs), shrunk.minimal) == (8, 8, False)
    assert {"key-1", "key-9", "key-19"} <= set(shrunk.keys)


def test_nothing_is_run_twice() -> None:
    runs: list[Sequence[str]] = []

    def fails(chosen: Sequence[str]) -> bool:
        runs.append(chosen)
        return len(chosen) >= 7

    shrink(KEYS, fails)
    assert len({tuple(chosen) for chosen in runs}) == len(runs)
