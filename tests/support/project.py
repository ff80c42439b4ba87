"""A copy of this repository's project, for runs that must not share an environment with the tests' own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.project.settings import Settings
from harness.project.workspace import Workspace
from harness.session.targets import target_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.model.environment import RunningEnvironment

ROOT = Path(__file__).parents[2]

SETTINGS = """
[tool.harness]
app = "{python} -m stack"
roles = ["LabRole"]

[[tool.harness.package]]
output = "lambda_deployment.zip"
sources = ["lambda_function.py"]
runtime = "python3.9"

[tool.pytest.ini_options]
filterwarnings = ["error"]
"""


def use_what_is_made(workspace: Workspace) -> None:
    """Use this repository's Terraform and its providers: making them takes long."""
    for name in ("bin", "terraform"):
        made = Workspace(ROOT).state / name
        if name == "terraform":
            made.mkdir(exist_ok=True)
        if made.exists():
            (workspace.state / name).symlink_to(made)


class Project:
    """The calculator's project in a folder of its own.

    Args:
        root: The folder, made by this.
    """

    def __init__(self, root: Path) -> None:
        self.workspace = Workspace(root)
        root.mkdir()
        shutil.copytree(ROOT / "stack", root / "stack", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("lambda_function.py", "cdktf.json"):
            shutil.copy(ROOT / name, root / name)
        (root / "pyproject.toml").write_text(SETTINGS.format(python=sys.executable))
        use_what_is_made(self.workspace)

    def write(self, name: str, text: str) -> Path:
        """A file of the project."""
        path = self.workspace.root / name
        path.write_text(text)
        return path

    def pytest(self, *arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """A pytest run of the project's tests, under way."""
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "pytest",
                "-p",
                "no:cacheprovider",
                "-p",
                "no:hypothesispytest",
                *arguments,
            ],
            cwd=self.workspace.root,
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # a group of its own, as a shell makes for a command
        )

    def run(self, *arguments: str, environ: Mapping[str, str] | None = None) -> tuple[int, str]:
        """A pytest run of the project's tests: exit code and what it printed."""
        process = self.pytest(*arguments, environ=environ)
        output, _ = process.communicate()
        print(output)  # noqa: T201 - shown when the test fails
        return process.returncode, output

    def environment(self) -> RunningEnvironment | None:
        """What is up."""
        return target_for(Settings.load(self.workspace), self.workspace).running()

    def stop(self) -> None:
        """Stop what is up."""
        target_for(Settings.load(self.workspace), self.workspace).stop()
