"""Puts `harness.model`, which the client and the emulator share, into the emulator's wheel and sdist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODEL = "harness/model"


class SharedModelHook(BuildHookInterface[Any]):
    """Adds the package to whatever is built; an editable install finds it in the working tree."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the folder to include: beside `emulator/` in the repository, below the root in an sdist."""
        if version == "editable":
            return
        places = (Path(self.root) / MODEL, Path(self.root).parent / MODEL)
        build_data["force_include"][str(next(place for place in places if place.is_dir()))] = MODEL
