"""An emulator that nobody else uses."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.environments.targets.embedded import EmbeddedTarget
from harness.model.progress import Progress
from harness.project.settings import Settings
from harness.project.workspace import Workspace
from tests.support.project import use_what_is_made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def own_emulator(folder: Path) -> Iterator[str]:
    """Start one, whose files lie in `folder`, and give its URL; it ends with the block."""
    workspace = Workspace(folder)
    use_what_is_made(workspace)
    target = EmbeddedTarget(workspace, Settings())
    try:
        yield target.start(Progress(), owner="this-process").url
    finally:
        target.stop()
