"""Removes environments of the emulator that nobody uses any more."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import psutil

from harness.installation._place import MARKER

if TYPE_CHECKING:
    from pathlib import Path

KEPT = 4
"""So many that were used last are kept, beside the one that is wanted."""
KEPT_DAYS = 30
"""One that was not used for so long is removed, however few there are."""
JUST_USED_SECONDS = 86400.0
"""One that was used in the last day stays: several working trees or versions may be in use side by side."""


def prune(folder: Path, *, keep: Path) -> None:
    """Remove what was not finished, and environments that are old, many, and not in use.

    Args:
        folder: The folder of all environments; its lock is held.
        keep: Stays whatever its age.
    """
    ages: list[tuple[float, Path]] = []
    for path in folder.iterdir():
        if path == keep or not path.is_dir():
            continue
        try:
            ages.append((time.time() - (path / MARKER).stat().st_mtime, path))
        except OSError:  # its process was killed while it made this: the lock says that nobody makes it now
            shutil.rmtree(path, ignore_errors=True)
    ages.sort()
    old = [
        path
        for position, (age, path) in enumerate(ages)
        if age > KEPT_DAYS * 86400 or (position >= KEPT and age > JUST_USED_SECONDS)
    ]
    running = _programs() if old else []
    for path in old:
        if not any(program.startswith(f"{path}/") for program in running):
            (path / MARKER).unlink(missing_ok=True)  # from here on nobody starts it
            shutil.rmtree(path, ignore_errors=True)


def _programs() -> list[str]:
    """The programs that run, as they were started (a virtual environment's Python links to another one)."""
    found: list[str] = []
    for process in psutil.process_iter(["cmdline"]):
        found.extend((process.info["cmdline"] or [])[:1])
    return found
