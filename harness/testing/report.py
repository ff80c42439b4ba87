"""What a failed test says about the stack it used."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, cast

import pytest

import harness
from harness.model.errors import HarnessError

if TYPE_CHECKING:
    from harness.client import Stack

_PACKAGE = Path(harness.__file__).parent
_LINES = 500


def hide_inner_frames(call: pytest.CallInfo[None]) -> None:
    """Let the traceback of an error raised on purpose end in the test, not inside the harness."""
    if call.excinfo is None or not isinstance(call.excinfo.value, HarnessError):
        return
    entries = []
    entry: TracebackType | None = call.excinfo.tb
    while entry and _PACKAGE not in Path(entry.tb_frame.f_code.co_filename).parents:
        entries.append(entry)
        entry = entry.tb_next
    if entry is None or not entries:
        return
    shown: TracebackType | None = None
    for kept in reversed(entries):
        shown = TracebackType(shown, kept.tb_frame, kept.tb_lasti, kept.tb_lineno)
    error = call.excinfo.value
    error.__cause__, error.__suppress_context__ = None, True  # what botocore raised is in the message
    call.excinfo = pytest.ExceptionInfo.from_exc_info((type(error), error, cast("TracebackType", shown)))


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
