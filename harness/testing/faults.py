"""Rules that never struck: in the report of their test, and at the end of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.errors import HarnessError

if TYPE_CHECKING:
    import pytest

    from harness.client import Stack

TITLE = "harness: faults that never fired"


def unfired_section(stack: Stack) -> list[tuple[str, str]]:
    """A report section with the test's rules that have not struck; none where there are none."""
    if "faults" not in stack.capabilities:
        return []
    try:
        unfired = stack.faults.unfired()
    except HarnessError as error:
        return [(TITLE, f"They cannot be had: {error}")]
    return [(TITLE, "\n".join(str(fault) for fault in unfired))] if unfired else []


def show_unfired(terminal: pytest.TerminalReporter) -> None:
    """Name, in the summary of a run, the rules of all tests that never struck: they tested nothing."""
    found = [
        (report.nodeid, text)
        for reports in terminal.stats.values()
        for report in reports
        for title, text in getattr(report, "sections", ())
        if title == TITLE
    ]
    if not found:
        return
    terminal.write_sep("=", TITLE, yellow=True)
    for test, text in found:
        for line in text.splitlines():
            terminal.write_line(f"{test}: {line}")
