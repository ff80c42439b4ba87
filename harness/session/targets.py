"""The target that a command means, with the session's way of destroying what was deployed to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.environments import registry
from harness.project.settings import Settings

if TYPE_CHECKING:
    from harness.environments.target import Target
    from harness.model.environment import RunningEnvironment
    from harness.project.workspace import Workspace


def load_settings(workspace: Workspace) -> Settings:
    """The project's settings.

    Raises:
        UsageError: They cannot be read, or choose a target that only the command line may choose.
    """
    return registry.checked(Settings.load(workspace), str(workspace.root / "pyproject.toml"))


def target_for(
    settings: Settings, workspace: Workspace, *, asked: str | None = None, port: int | None = None
) -> Target:
    """The target that was asked for, else that of what is running, else the one that the settings name.

    Args:
        settings: The project's.
        workspace: The project.
        asked: The name that the command line gives, None where it gives none.
        port: The port that the command line gives.

    Raises:
        UsageError: There is no target of that name, or an environment of another one is running.
    """

    def destroy(environment: RunningEnvironment) -> str:
        from harness.terraform.undeploy import undeploy  # noqa: PLC0415 - it needs all that deploying needs

        return undeploy(workspace, settings, environment)

    return registry.target_for(settings, workspace, asked=asked, port=port, undeploy=destroy)
