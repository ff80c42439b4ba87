"""The rows of AWS's behaviour, and the marker by which a test says which one it shows."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FILE = Path(__file__).parents[1] / "conformance" / "rows.toml"
STOCK = FILE.with_name("stock.json")


@dataclass(frozen=True)
class Row:
    """One behaviour of AWS.

    Attributes:
        id: Such as `A-05`.
        behaviour: What AWS does, with its numbers and texts.
        evidence: How it is known: grades, the strongest first.
        source: Where from.
        not_shown: Why no test shows it; empty where one does.
        partly: What of it no test shows, and why; empty where tests show all of it.
        stock: What LocalStack as it comes does instead; empty where it does the same.
        stock_varies: Why a test of it may also pass there; empty where each always does the same.
        executor: It is about how functions run. LocalStack as it comes runs them in containers, which cannot
            be had everywhere: in its run, too, they are the harness's processes, and show nothing of it.
    """

    id: str
    behaviour: str
    evidence: str
    source: str
    not_shown: str = ""
    partly: str = ""
    stock: str = ""
    stock_varies: str = ""
    executor: bool = False

    @property
    def varies(self) -> str:
        """Why a test of it may pass or fail on LocalStack as it comes; empty where it never changes."""
        part, number = self.id[0], int(self.id[2:])
        at_work = part == "B" and (20 <= number <= 42 or number >= 48)
        return self.stock_varies or ("its mapping does it when it polls" if at_work or part == "D" else "")


@cache
def rows() -> Mapping[str, Row]:
    """All rows, by ID, in order."""
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {name: Row(name, **fields) for name, fields in table.items()}


@cache
def failures_of_stock() -> tuple[str, Mapping[str, Mapping[str, str]]]:
    """LocalStack's version, and which tests it fails as it comes: row -> test -> how. Written by a run."""
    document = json.loads(STOCK.read_text(encoding="utf-8"))
    return document["localstack"], document["fails"]


def untold(item: pytest.Item, localstack: str) -> str:
    """Why a test tells nothing on LocalStack as it comes, of that version; empty where it tells something.

    Where its outcome is a matter of moments there, as with all that a mapping at work does, nothing can be
    expected of it.
    """
    row = rows()[row_of(item)]
    if localstack != failures_of_stock()[0] or not row.varies:
        return ""
    return f"LocalStack as it comes may pass or fail: {row.stock_varies or row.stock or row.varies}"


def expected_failure(item: pytest.Item, localstack: str) -> pytest.MarkDecorator | None:
    """The xfail marker of a test on LocalStack as it comes, of that version; None where it should pass.

    A test that passes there although it is known to fail is a failure: what is written would not be true.
    """
    version, fails = failures_of_stock()
    row = rows()[row_of(item)]
    said = fails.get(row.id, {}).get(item.name, "")
    if localstack != version or not said:
        return None
    return pytest.mark.xfail(strict=True, reason=f"LocalStack as it comes: {row.stock or said}")


def row_of(item: pytest.Item) -> str:
    """The row that a test is marked with.

    Raises:
        pytest.UsageError: It has no such marker, or more than one, or one that names no row.
    """
    found = [marker.args for marker in item.iter_markers("aws")]
    if len(found) != 1 or len(found[0]) != 1:
        raise pytest.UsageError(f"{item.nodeid}: a conformance test has one marker aws(row); it has {found}")
    (row,) = found[0]
    if row not in rows():
        raise pytest.UsageError(f"{item.nodeid}: tests/conformance/rows.toml has no row {row!r}")
    return str(row)


def check(items: Iterable[pytest.Item]) -> None:
    """Refuse a run in which a conformance test names no row, and let each say in its report which it shows.

    Raises:
        pytest.UsageError: As `row_of`.
    """
    for item in items:
        if item.path.parent == FILE.parent:
            item.user_properties.append(("aws", row_of(item)))
        elif any(item.iter_markers("aws")):
            raise pytest.UsageError(f"{item.nodeid}: the marker aws(row) is for tests/conformance")
