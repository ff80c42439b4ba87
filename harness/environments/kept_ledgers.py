"""The ledgers of a project's environments: one file each in `.harness/ledger/`, the newest ten."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.client.control import ControlApi
from harness.model.errors import HarnessError, NoEnvironmentError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model.environment import RunningEnvironment
    from harness.model.ledger_file import KeptLedger
    from harness.project.workspace import Workspace

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


def fetch(workspace: Workspace, environment: RunningEnvironment) -> None:
    """Keep the ledger of an environment that is about to end, where it lies in a container.

    Raises:
        HarnessError: It cannot be had.
    """
    if not environment.container or "ledger" not in environment.capabilities:
        return
    path = new(workspace, environment.id)
    try:
        ControlApi(environment.url, environment.account).download("ledger/file", path)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise HarnessError(f"The ledger cannot be written to {path}: {error}.") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def newest(workspace: Workspace) -> KeptLedger:
    """The ledger of the environment that was up last.

    Raises:
        NoEnvironmentError: None is kept.
        LedgerFileError: It is of another version.
    """
    from harness.model.ledger_file import KeptLedger  # noqa: PLC0415 - not every command needs SQLite

    found = kept(workspace)
    if not found:
        raise NoEnvironmentError(
            "Nothing is up, and no ledger is kept of what was.", hint="Start it with `harness up`."
        )
    return KeptLedger(found[0])


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
