"""Terraform's errors: from its JSON stream, or from the text of `init` and `plan`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

_FRAME = re.compile(r"^[╷╵│] ?")
_SOURCE = re.compile(r"^\s*\d+: ")
_LONG = 2000
_LAST_LINES = 20


@dataclass
class Diagnostics:
    """The errors of one command that was called with `-json`."""

    errors: list[str] = field(default_factory=list)
    _other: list[str] = field(default_factory=list)

    def read(self, line: str) -> dict[str, Any] | None:
        """The event that a line holds; None where it holds none. Errors are kept, warnings left out."""
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            self._other.append(line)
            return None
        diagnostic = event.get("diagnostic")
        if event.get("type") == "diagnostic" and isinstance(diagnostic, dict):
            if diagnostic.get("severity") == "error":
                text = _worded(diagnostic)
                self.errors += [text] if text not in self.errors else []
            return None
        return event

    @classmethod
    def of(cls, output: str) -> Diagnostics:
        """The errors in a whole output."""
        found = cls()
        for line in output.splitlines():
            found.read(line)
        return found

    def __str__(self) -> str:
        """All errors, as Terraform words them; where it names none, the last lines that were no JSON."""
        return "\n\n".join(self.errors) or "\n".join(self._other[-_LAST_LINES:])


def _worded(diagnostic: dict[str, Any]) -> str:
    parts = [f"Error: {diagnostic.get('summary', '')}"]
    if address := diagnostic.get("address"):
        parts.append(f"  with {address}")
    if detail := str(diagnostic.get("detail") or "").strip():
        parts.append(detail if len(detail) <= _LONG else detail[:_LONG] + "…")
    return "\n\n".join(parts)


def error_text(output: str) -> str:
    """The errors in Terraform's text output; its last lines where it names none.

    Warnings and progress are left out, and so is the quoted source, which for a synthesized document says
    nothing that the address does not.
    """
    blocks: list[list[str]] = []
    current: list[str] | None = None
    for line in output.splitlines():
        text = _FRAME.sub("", line).rstrip()
        if text.startswith("Error: "):
            current = [text]
            blocks.append(current)
        elif text.startswith("Warning: ") or line.startswith(("╷", "╵")):
            current = None
        elif current is not None and not _SOURCE.match(text):
            current.append(text if len(text) <= _LONG else text[:_LONG] + "…")
    errors = [re.sub(r"\n{3,}", "\n\n", "\n".join(block)).rstrip() for block in blocks]
    return "\n\n".join(dict.fromkeys(errors)) or "\n".join(output.strip().splitlines()[-_LAST_LINES:])
