"""The record of the environment that is up, and the lock that lets one command at a time start or stop it."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.machine.files import locked
from harness.model.environment import RunningEnvironment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.project.workspace import Workspace


def read_record(path: Path) -> RunningEnvironment | None:
    """The recorded environment; None where there is none, or none that can be read."""
    try:
        return RunningEnvironment.from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, UnicodeDecodeError):
        path.unlink(missing_ok=True)
        return None


def write_record(path: Path, environment: RunningEnvironment) -> None:
    """Replace the record at once: a reader sees the old one or the new one."""
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(json.dumps(environment.as_json(), indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


def clear_record(path: Path, environment_id: str) -> None:
    """Remove the record if it is still that environment's."""
    record = read_record(path)
    if record is not None and record.id == environment_id:
        path.unlink(missing_ok=True)


@contextmanager
def environment_lock(workspace: Workspace) -> Iterator[None]:
    """Hold the project's environment for this process; others wait. The lock ends with the process."""
    with locked(workspace.state / "environment.lock"):
        yield
