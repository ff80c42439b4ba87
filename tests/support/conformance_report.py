"""What a conformance run has shown, test by test, written as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

type Outcome = Literal["passed", "failed", "skipped"]


@dataclass
class Shown:
    """What one test showed.

    Attributes:
        row: The row that it is about.
        test: Its name, with its parameters.
        node: What pytest calls it.
        outcome: Whether AWS's behaviour was seen.
        said: Why not: the first line of the failure, or the reason of the skip.
        seconds: How long it took.
    """

    row: str
    test: str
    node: str
    outcome: Outcome
    said: str = ""
    seconds: float = 0.0


class Report:
    """The plug-in that collects it in the run's first process.

    Args:
        path: The file to write.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[str, Shown] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what one phase of a test said; a failure in any of them counts."""
        row = dict(report.user_properties).get("aws")
        if row is None:
            return
        shown = self._found.setdefault(
            report.nodeid, Shown(str(row), report.nodeid.rpartition("::")[2], report.nodeid, "passed")
        )
        shown.seconds = round(shown.seconds + report.duration, 2)
        if report.failed and shown.outcome != "failed":
            shown.outcome, shown.said = "failed", _first_line(report)
        elif report.skipped and shown.outcome == "passed":
            shown.outcome, shown.said = "skipped", _reason(report)

    def pytest_sessionfinish(self) -> None:
        """Write it."""
        found = sorted(self._found.values(), key=lambda shown: (shown.row, shown.test))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(
            json.dumps({"tests": [asdict(shown) for shown in found]}, indent=1), encoding="utf-8"
        )


def _first_line(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr)
    return re.sub(r"\s+", " ", text)[:300].strip()


def _reason(report: pytest.TestReport) -> str:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix("Skipped: ")
