"""What the benchmark's table says about its figures."""

from __future__ import annotations

import pytest
from rich.console import Console

from benchmarks.__main__ import document, table
from benchmarks.rows import Row, all_rows


def row(unit: str, target: float, *values: float) -> Row:
    return Row("name", "title", "-", target, unit, lambda *_: 0, values=list(values))  # type: ignore[arg-type] # any of them


@pytest.mark.parametrize(
    ("measured", "reached"),
    [
        (row("s", 20, 19, 30, 20), True),
        (row("s", 20, 20.1, 1, 30), False),
        (row("ms", 60, 60), True),
        (row("ops/s", 130, 131, 129, 130), True),
        (row("ops/s", 130, 129), False),
    ],
)
def test_the_median_decides_and_more_is_better_only_for_rates(measured: Row, reached: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert measured.reached is reached
    console = Console(width=200)
    with console.capture() as printed:
        console.print(table([measured], 3))
    assert ("reached" in printed.get()) is reached
    assert ("missed" in printed.get()) is not reached


def test_the_rows_are_those_of_the_promise() -> None:
    assert [(row.name, row.target, row.unit) for row in all_rows()] == [
        ("up", 20, "s"),
        ("unchanged", 2, "s"),
        ("edit", 3, "s"),
        ("memory", 260, "MB"),
        ("message", 40, "ms"),
        ("retry", 150, "ms"),
        ("retry-12h", 150, "ms"),
        ("retention", 150, "ms"),
        ("batch", 400, "ops/s"),
        ("ledger", 1.05, "times"),
        ("histories", 200, "MB"),
        ("backlog", 1.2, "times"),
    ]


def test_the_document_holds_every_value_and_the_medians_of_the_steps() -> None:
    measured = row("s", 20, 3, 1, 2)
    measured.steps = [{"Synth": 1.0, "Boot": 2.0}, {"Synth": 3.0}, {"Synth": 2.0, "Boot": 4.0}]
    (written,) = document([measured], {"Python": "3.13"})["rows"]
    assert written["values"] == [3, 1, 2]
    assert written["median"] == 2
    assert written["steps"] == {"Synth": 2.0, "Boot": 2.0}
