"""Terraform's own error text, without the frame that it draws around it."""

from __future__ import annotations

import re

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"^[╷╵│] ?")
_SOURCE = re.compile(r"^\s*\d+: ")
_LONG = 2000


def error_text(output: str) -> str:
    """The errors in Terraform's output, each as Terraform words it; the last lines where it names none.

    Warnings and progress are left out, and so is the quoted source, which for a synthesized document says
    nothing that the address does not.
    """
    blocks: list[list[str]] = []
    current: list[str] | None = None
    for line in _ANSI.sub("", output).splitlines():
        text = _FRAME.sub("", line).rstrip()
        if text.startswith("Error: "):
            current = [text]
            blocks.append(current)
        elif text.startswith("Warning: ") or line.startswith(("╷", "╵")):
            current = None
        elif current is not None and not _SOURCE.match(text):
            current.append(text if len(text) <= _LONG else text[:_LONG] + "…")
    errors = ["\n".join(_squeezed(block)) for block in blocks]
    if errors:
        return "\n\n".join(dict.fromkeys(errors))
    return "\n".join(_ANSI.sub("", output).strip().splitlines()[-20:])


def _squeezed(lines: list[str]) -> list[str]:
    """The lines, with no more than one empty one in a row and none at the end."""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    return kept
