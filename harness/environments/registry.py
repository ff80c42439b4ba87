"""Targets by name, and the one that a command means."""

from __future__ import annotations

import pkgutil
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from harness.environments import targets
from harness.environments.environment_file import read_record
from harness.environments.target import undeploy_nothing
from harness.model.errors import UsageError

if TYPE_CHECKING:
    from harness.environments.target import Target, Undeploy
    from harness.model.check import Check
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


def checked(settings: Settings, source: str) -> Settings:
    """The settings, if they may choose the target that they name.

    Args:
        settings: As the project and the variables `HARNESS_...` have them.
        source: Where they are from, for people.

    Raises:
        UsageError: That target is only used where the command line asks for it.
    """
    name = settings.target
    if name in TARGETS and _class(name).on_request_only:
        raise UsageError(
            f"{source} or HARNESS_TARGET names the target {name!r}; that one is asked for each time.",
            hint=f"Leave it out, and ask on the command line: `harness up --target {name}`, "
            f"`pytest --harness-target {name}`.",
        )
    return settings


def named_by_option(option: str, value: str, asked: str | None) -> str:
    """The target that an option of the command line means, such as `--endpoint URL`.

    Raises:
        UsageError: Another target was asked for.
    """
    name = next(name for name in TARGETS if _class(name).option == option)
    if asked not in {None, name}:
        raise UsageError(
            f"--{option} {value} is for the target {name}, and --target {asked} is another one.",
            hint=f"Leave one of them out; `--{option}` alone means the target {name}.",
        )
    return name


def checks_of_targets(settings: Settings) -> list[Check]:
    """What the targets need on this machine; `missing` is only what the chosen one needs."""
    return [
        check for name in TARGETS for check in _class(name).checks(settings, chosen=name == settings.target)
    ]


def _target(settings: Settings, workspace: Workspace, *, asked: str | None, port: int | None) -> Target:
    record = read_record(workspace.environment_file)
    if record is not None and asked != record.target and _class(record.target).on_request_only:
        if asked is not None:
            raise UsageError(
                f"The target {asked!r} was asked for, and a run on {record.address} is up or was killed "
                f"({record.holder}, names that begin with {record.prefix}).",
                hint="Destroy what it made there first: `harness down`.",
            )
        # To use and to stop what is there; `settings.target` says that it was not asked for to be started.
        return _made(record.target, settings, workspace, port, chosen=settings.target)
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
    made: Target = _class(name)(workspace, replace(settings, target=chosen or name), port=port)
    return made


def _class(name: str) -> type[Any]:
    if name not in TARGETS:
        raise UsageError(f"There is no target {name!r}.", hint=f"Targets: {', '.join(TARGETS)}.")
    found: type[Any] = import_module(f"{targets.__name__}.{name}").TARGET
    return found
