"""Progress: one line per step, with its time, on standard error."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Step:
    """A step under way; `detail` is what its line says besides its name."""

    name: str
    detail: str = ""
    seconds: float = 0.0
    failed: bool = False


@dataclass
class Progress:
    """Collects steps, and prints a line as each ends. Steps may overlap and may run in several threads.

    Args:
        stream: Where lines go; None prints nothing (`--json`, tests).
        colour: Use ANSI colours.
    """

    stream: TextIO | None = None
    colour: bool = False
    steps: list[Step] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Time the block; set `.detail` inside it to say what came of it."""
        step = Step(name)
        started = time.perf_counter()
        try:
            yield step
        except BaseException:
            step.failed = True
            raise
        finally:
            step.seconds = time.perf_counter() - started
            with self._lock:
                self.steps.append(step)
                self._print_step(step)

    def warn(self, text: str) -> None:
        """Say once what is not as asked, but does not stop the work."""
        with self._lock:
            if text in self.warnings:
                return
            self.warnings.append(text)
            self._print(f"  {self._paint('!', '33')} {text}")

    def note(self, text: str) -> None:
        """A line of its own."""
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

    def _print_step(self, step: Step) -> None:
        mark = self._paint("✗", "31") if step.failed else self._paint("✓", "32")
        self._print(f"  {mark} {step.name:<22} {step.detail:<58} {step.seconds:6.1f} s")

    def _paint(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def _print(self, line: str) -> None:
        if self.stream is not None:
            print(line, file=self.stream, flush=True)
