"""A bar on the terminal while the emulator's environment is made."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from harness.model.progress import Progress

_SHARES = {"Python": 5, "packages": 45, "emulator": 5, "byte code": 30, "AWS services": 15}
"""Each part's share of the time, in percent, in their order; measured with a connection of 50 Mbit/s."""


class Bar:
    """What `making_bar` yields; without a terminal it shows nothing."""

    def __init__(self, rich: RichProgress | None = None, task: TaskID | None = None) -> None:
        self._rich = rich
        self._task = task

    def advance(self, part: str | None, line: str) -> None:
        """Begin a part, or show a line that the program under way printed."""
        if self._rich is None or self._task is None:
            return
        if part is not None:
            parts = list(_SHARES)
            done = sum(_SHARES[name] for name in parts[: parts.index(part)])
            self._rich.update(self._task, completed=done, description=part, line="")
        else:
            self._rich.update(self._task, line=line)


@contextmanager
def making_bar(progress: Progress) -> Iterator[Bar]:
    """Show a bar where `progress` prints to a terminal; what else it prints appears above the bar."""
    stream = progress.stream
    if stream is None or not stream.isatty():
        yield Bar()
        return
    from rich import progress as rich_progress  # noqa: PLC0415 - only a terminal needs it
    from rich.console import Console  # noqa: PLC0415 - the same
    from rich.file_proxy import FileProxy  # noqa: PLC0415 - the same

    console = Console(file=stream)
    columns = (
        rich_progress.TextColumn("  Making the emulator's environment, once:"),
        rich_progress.BarColumn(bar_width=20),
        rich_progress.TextColumn("{task.description}"),
        rich_progress.TimeElapsedColumn(),
        rich_progress.TextColumn("[dim]{task.fields[line]}"),
    )
    with rich_progress.Progress(
        *columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False
    ) as rich:
        progress.stream = cast("TextIO", FileProxy(console, stream))
        try:
            yield Bar(rich, rich.add_task("waiting", total=100, line=""))
        finally:
            progress.stream = stream
