from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.environments.embedded import EmbeddedTarget
from harness.environments.registry import target_for
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
