"""What the emulator was started with, as far as functions' processes are concerned."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from localstack import config

from harness.model.host import HOST


def runtimes() -> Path:
    """The folder of the function runtimes' Python environments."""
    return _folder("HARNESS_RUNTIMES", "runtimes")


def strict_runtime() -> bool:
    """Whether a function may be run with its runtime's own Python only."""
    return os.environ.get("HARNESS_STRICT_RUNTIME") == "1"


def environments() -> Path:
    """The folder of the execution environments' private folders."""
    return _folder("HARNESS_DATA", "data") / "environments"


def clocks() -> Path:
    """The folder of the accounts' clocks, which functions' processes read."""
    return _folder("HARNESS_DATA", "data") / "clocks"


def listen() -> str:
    """The address that debuggers attach to."""
    return os.environ.get("HARNESS_LISTEN") or HOST


def debug_port() -> int | None:
    """The one port on which debuggers can attach; None where any may be asked for."""
    port = os.environ.get("HARNESS_DEBUG_PORT")
    return int(port) if port else None


def endpoint() -> str:
    """The emulator's URL for a function."""
    return f"http://{HOST}:{config.GATEWAY_LISTEN[0].port}"


def _folder(variable: str, name: str) -> Path:
    value = os.environ.get(variable)
    return Path(value) if value else Path(tempfile.gettempdir()) / "sqs-lambda-harness" / name
