from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psutil
import pytest

from harness.environments.environment_file import write_record
from harness.environments.targets.embedded import EmbeddedTarget
from harness.model.environment import RunningEnvironment
from harness.project.settings import Settings
from harness.project.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def record(workspace: Workspace, pid_created: float, target: str = "embedded") -> None:
    environment = RunningEnvironment(
        id="one",
        target=target,
        url="http://127.0.0.1:9",  # nothing listens on the discard port
        pid=os.getpid(),
        pid_created=pid_created,
        started_at=0.0,
        log="",
        owner="detached",
        capabilities=(),
    )
    write_record(workspace.environment_file, environment)


def test_nothing_is_running_and_nothing_stops_without_a_record(workspace: Workspace) -> None:
    target = EmbeddedTarget(workspace, Settings())
    assert target.running() is None
    assert target.stop() is None


def test_a_reused_process_id_is_not_the_environment(workspace: Workspace) -> None:
    # This very process has the recorded id, and was created at another time: it must survive.
    record(workspace, psutil.Process().create_time() - 1000)
    assert EmbeddedTarget(workspace, Settings()).running() is None
    assert not workspace.environment_file.exists()
    record(workspace, psutil.Process().create_time() - 1000)
    assert EmbeddedTarget(workspace, Settings()).stop() is None
    assert not workspace.environment_file.exists()


def test_another_targets_record_is_left_alone(workspace: Workspace) -> None:
    record(workspace, psutil.Process().create_time(), target="container")
    target = EmbeddedTarget(workspace, Settings())
    assert target.running() is None
    assert target.stop() is None
    assert workspace.environment_file.exists()
