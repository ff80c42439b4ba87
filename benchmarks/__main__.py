"""Measure, and print a table: `python -m benchmarks [--runs N] [--only NAME]... [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import facts
from benchmarks.project import Project, copied_project
from benchmarks.rows import Row, all_rows
from harness.model.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Sequence

RUNS = 5
WIDTH = 140  # where no terminal says how wide it is


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; the exit code says nothing about targets, because machines differ."""
    rows = all_rows()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=_positive, default=RUNS, help=f"runs per row; default: {RUNS}")
    parser.add_argument("--only", action="append", choices=[row.name for row in rows], help="only this row")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all values to FILE, too")
    options = parser.parse_args(arguments)
    chosen = [row for row in rows if not options.only or row.name in options.only]
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    try:
        with copied_project() as project:
            machine = facts(project.workspace)
            for row in chosen:
                _measure(row, project, min(options.runs, row.runs))
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    for name, value in machine.items():
        console.print(f"{name}: {value}")
    console.print(table(chosen, options.runs))
    if options.json:
        options.json.write_text(json.dumps(document(chosen, machine), indent=2) + "\n", encoding="utf-8")
    return 0


def table(rows: Sequence[Row], runs: int) -> Table:
    """The rows, with the median of their runs."""
    result = Table("what", "stock tools", "to reach", f"median of {runs}", "fastest - slowest", "")
    for row in rows:
        result.add_row(
            row.title,
            row.stock,
            _shown(row.target, row),
            _shown(row.median, row),
            f"{_shown(min(row.values), row)} - {_shown(max(row.values), row)}",
            "[green]reached[/]" if row.reached else "[red]missed[/]",
        )
    return result


def document(rows: Sequence[Row], machine: dict[str, str]) -> dict[str, Any]:
    """All that was measured; `steps` are medians over the runs, in seconds."""
    return {
        "machine": machine,
        "rows": [
            {
                "name": row.name,
                "what": row.title,
                "unit": row.unit,
                "target": row.target,
                "median": row.median,
                "reached": row.reached,
                "values": row.values,
                "steps": {
                    name: statistics.median(steps.get(name, 0.0) for steps in row.steps)
                    for name in dict.fromkeys(name for steps in row.steps for name in steps)
                },
            }
            for row in rows
        ],
    }


def _measure(row: Row, project: Project, runs: int) -> None:
    for run in range(1, runs + 1):
        value = row.measure(project, row)
        row.values.append(value)
        sys.stderr.write(f"  {row.title}, run {run} of {runs}: {_shown(value, row)}\n")


def _shown(value: float, row: Row) -> str:
    digits = {"s": 1, "times": 2}.get(row.unit, 0)
    return f"{value:.{digits}f} {row.unit}"


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


if __name__ == "__main__":
    sys.exit(main())
