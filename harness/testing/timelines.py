"""A failed test's timeline: a file, named in the report and in JUnit's properties, linked by pytest-html."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.model.errors import HarnessError

if TYPE_CHECKING:
    import pytest

    from harness.client import Stack

PROPERTY = "timeline"
"""The JUnit property that holds the path."""
_LONGEST = 120
_SECTION = "harness: timeline"


def attach_timeline(stack: Stack, item: pytest.Item, report: pytest.TestReport, folder: Path) -> None:
    """Write what happened in the test's account, and say where.

    Does nothing where the environment keeps no ledger. What goes wrong here stands in the report and hides
    nothing of the test's own failure.

    Args:
        stack: The test's stack.
        item: The test.
        report: Of its failure.
        folder: Where the file goes; made if it is not there.
    """
    if "ledger" not in stack.capabilities:
        return
    try:
        path = _written(stack, item, folder)
    except (HarnessError, OSError) as error:
        report.sections.append((_SECTION, f"It cannot be had: {error}"))
        return
    if path is None:
        return
    shown = os.path.relpath(path, item.config.rootpath)
    report.sections.append((_SECTION, shown))
    for properties in (item.user_properties, report.user_properties):
        if (PROPERTY, shown) not in properties:
            properties.append((PROPERTY, shown))
    _link(item.config, report, path)


def file_name(test_id: str) -> str:
    """A file's name for a test's id: readable, and another for each test."""
    plain = re.sub(r"[^\w.-]+", "-", test_id, flags=re.ASCII).strip("-.")
    same = re.fullmatch(r"[\w.:/-]+", test_id, flags=re.ASCII) and len(plain) <= _LONGEST
    digest = "" if same else "-" + hashlib.sha256(test_id.encode("utf-8", "replace")).hexdigest()[:8]
    return f"{plain[:_LONGEST]}{digest}.html"


def _written(stack: Stack, item: pytest.Item, folder: Path) -> Path | None:
    from harness.client.ledger_events import control_of, events_of  # noqa: PLC0415 - only for failures
    from harness.report.timeline import render  # noqa: PLC0415 - the same

    events = events_of(control_of(stack))
    if not events:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(item.nodeid)
    path.write_text(render(events, title=item.name, about=item.nodeid), encoding="utf-8")
    return path


def _link(config: pytest.Config, report: pytest.TestReport, path: Path) -> None:
    """A link for pytest-html, where it is there: as its `extras.url` would make it."""
    page = config.getoption("htmlpath", None)
    if not page:
        return
    target = os.path.relpath(path, Path(page).absolute().parent)
    extra: dict[str, Any] = {
        "name": "Timeline",
        "format_type": "url",
        "content": Path(target).as_posix(),
        "mime_type": None,
        "extension": None,
    }
    described: Any = report
    described.extras = [*getattr(report, "extras", []), extra]
