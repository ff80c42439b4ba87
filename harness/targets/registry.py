"""Targets by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import UsageError
from harness.targets.embedded import EmbeddedTarget

if TYPE_CHECKING:
    from harness.settings import Settings
    from harness.targets.base import Target
    from harness.workspace import Workspace

TARGETS = {EmbeddedTarget.name: EmbeddedTarget}


def target_for(settings: Settings, workspace: Workspace, *, port: int | None = None) -> Target:
    """The target that the settings name.

    Raises:
        UsageError: There is no target of that name.
    """
    kind = TARGETS.get(settings.target)
    if kind is None:
        raise UsageError(
            f"There is no target {settings.target!r}.",
            hint="Targets: " + ", ".join(sorted(TARGETS)) + ".",
        )
    return kind(workspace, settings, port=port)
