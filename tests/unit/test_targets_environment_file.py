from __future__ import annotations

import fcntl
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.environments.environment_file import clear_record, environment_lock, read_record, write_record
from harness.model.environment import RunningEnvironment
from harness.project.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

RECORD = RunningEnvironment(
    id="one",
    target="embedded",
    url="http://127.0.0.1:4566",
    pid=1,
    pid_created=2.5,
    started_at=3.5,
    log="emulator.log",
    owner="detached",
    capabilities=("deploy", "send"),
)


def test_a_record_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "environment.json"
    write_record(file, RECORD)
    assert read_record(file) == RECORD
    assert list(tmp_path.iterdir()) == [file]


def test_no_record_is_none(tmp_path: Path) -> None:
    assert read_record(tmp_path / "environment.json") is None


def test_a_record_that_cannot_be_read_is_removed(tmp_path: Path) -> None:
    file = tmp_path / "environment.json"
    for text in ("{", "[]", '{"id": "one"}', "null"):
        file.write_text(text)
        assert read_record(file) is None
        assert not file.exists()


def test_another_environments_record_is_not_cleared(tmp_path: Path) -> None:
    file = tmp_path / "environment.json"
    write_record(file, replace(RECORD, id="two"))
    clear_record(file, "one")
    assert read_record(file) is not None
    clear_record(file, "two")
    assert read_record(file) is None


def test_the_lock_lets_one_in_at_a_time(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    file = workspace.state / "environment.lock"
    with environment_lock(workspace), file.open() as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with file.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
