"""The real command line, run on a copy of this project."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from harness.project.workspace import Workspace
from tests.support.forked import harness
from tests.support.project import use_what_is_made

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
HARNESS = Path(sys.executable).with_name("harness")
SOURCES = ("pyproject.toml", "cdktf.json", "lambda_function.py", "stack", "examples")
SECONDS = 300  # far more than any command takes: what hangs ends a test, and is not waited for for ever


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """Its one JSON document; standard error is silent beside it."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        assert document["exit_code"] == self.code
        assert self.err == ""
        return document

    def error(self) -> dict[str, Any]:
        """The error in its JSON document."""
        error = self.json()["error"]
        assert isinstance(error, dict)
        return error


@dataclass(frozen=True)
class Project:
    """A copy of this project in a folder of its own.

    Attributes:
        root: The folder.
        variables: What its commands get in their environment.
    """

    root: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def copied_to(cls, root: Path, **variables: str) -> Project:
        """A copy with nothing up, and nothing made but what takes long."""
        for name in SOURCES:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                root.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, root)
        use_what_is_made(Workspace(root))
        return cls(root, variables)

    def harness(self, *arguments: str, stdin: str = "", **environ: str) -> Answer:
        """Run a command to its end."""
        variables = self._environ(environ)
        return Answer(*harness(arguments, cwd=self.root, environ=variables, stdin=stdin, timeout=SECONDS))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command, in a process group of its own as a terminal would."""
        return subprocess.Popen(
            [HARNESS, *arguments],
            cwd=self.root,
            env=self._environ({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )

    def processes(self) -> list[psutil.Process]:
        """Every process that runs something of this copy."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        mark = str(self.root)
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return process.cwd().startswith(mark) or any(mark in word for word in process.cmdline())
        except psutil.Error:
            return False

    def _environ(self, more: dict[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HARNESS_")}
        return {**kept, **self.variables, **more}


def interrupt(process: subprocess.Popen[str], number: int = signal.SIGINT) -> Answer:
    """Send a signal to a command's whole process group, as Ctrl-C does, and wait for its end."""
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=SECONDS)
    return Answer(process.returncode, out, err)
