from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from harness.client.debugging import attach_configuration
from harness.model.errors import UsageError

DOCS = Path(__file__).parents[2] / "docs" / "debugging.md"


def test_vs_code_attaches_to_the_port_without_path_mappings() -> None:
    configuration = json.loads(attach_configuration("vscode", 6000, Path("/project")))
    assert configuration["connect"] == {"host": "127.0.0.1", "port": 6000}
    assert (configuration["type"], configuration["request"]) == ("debugpy", "attach")
    assert "pathMappings" not in configuration


def test_the_documented_launch_json_is_what_the_command_prints() -> None:
    (documented,) = re.findall(r"```json\n(.+?)```", DOCS.read_text(), re.DOTALL)
    (configuration,) = json.loads(documented)["configurations"]
    assert configuration == json.loads(attach_configuration("vscode", 5678, Path("/project")))


def test_pycharm_is_told_host_port_and_folder() -> None:
    text = attach_configuration("pycharm", 6000, Path("/project"))
    assert re.search(r"Host: +127\.0\.0\.1\n", text)
    assert re.search(r"Port: +6000\n", text)
    assert "/project -> /project" in text


def test_another_editor_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="vscode, pycharm"):
        attach_configuration("ed", 6000, Path("/project"))
