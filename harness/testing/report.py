"""What a failed test says about the stack it used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import harness
from harness.errors import HarnessError

if TYPE_CHECKING:
    import pytest

    from harness.drive import Stack

_PACKAGE = Path(harness.__file__).parent
_LINES = 500


def hide_inner_frames(call: pytest.CallInfo[None]) -> None:
    """Let the traceback of an error raised on purpose end in the test, not inside the harness."""
    if call.excinfo is None or not isinstance(call.excinfo.value, HarnessError):
        return
    outside = call.excinfo.traceback.filter(lambda entry: _PACKAGE not in Path(entry.path).parents)
    if outside:
        call.excinfo.traceback = outside


def log_sections(stack: Stack, since: int) -> list[tuple[str, str]]:
    """A report section per function: what it logged since a test started, the last lines of it.

    Args:
        stack: The test's stack.
        since: Milliseconds since the epoch.
    """
    sections = []
    for function in stack.deployment.functions:
        try:
            events = stack.function(function.name).logs(since=since)
        except HarnessError as error:
            sections.append((f"harness: log of {function.name}", str(error)))
            continue
        lines = [event.message.rstrip("\n") for event in events]
        left_out = len(lines) - _LINES
        if left_out > 0:
            lines = [f"... {left_out} lines before ...", *lines[-_LINES:]]
        sections.append((f"harness: log of {function.name}", "\n".join(lines) or "(no lines)"))
    return sections
