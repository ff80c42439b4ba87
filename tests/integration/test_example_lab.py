"""The lab's project, as its author wrote it, with nothing configured."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness.project.workspace import Workspace
from tests.support.command_line import ROOT, Project
from tests.support.project import use_what_is_made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.only_on("embedded")

ADD = '{"operation": "add", "a": 5, "b": 3}'
MAKING_PACKAGES = "emulator's packages"
SECONDS = 30
"""Twice what `up` takes on a quiet machine of two processors."""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Project]:
    root = tmp_path / "lab"
    shutil.copytree(ROOT / "examples" / "lab", root, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    use_what_is_made(Workspace(root))
    project = Project(root)
    yield project
    for process in project.processes():
        process.kill()


def test_the_lab_works_as_it_is(lab: Project) -> None:
    up = lab.harness("up", "--json").json()
    steps = {step["name"]: step for step in up["steps"]}
    assert steps["roles"]["detail"] == "made LabRole: named by the stack, not created by it"
    once = sum(step["seconds"] for name, step in steps.items() if name == MAKING_PACKAGES)
    assert up["seconds"] - once < SECONDS

    sent = lab.harness("send", "--wait", ADD, "--json").json()
    assert [row["result"] for row in sent["results"]] == [8]
    lab.harness("send", '{"operation": "divide", "a": 1, "b": 0}')
    lab.harness("send", '{"operation": "multiply", "a": 5, "b": 3}')
    assert lab.harness("settle").code == 0
    results = lab.harness("results", "--json").json()
    assert "15" in str(results)
    assert "ZeroDivisionError" in lab.harness("logs").out

    tests = subprocess.run(
        (sys.executable, "-m", "pytest", "-p", "no:cacheprovider"),
        cwd=lab.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tests.returncode == 0, tests.stdout + tests.stderr
    assert "4 passed" in tests.stdout
    assert lab.harness("down").code == 0
    assert lab.processes() == []
