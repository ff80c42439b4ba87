"""A copy of the project to measure, set up and with an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from harness.apps.prime import main as prime
from harness.installation import runtime_reports
from harness.model.errors import HarnessError
from harness.project.settings import Settings
from harness.project.workspace import Workspace
from harness.session.up import running_environment, stack_of
from harness.terraform import load_deployment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.client import Stack
    from harness.model.environment import RunningEnvironment

ROOT = Path(__file__).parents[1]
COPIED = ("cdktf.json", "pyproject.toml", "lambda_function.py", "stack")
HANDLER = "lambda_function.py"
# What set-up makes in `.harness/`: everything else there is made anew from nothing.
SET_UP = frozenset({"bin", "jsii", ".gitignore"})


@dataclass(frozen=True)
class Command:
    """A command of the harness that ended well.

    Attributes:
        seconds: The whole process, from its start to its end.
        answer: Its JSON document.
    """

    seconds: float
    answer: dict[str, Any]


@dataclass(frozen=True)
class Project:
    """The copy.

    Attributes:
        workspace: Where it is.
        environ: The environment variables of its commands: the caller's, without anybody's settings.
    """

    workspace: Workspace
    environ: dict[str, str]

    def harness(self, *arguments: str) -> Command:
        """Run a command of the harness as a user would.

        Raises:
            HarnessError: It failed.
        """
        started = time.perf_counter()
        run = subprocess.run(
            [str(Path(sys.executable).with_name("harness")), *arguments, "--json"],
            cwd=self.workspace.root,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - started
        if run.returncode != 0:
            raise HarnessError(f"harness {' '.join(arguments)} failed.", detail=f"{run.stdout}\n{run.stderr}")
        return Command(seconds, json.loads(run.stdout))

    def environment(self) -> RunningEnvironment:
        """What is up."""
        return running_environment(self.workspace, Settings.load(self.workspace, {}))

    def client(self, service: str) -> Any:
        """A boto3 client of it, in the account of the stack."""
        make: Any = boto3.session.Session().client
        return make(service, **self.environment().endpoint().client_arguments())

    def stack(self) -> Stack:
        """The stack that is up."""
        environment = self.environment()
        deployment = load_deployment(self.workspace, environment)
        if deployment is None:
            raise HarnessError("Nothing is deployed.")
        return stack_of(environment, deployment)

    def ensure_up(self) -> Stack:
        """The stack, up with the handler as it is now."""
        self.harness("up")
        return self.stack()

    def clear(self) -> None:
        """Back to how set-up left it: nothing is up, nothing is synthesized, built or deployed."""
        self.harness("down")
        for item in self.workspace.state.iterdir():
            if item.name not in SET_UP:
                shutil.rmtree(item) if item.is_dir() else item.unlink()
        (self.workspace.root / "lambda_deployment.zip").unlink(missing_ok=True)
        shutil.copyfile(ROOT / HANDLER, self.handler)

    @property
    def handler(self) -> Path:
        """The handler's source."""
        return self.workspace.root / HANDLER


@contextmanager
def copied_project() -> Iterator[Project]:
    """Copy the project, set it up, and leave nothing behind."""
    with tempfile.TemporaryDirectory(prefix="harness-bench-") as folder:
        root = Path(folder) / "project"
        root.mkdir()
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(source, root / name)
        workspace = Workspace(root)
        settings = Settings.load(workspace, {})
        installed = ROOT / ".harness" / "bin"
        if installed.is_dir():
            shutil.copytree(installed, workspace.state / "bin", symlinks=True)
        prime()
        runtime_reports(
            sorted({package.runtime for package in settings.packages}), strict=settings.strict_runtime
        )
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("HARNESS_", "CALCULATRICE_"))
        }
        project = Project(workspace, environ)
        try:
            yield project
        finally:
            project.harness("down")
