from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.model.errors import UsageError
from harness.project.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


def test_found_in_the_folder_or_above(tmp_path: Path) -> None:
    (tmp_path / "cdktf.json").touch()
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert Workspace.find(tmp_path) == Workspace.find(below) == Workspace(tmp_path)


def test_found_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cdktf.json").touch()
    monkeypatch.chdir(tmp_path)
    assert Workspace.find().root == tmp_path


@pytest.mark.parametrize(
    ("files", "start", "root"),
    [
        (["main.tf"], "", ""),
        (["infra/main.tf", "src/worker.py"], "src", ""),
        (["infra/main.tf"], "infra", ""),
        (["main.tf", "modules/queue/main.tf"], "modules/queue", ""),
        (["pyproject.toml", "aws/main.tf"], "aws/../", ""),
        (["cdktf.json", "generated/cdk.tf.json"], "generated", "generated"),
    ],
)
def test_terraform_files_make_a_project(tmp_path: Path, files: list[str], start: str, root: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("[tool.harness]\ndirectory = 'aws'\n")
    (tmp_path / start).mkdir(exist_ok=True)
    assert Workspace.find(tmp_path / start).root == tmp_path / root


def test_no_project_is_a_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"neither cdktf\.json nor Terraform files") as failed:
        Workspace.find(tmp_path)
    assert str(tmp_path) in failed.value.message
    assert failed.value.hint


def test_the_state_folder_is_made_on_use_and_ignored_by_git(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "project")
    assert not workspace.root.exists()
    assert workspace.state.is_dir()
    assert (workspace.state / ".gitignore").read_text() == "*\n"
    assert workspace.state == workspace.state


def test_everything_lies_below_the_state_folder(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    for path in (
        workspace.environment_file,
        workspace.emulator,
        workspace.deployment("111111111111"),
    ):
        assert path.is_relative_to(tmp_path / ".harness")
    assert workspace.deployment("111111111111") != workspace.deployment("222222222222")
