"""Targets by name, and the one that a command means."""

from __future__ import annotations

import pkgutil
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from harness.environments import targets
from harness.environments.environment_file import read_record
from harness.environments.target import undeploy_nothing
from harness.model.errors import UsageError

if TYPE_CHECKING:
    from harness.environments.target import Target, Undeploy
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace

TARGETS = tuple(sorted(module.name for module in pkgutil.iter_modules(targets.__path__)))
"""The names of all targets; a target's module is imported when it is used, as some need large libraries."""


def target_for(
    settings: Settings,
    workspace: Workspace,
    *,
    asked: str | None = None,
    port: int | None = None,
    undeploy: Undeploy = undeploy_nothing,
) -> Target:
    """The target that was asked for, else that of what is up, else the one that the settings name.

    Args:
        settings: The project's.
        workspace: The project.
        asked: The name that the command line gives, None where it gives none.
        port: The port that the command line gives.
        undeploy: Destroys what was deployed; the session knows how.

    Raises:
        UsageError: There is no target of that name, or an environment of another one is up.
    """
    target = _target(settings, workspace, asked=asked, port=port)
    target.undeploy = undeploy
    return target


def _target(settings: Settings, workspace: Workspace, *, asked: str | None, port: int | None) -> Target:
    record = read_record(workspace.environment_file)
    if record is not None and record.target == "aws" and asked != "aws":
        if asked is not None:
            raise UsageError(
                f"The target {asked!r} was asked for, and a run on AWS is up or was killed "
                f"({record.holder}, names that begin with {record.prefix}).",
                hint="Destroy what it made there first: `harness down`.",
            )
        # To use and to stop what is there; `settings.target` says that AWS was not asked for to be started.
        return _made("aws", settings, workspace, port, chosen=settings.target)
    if record is not None and asked not in {None, record.target}:
        running = _made(record.target, settings, workspace, port).running()
        if running is not None:
            raise UsageError(
                f"The target {asked!r} was asked for, and an environment of the target {record.target!r} is "
                f"up ({running.holder}).",
                hint="Stop it first: `harness down`.",
            )
        record = None
    return _made(asked or (record.target if record else settings.target), settings, workspace, port)


def _made(
    name: str, settings: Settings, workspace: Workspace, port: int | None, chosen: str | None = None
) -> Target:
    if name not in TARGETS:
        raise UsageError(f"There is no target {name!r}.", hint=f"Targets: {', '.join(TARGETS)}.")
    made: Target = import_module(f"{targets.__name__}.{name}").TARGET(
        workspace, replace(settings, target=chosen or name), port=port
    )
    return made
