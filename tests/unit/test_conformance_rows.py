"""The table of AWS's behaviour: complete, and each row shown or with a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.conformance_rows import Row, failures_of_stock, rows

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "tests" / "conformance").glob("test_*.py"))
GRADE = re.compile(r"(R(:\d{4}-\d\d(\.\.\d{4}-\d\d)?)?|V|M|D|D23|T|\?)")


def marked() -> set[str]:
    """The rows that tests are marked with."""
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    return set(re.findall(r'mark\.aws\("([A-D]-\d\d)"\)', text))


def test_there_are_160_rows() -> None:
    numbers = {"A": 67, "B": 55, "C": 29, "D": 9}
    expected = [f"{letter}-{n:02}" for letter, count in numbers.items() for n in range(1, count + 1)]
    assert list(rows()) == expected


@pytest.mark.parametrize("row", rows().values(), ids=lambda row: row.id)
def test_a_row_says_how_it_is_known(row: Row) -> None:
    grades = row.evidence.split(", ")
    assert all(GRADE.fullmatch(grade) for grade in grades), grades


def test_every_row_has_a_test_or_a_reason() -> None:
    without = {row.id for row in rows().values() if row.not_shown}
    assert marked() | without == set(rows())
    assert not marked() & without


def test_150_rows_are_shown() -> None:
    assert len(marked()) >= 150


def test_the_page_has_every_row() -> None:
    page = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| ([A-D]-\d\d) \|", page, re.MULTILINE) == list(rows())


def test_what_localstack_does_instead_is_said_of_rows_that_it_fails() -> None:
    _, fails = failures_of_stock()
    assert set(fails) <= {row.id for row in rows().values() if row.stock}
