"""The ledgers of a project's environments: one file each in `.harness/ledger/`, the newest ten."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from harness.workspace import Workspace

KEPT = 10
_NAME = re.compile(r"[0-9a-f]{32}\.sqlite")


def new(workspace: Workspace, instance: str) -> Path:
    """Where the ledger of an environment that starts shall lie; of the others, the oldest go.

    Args:
        workspace: The project.
        instance: The environment's id, 32 hex digits.
    """
    folder = workspace.ledgers
    folder.mkdir(exist_ok=True)
    for path in kept(workspace)[KEPT - 1 :]:
        for leftover in ("", "-wal", "-shm"):
            path.with_name(path.name + leftover).unlink(missing_ok=True)
    return folder / f"{instance}.sqlite"


def kept(workspace: Workspace) -> list[Path]:
    """The ledgers there are, the newest first."""
    if not workspace.ledgers.is_dir():
        return []
    found = [path for path in workspace.ledgers.iterdir() if _NAME.fullmatch(path.name)]
    return sorted(found, key=_changed, reverse=True)


def _changed(path: Path) -> float:
    """When a ledger was written last; its newest events may lie in a file beside it."""
    beside = path.with_name(f"{path.name}-wal")
    return max(one.stat().st_mtime for one in (path, beside) if one.exists())
