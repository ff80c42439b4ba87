"""docs/conformance.md and tests/conformance/stock.json, from what two runs of tests/conformance said."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.conformance_rows import STOCK, Row, rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "conformance.md"

SECTIONS = {
    "A-01": "SQS: visibility timeout and receipt handles",
    "A-13": "SQS: receiving, polling, delay",
    "A-24": "SQS: sending, batches, limits, encoding",
    "A-36": "SQS: dead-letter queues",
    "A-45": "SQS: lifecycle of queues, names, protocols",
    "A-56": "SQS: FIFO queues",
    "B-01": "Event source mapping: control plane",
    "B-17": "Event source mapping: batches and the event",
    "B-28": "Event source mapping: success, failure, retries",
    "B-36": "Event source mapping: partial batch responses",
    "B-43": "Event source mapping: filters",
    "B-49": "Event source mapping: scaling",
    "C-01": "Lambda",
    "D-01": "Published latency and throughput",
}
"""The first row of each section."""

LINE = 100
"""Characters of a failure's message that the page shows."""

HEAD = """\
# AWS's behaviour, row by row

Made by `make conformance`: do not edit. Each row is one behaviour of AWS's SQS, Lambda and event source
mapping. The tests in [tests/conformance](../tests/conformance) that carry its ID show it, with boto3 alone;
comments and docstrings name rows by these IDs.

**{shown} of {all} rows shown** on the harness's emulator.

LocalStack {localstack} as it comes, same run: {same} rows the same, {differs} different, {unknown} not tried.

Run on {date} with {versions}.
**No test has been run on AWS by this project**: "known from" says how well a row is known,
[rows.toml](../tests/conformance/rows.toml) where from.

| known from | is |
| --- | --- |
| R:YYYY-MM, R | an answer of AWS recorded then, kept by the tests of LocalStack (commit 8b9a79f) |
| V | a test that LocalStack's maintainers ran on AWS; the answer was not kept |
| M | AWS's model of the API, as botocore has it |
| D, D23 | AWS's developer guide, today's and that of 2023 |
| T | seen on AWS by others: issues, tests of connectors, measurements |
| ? | weak |

LocalStack has no clock to move: what needs more than {longest:g} s of real time is not tried there. Its
mapping was set to ask its queue every 0.1 s; by itself it asks once a second, every 10 s while nothing comes.
"""


def write(ours: dict[str, Any], stock: dict[str, Any]) -> None:
    """Write both files.

    Args:
        ours: The report of the run on the harness's emulator.
        stock: The report of the run on LocalStack as it comes.
    """
    PAGE.write_text(page(ours, stock), encoding="utf-8")
    known = {
        row.id: {test["test"]: _line(test["said"]) for test in tests if test["outcome"] == "failed"}
        for row, tests in _by_row(stock)
    }
    document = {
        "localstack": stock["versions"]["LocalStack"],
        "fails": {row: tests for row, tests in known.items() if tests},
    }
    STOCK.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def counts(report: dict[str, Any]) -> tuple[int, int]:
    """How many rows a run showed, and how many there are."""
    return sum(_ours(row, tests).startswith("shown") for row, tests in _by_row(report)), len(rows())


def page(ours: dict[str, Any], stock: dict[str, Any]) -> str:
    """The text of docs/conformance.md."""
    shown, of = counts(ours)
    theirs = {row.id: _stock(row, tests) for row, tests in _by_row(stock)}
    same = sum(said == "same" for said in theirs.values())
    differs = sum(said.startswith("differs") for said in theirs.values())
    lines = [
        HEAD.format(
            shown=shown,
            all=of,
            same=same,
            differs=differs,
            unknown=of - same - differs,
            date=ours["date"],
            longest=stock["longest_wait"],
            localstack=stock["versions"]["LocalStack"],
            versions=", ".join(f"{name} {number}" for name, number in ours["versions"].items()),
        )
    ]
    for row, tests in _by_row(ours):
        if row.id in SECTIONS:
            lines += [
                f"## {SECTIONS[row.id]}\n",
                "| ID | on AWS | known from | ours | LocalStack as it comes |",
                "| --- | --- | --- | --- | --- |",
            ]
        cells = (row.id, row.behaviour, row.evidence, _ours(row, tests), theirs[row.id])
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
        if _last_of_its_section(row.id):
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _by_row(report: dict[str, Any]) -> Sequence[tuple[Row, list[dict[str, Any]]]]:
    found: Mapping[str, list[dict[str, Any]]] = defaultdict(list)
    for test in report["tests"]:
        found[test["row"]].append(test)
    return [(row, found[row.id]) for row in rows().values()]


def _ours(row: Row, tests: list[dict[str, Any]]) -> str:
    """`shown`, or why not."""
    failed = [test for test in tests if test["outcome"] == "failed"]
    skipped = [test for test in tests if test["outcome"] == "skipped"]
    if failed:
        return f"fails: {_line(failed[0]['said'])}"
    if len(tests) > len(skipped):
        return f"shown, but for this: {row.partly}" if row.partly else "shown"
    return f"not shown: {row.not_shown or (skipped[0]['said'] if skipped else 'no test')}"


def _stock(row: Row, tests: list[dict[str, Any]]) -> str:
    """`same`, how it differs, or why that was not tried."""
    if row.executor:
        return "not tried: its functions need Docker, and ran as the harness's processes"
    failed = [test for test in tests if test["outcome"] == "failed"]
    skipped = [test for test in tests if test["outcome"] == "skipped"]
    if failed:
        return f"differs: {row.stock or _line(failed[0]['said'])}"
    if not tests:
        return "not tried"
    if len(skipped) == len(tests):
        return str(skipped[0]["said"])
    return "same"


def _line(said: str) -> str:
    """The beginning of a failure's message."""
    short = re.sub(r"^(AssertionError|Failed): ", "", said).split(" assert ")[0]
    return short if len(short) <= LINE else f"{short[: LINE - 1]}…"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _last_of_its_section(row: str) -> bool:
    names = list(rows())
    following = names.index(row) + 1
    return following == len(names) or names[following] in SECTIONS
