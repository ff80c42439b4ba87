"""This user's folder for what all projects share."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CACHE_VARIABLE = "HARNESS_CACHE_DIR"
_NAME = "sqs-lambda-harness"


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """This user's folder for what all projects share; it need not exist yet.

    `HARNESS_CACHE_DIR` where it is set, else the platform's place: `~/Library/Caches/sqs-lambda-harness` on
    macOS, `$XDG_CACHE_HOME/sqs-lambda-harness` or `~/.cache/sqs-lambda-harness` elsewhere.
    """
    if chosen := environ.get(CACHE_VARIABLE):
        return Path(chosen).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / _NAME
    xdg = Path(environ.get("XDG_CACHE_HOME", ""))
    # The XDG specification: a relative path is invalid and is ignored.
    return (xdg if xdg.is_absolute() else Path.home() / ".cache") / _NAME
