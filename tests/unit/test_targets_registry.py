from __future__ import annotations

import sys
from importlib import reload
from typing import TYPE_CHECKING

import pytest

from harness.environments import registry, targets
from harness.environments.registry import target_for
from harness.environments.targets.embedded import EmbeddedTarget
from harness.model.errors import UsageError
from harness.project.settings import Settings
from harness.project.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


def test_the_embedded_target_is_the_default(tmp_path: Path) -> None:
    assert isinstance(target_for(Settings(), Workspace(tmp_path)), EmbeddedTarget)


def test_an_unknown_target_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no target 'moon'") as caught:
        target_for(Settings(target="moon"), Workspace(tmp_path))
    assert caught.value.hint == "Targets: aws, container, embedded, endpoint."


def test_a_new_target_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "moon.py").write_text(
        "from harness.environments.target import Target\n"
        "class MoonTarget(Target):\n"
        "    name = 'moon'\n"
        "    def __init__(self, workspace, settings, *, port=None):\n"
        "        self.settings = settings\n"
        "TARGET = MoonTarget\n"
    )
    monkeypatch.setattr(targets, "__path__", [*targets.__path__, str(tmp_path)])
    monkeypatch.setattr(registry, "TARGETS", None)
    reload(registry)
    try:
        assert "moon" in registry.TARGETS
        assert registry.target_for(Settings(target="moon"), Workspace(tmp_path)).name == "moon"
    finally:
        monkeypatch.undo()
        sys.modules.pop("harness.environments.targets.moon", None)
        reload(registry)
