"""Printing for people: colours and borders on a terminal, plain text elsewhere, whatever a message holds."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

# Where output goes into a file or another program, nothing is wrapped or cut.
_WIDEST = 100_000


def show(*renderables: RenderableType, stream: TextIO | None = None) -> None:
    """Print texts and tables to `stream` (default: standard output)."""
    stream = stream or sys.stdout
    console = Console(
        file=stream,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        width=None if stream.isatty() else _WIDEST,
        color_system="auto" if stream.isatty() and not os.environ.get("NO_COLOR") else None,
    )
    for renderable in renderables:
        if console.is_terminal:
            console.print(renderable, soft_wrap=not isinstance(renderable, Table))
        else:
            _print_plain(console, renderable, stream)


def _print_plain(console: Console, renderable: RenderableType, stream: TextIO) -> None:
    if isinstance(renderable, Table):
        renderable.box = None
        renderable.pad_edge = False
    with console.capture() as capture:
        console.print(renderable, soft_wrap=not isinstance(renderable, Table))
    for line in capture.get().splitlines():
        print(line.rstrip(), file=stream)


def safe(text: str, longest: int | None = None) -> Text:
    """Text from outside, shown in one line and never as control codes or markup; cut at `longest`."""
    shown = "".join(c if c.isprintable() else _escaped(c) for c in text)
    if longest is not None and len(shown) > longest:
        shown = shown[: longest - 1] + "…"
    return Text(shown, overflow="fold")


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
