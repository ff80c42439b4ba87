"""How far the making of the emulator's environment is, as the text that a terminal shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.model.progress import Step

_SHARES = {"Python": 5, "packages": 40, "emulator": 5, "byte code": 35, "AWS services": 15}
"""Each part's share of the time in percent, in their order, as measured with a connection of 50 Mbit/s."""
_WIDTH = 20


class Bar:
    """Shows a bar in a step's line.

    Args:
        step: The step under way.
    """

    def __init__(self, step: Step) -> None:
        self._step = step
        self._part = ""
        self._percent = 0

    def begin(self, part: str) -> None:
        """Show that `part` begins."""
        parts = list(_SHARES)
        self._part = part
        self._percent = sum(_SHARES[name] for name in parts[: parts.index(part)])
        self._show("")

    def hear(self, line: str) -> None:
        """Show a line that the program under way printed."""
        self._show(line)

    def _show(self, line: str) -> None:
        done = self._percent * _WIDTH // 100
        bar = "━" * done + "─" * (_WIDTH - done)
        self._step.doing = f"{bar} {self._percent} % {self._part}{f': {line}' if line else ''}"
