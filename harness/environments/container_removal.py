"""Removing containers: one by its name, and those that killed runs left. Imports Docker's libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.environments.engine import NOT_HERE, connected, remove
from harness.environments.environment_file import read_record
from harness.environments.launch import IMAGE_LABEL, MARKER, NAMESPACE
from harness.machine import alive

if TYPE_CHECKING:
    from docker.models.containers import Container

    from harness.environments.engine import Engine
    from harness.project.workspace import Workspace


def remove_named(name: str) -> bool:
    """Remove a container and what it started; whether it was there, and ran."""
    with connected() as engine:
        container = engine.container(name)
        if container is None:
            return False
        ran = container.status not in NOT_HERE
        _remove_with_functions(engine, container)
        return ran


def sweep(workspace: Workspace) -> None:
    """Remove containers that killed runs of this project left: nobody's, and not the recorded one."""
    with connected() as engine:
        record = read_record(workspace.environment_file)
        kept = 0
        for container in engine.labelled(project=str(workspace.root)):
            if (record is not None and container.name == record.container) or _has_owner(container):
                kept += 1
            else:
                _remove_with_functions(engine, container)
    if not kept:
        (workspace.state / MARKER).unlink(missing_ok=True)


def _has_owner(container: Container) -> bool:
    labels = container.labels
    if labels.get(f"{NAMESPACE}.owner") != "this-process":
        return False
    try:
        pid, created = int(labels[f"{NAMESPACE}.owner-pid"]), float(labels[f"{NAMESPACE}.owner-created"])
    except (KeyError, ValueError):
        return False
    return alive.is_process(pid, created)


def _remove_with_functions(engine: Engine, container: Container) -> None:
    own = bool(container.labels.get(IMAGE_LABEL))
    remove(container, ask_first=not own)
    instance = container.labels.get(f"{NAMESPACE}.instance")
    if not own and instance:
        for function in engine.labelled(started_by=instance):
            remove(function)
