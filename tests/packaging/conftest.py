"""Both wheels, built once, and fresh virtual environments of several Pythons to install them into."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from uv import find_uv_bin

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
LAB = ROOT / "examples" / "lab"


@dataclass(frozen=True)
class Wheels:
    """The built wheels.

    Attributes:
        client: What users install.
        emulator: What the client installs into the emulator's environment.
    """

    client: Path
    emulator: Path


def variables(folder: Path | None = None, **more: str) -> dict[str, str]:
    """A user's variables: nothing of this repository's environment, and `folder` activated."""
    path = [part for part in os.environ["PATH"].split(os.pathsep) if not part.startswith(str(ROOT))]
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HARNESS_", "PYTEST_", "PYTHON", "VIRTUAL_ENV", "COV", "CI"))
    }
    activated = {"PATH": os.pathsep.join(path)}
    if folder is not None:
        activated = {"PATH": os.pathsep.join([str(folder / "bin"), *path]), "VIRTUAL_ENV": str(folder)}
    return {**kept, **activated, **more}


def run(command: list[str], *, cwd: Path, environ: dict[str, str], code: int = 0) -> str:
    """What a command prints, both outputs together; it must end with `code`."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == code, f"{command}\n{done.stdout}"
    return done.stdout


@dataclass(frozen=True)
class Fresh:
    """A fresh virtual environment, and a project's folder beside it.

    Attributes:
        folder: The virtual environment.
        project: Where its programs run.
        environ: Their variables.
    """

    folder: Path
    project: Path
    environ: dict[str, str]

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.folder / "bin" / "python")

    def install(self, *requirements: str) -> None:
        """Install distributions, as `pip install` would."""
        command = [find_uv_bin(), "pip", "install", "--quiet", "--python", self.python, *requirements]
        run(command, cwd=self.folder, environ=variables())

    def run(self, program: str, *arguments: str, code: int = 0) -> str:
        """Run one of its programs in the project's folder."""
        return run(
            [str(self.folder / "bin" / program), *arguments],
            cwd=self.project,
            environ=self.environ,
            code=code,
        )


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    """Both wheels, each built from its source distribution, as a release is."""
    folder = tmp_path_factory.mktemp("wheels")
    for source in (ROOT, ROOT / "emulator"):
        command = [find_uv_bin(), "build", "--quiet", "--python", sys.executable, "--out-dir", str(folder)]
        run([*command, str(source)], cwd=folder, environ=variables())
    (client,) = folder.glob("sqs_lambda_harness-*.whl")
    (emulator,) = folder.glob("sqs_lambda_harness_emulator-*.whl")
    return Wheels(client, emulator)


@pytest.fixture(scope="session")
def user(wheels: Wheels, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What all tests have in common: a cache of their own, so that the emulator is installed once."""
    cache = tmp_path_factory.mktemp("cache")
    return {"HARNESS_CACHE_DIR": str(cache), "HARNESS_EMULATOR_FROM": str(wheels.emulator)}


@pytest.fixture(scope="session")
def find_python(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A Python of that version: on PATH, under pyenv, of Debian's packages, or downloaded by uv."""

    def find(version: str) -> str:
        pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
        places = [str(folder) for folder in sorted((pyenv / "versions").glob(f"{version}.*/bin"))]
        found = shutil.which(f"python{version}", path=os.pathsep.join(places))
        if found is None and version == "3.14" and shutil.which("patchelf"):
            folder = tmp_path_factory.mktemp("debian-python")
            run([str(ROOT / "tools" / "debian-python"), version, str(folder)], cwd=ROOT, environ=variables())
            found = str(folder / "bin" / f"python{version}")
        return found or version

    return find


@pytest.fixture
def fresh(tmp_path: Path, user: dict[str, str], find_python: Callable[[str], str]) -> Callable[[str], Fresh]:
    """Makes a fresh virtual environment of a Python version, and a copy of the lab's project."""

    def make(version: str) -> Fresh:
        folder, project = tmp_path / "environment", tmp_path / "project"
        command = [
            find_uv_bin(),
            "venv",
            "--quiet",
            "--no-project",
            "--python",
            find_python(version),
            str(folder),
        ]
        run(command, cwd=tmp_path, environ=variables())
        shutil.copytree(LAB, project, ignore=shutil.ignore_patterns(".*", "__pycache__", "cdktf.out"))
        return Fresh(folder, project, variables(folder, **user))

    return make
