"""The timeline of a whole run: what its last tests did, in one file in the report's folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from harness.model.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import pytest

    from harness.client import Stack

MOST_EVENTS = 10_000
"""However many tests there were, the newest of their events; more are no help, and take time to draw."""
PATTERN = "timeline*.html"


def write_run(stacks: Sequence[Stack], folder: Path, worker: str | None) -> Path | None:
    """Write what happened in the accounts of a run's stacks, where their environment keeps a ledger.

    Args:
        stacks: The variations that the run's tests used.
        folder: The report's.
        worker: The name of this worker of pytest-xdist: each writes a file of its own.

    Returns:
        The file; None where there is nothing to show, or it cannot be had: a run does not fail for it.
    """
    from harness.client.ledger_events import control_of, newest  # noqa: PLC0415 - only where a stack was used
    from harness.report.timeline import render  # noqa: PLC0415 - the same

    kept = [stack for stack in stacks if "ledger" in stack.capabilities]
    try:
        events = [event for stack in kept for event in newest(control_of(stack), MOST_EVENTS)]
        if not events:
            return None
        shown = in_one_line(sorted(events, key=lambda event: event["wall"])[-MOST_EVENTS:])
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / (f"timeline-{worker}.html" if worker else "timeline.html")
        about = f"The newest {MOST_EVENTS} events." if len(events) > MOST_EVENTS else f"{len(events)} events."
        path.write_text(render(shown, title="The run", about=about), encoding="utf-8")
    except (HarnessError, OSError, KeyError, TypeError):
        return None
    return path


def in_one_line(events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Events of several accounts and tests, so that one clock could have shown them.

    Each test begins with the machine's time, wherever the test before had moved it: its times are shown that
    much later.

    Args:
        events: In the order of their `wall`.
    """
    latest: float | None = None
    later: dict[str, float] = {}
    shown = []
    for event in events:
        account = str(event.get("account"))
        at = event["at"] + later.get(account, 0.0)
        if latest is not None and at < latest:
            later[account] = later.get(account, 0.0) + latest - at
            at = latest
        latest = at
        moved = {**event, "at": at}
        if event.get("visible_at") is not None:
            moved["visible_at"] = event["visible_at"] + later.get(account, 0.0)
        shown.append(moved)
    return shown


def show_runs(reporter: pytest.TerminalReporter, folder: Path, root: Path) -> None:
    """Say where the run's timelines are.

    Args:
        reporter: The terminal.
        folder: The report's.
        root: Paths are told from there.
    """
    for path in sorted(folder.glob(PATTERN)):
        reporter.write_line(f"harness: timeline of this run: {os.path.relpath(path, root)}")


def clear_runs(folder: Path) -> None:
    """Remove those of an earlier run."""
    for path in folder.glob(PATTERN):
        path.unlink(missing_ok=True)
