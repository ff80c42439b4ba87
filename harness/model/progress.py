"""Progress: a line for each step that ended, with its time, and on a terminal a line for those under way."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

_WIDE = 10_000
"""Columns: lines are never folded here, a terminal folds them by itself."""


@dataclass
class Step:
    """A step under way.

    Attributes:
        name: What is done.
        detail: What its line says besides its name, once it has ended.
        doing: What it does at this moment; shown on a terminal only.
        seconds: Wall time, once it has ended.
        failed: Whether an exception ended it.
    """

    name: str
    detail: str = ""
    doing: str = ""
    seconds: float = 0.0
    failed: bool = False


@dataclass
class Progress:
    """Collects steps, and prints a line as each ends. Steps may overlap and may run in several threads.

    Args:
        stream: Where lines go; None prints nothing (`--json`, tests). On a terminal, one more line shows the
            steps under way, and is gone when they end.
        colour: Whether lines are coloured.
    """

    stream: TextIO | None = None
    colour: bool = False
    steps: list[Step] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _under_way: list[Step] = field(default_factory=list, repr=False)
    _console: Any = field(default=None, repr=False)
    _live: Any = field(default=None, repr=False)
    _spinner: Any = field(default=None, repr=False)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Time the block; set `.detail` inside it to say what the result is."""
        step = Step(name)
        started = time.perf_counter()
        self._begin(step)
        try:
            yield step
        except BaseException:
            step.failed = True
            raise
        finally:
            step.seconds = time.perf_counter() - started
            self._end(step)

    def slow(self, step: Step, text: str) -> None:
        """Say what a step that takes long waits for: on a terminal in its line, elsewhere in a line below."""
        with self._lock:
            step.doing = text
            if self._live is None:
                self._print(f"    {text}")

    def warn(self, text: str) -> None:
        """Say once what is not as asked, but does not stop the work."""
        with self._lock:
            if text in self.warnings:
                return
            self.warnings.append(text)
            self._print(f" {text}", mark="!", style="yellow")

    def note(self, text: str) -> None:
        """Print a line that belongs to no step."""
        with self._lock:
            self._print(f"  {text}")

    def as_json(self) -> list[dict[str, object]]:
        """The steps in the order in which they ended; `seconds` is wall time."""
        return [
            {
                "name": step.name,
                "detail": step.detail,
                "seconds": round(step.seconds, 3),
                "failed": step.failed,
            }
            for step in self.steps
        ]

    def _begin(self, step: Step) -> None:
        with self._lock:
            self._under_way.append(step)
            if self._live is None and self.stream is not None and self.stream.isatty():
                from rich.live import Live  # noqa: PLC0415 - for a terminal only
                from rich.spinner import Spinner  # noqa: PLC0415 - the same

                self._spinner = Spinner("dots", style="cyan")
                self._live = Live(
                    console=self._rich(),
                    get_renderable=self._shown,
                    transient=True,
                    redirect_stdout=False,
                    redirect_stderr=False,
                )
                self._live.start()

    def _end(self, step: Step) -> None:
        with self._lock:
            self.steps.append(step)
            self._under_way.remove(step)
            if self._live is not None and not self._under_way:
                self._live.stop()
                self._live = None
            line = f" {step.name:<22} {step.detail:<58} {step.seconds:6.1f} s"
            mark, style = ("✗", "red") if step.failed else ("✓", "green")
            self._print(line, mark=mark, style=style)

    def _shown(self) -> RenderableType:
        """The line for the steps under way."""
        from rich.text import Text  # noqa: PLC0415 - for a terminal only

        parts = [f"{step.name}: {step.doing}" if step.doing else step.name for step in list(self._under_way)]
        self._spinner.update(text=Text("; ".join(parts), no_wrap=True, overflow="ellipsis"))
        return cast("RenderableType", self._spinner)

    def _rich(self) -> Any:
        if self._console is None:
            from rich.console import Console  # noqa: PLC0415 - plain lines need no rich

            terminal = self.stream is not None and self.stream.isatty()
            self._console = Console(
                file=self.stream,
                force_terminal=True,
                color_system="standard" if self.colour else None,
                width=None if terminal else _WIDE,
            )
        return self._console

    def _print(self, text: str, *, mark: str = "", style: str = "") -> None:
        if self.stream is None:
            return
        if self.colour or self._live is not None:
            from rich.text import Text  # noqa: PLC0415 - plain lines need no rich

            line = Text("  " if mark else "").append(mark, style).append(text)
            self._rich().print(line, soft_wrap=True)
            self.stream.flush()
        else:
            print(f"  {mark}{text}" if mark else text, file=self.stream, flush=True)
