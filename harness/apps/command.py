"""The command that synthesizes an app: what it is, and how it is started with the user's own Python."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.model.errors import SynthError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.project.settings import Settings
    from harness.project.workspace import Workspace

MANAGERS = frozenset({"conda", "hatch", "pdm", "pipenv", "pixi", "poetry", "rye", "uv"})
"""Programs that choose the virtual environment themselves, by what the user's shell says."""
_SHELL = re.compile(r"[|&;<>()$`*?~\n]|^\w+=")
"""What only a shell understands; cdktf gives every command to one."""
_PYTHON = re.compile(r"python(3(\.\d+)?)?")


@dataclass(frozen=True)
class AppCommand:
    """The app's command, ready to start.

    Attributes:
        root: The project's folder, in which it is started.
        text: As the user wrote it.
        words: What is started: a bare `python` is replaced by the project's own; a command that needs a shell
            (`STAGE=test python main.py`) gets one.
        environ: The variables it is started with: the user's, with the project's virtual environment
            activated.
        context: The `context` of cdktf.json, which the cdktf command hands to the app.
    """

    root: Path
    text: str
    words: tuple[str, ...]
    environ: Mapping[str, str]
    context: dict[str, Any]

    @property
    def python(self) -> tuple[str, ...] | None:
        """The words that start the app's Python (`pipenv run python`), or None where they cannot be seen."""
        for index, word in enumerate(self.words):
            if _PYTHON.fullmatch(Path(word).name):
                return self.words[: index + 1]
        return None


def app_command(workspace: Workspace, settings: Settings, environ: Mapping[str, str]) -> AppCommand:
    """The app's command, from the setting `app`, else from cdktf.json.

    A `python` without a folder means the Python of the project's `.venv`, else of the active virtual
    environment (`VIRTUAL_ENV`), else the one that runs the harness or, if that has no cdktf, the one on PATH.
    Programs that choose a virtual environment themselves, like pipenv, get the user's variables as they are.

    Raises:
        UsageError: There is no command, or it cannot be read.
    """
    root = workspace.root / (settings.directory or "")
    path = root / "cdktf.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise UsageError(f"{path} must hold a JSON object.")
    text = settings.app or config.get("app")
    if not isinstance(text, str) or not text.strip():
        raise UsageError(
            f"{path} does not say how to synthesize the app.",
            hint='Add a line to it: "app": "python main.py", where main.py is your app.',
        )
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"The app's command {text!r} cannot be read: {error}.") from error
    if _SHELL.search(text):
        words = ["sh", "-c", text]
    variables = dict(environ)
    if words[0] not in MANAGERS:
        folder = _programs((root, workspace.root), environ)
        variables["PATH"] = os.pathsep.join(filter(None, (str(folder), environ.get("PATH"))))
        if (folder.parent / "pyvenv.cfg").is_file():
            variables["VIRTUAL_ENV"] = str(folder.parent)
        words[0] = _python(words[0], folder)
    context = config.get("context")
    return AppCommand(root, text, tuple(words), variables, context if isinstance(context, dict) else {})


def not_started(command: AppCommand, error: OSError) -> SynthError:
    """The error for a command whose program cannot be started."""
    name = command.words[0]
    found = shutil.which(name, path=command.environ.get("PATH"))
    if name in MANAGERS and found is None:
        plain = command.text.partition(" run ")[2] or "python main.py"
        return SynthError(
            f"The app is started with {name} ({command.text}), and {name} is not installed.",
            hint=f"Install {name}; or, where the app's packages are in .venv or beside harness, start "
            f"the app without it: app = {json.dumps(plain)} below [tool.harness] in pyproject.toml.",
        )
    return SynthError(
        f"The app's command {name!r} cannot be started: {error.strerror}.",
        hint='Correct "app" in cdktf.json, or the setting `app`.',
    )


def _programs(roots: tuple[Path, ...], environ: Mapping[str, str]) -> Path:
    """The `bin` folder of the virtual environment that the app runs in."""
    active = environ.get("VIRTUAL_ENV")
    own_environments = [root / ".venv" / "bin" for root in roots]
    for folder in (*own_environments, Path(active) / "bin" if active else None):
        if folder is not None and (folder / "python").exists():
            return folder
    own = Path(sys.executable).parent
    if importlib.util.find_spec("cdktf") is None:  # `uvx harness`: an environment that is not the app's
        elsewhere = [entry for entry in environ.get("PATH", "").split(os.pathsep) if Path(entry) != own]
        if found := shutil.which("python3", path=os.pathsep.join(elsewhere)):
            return Path(found).parent
    return own


def _python(word: str, folder: Path) -> str:
    """The path for a bare `python`, `python3` or `python3.12`; other words stay as they are."""
    if not _PYTHON.fullmatch(word):
        return word
    if (folder / word).exists():
        return str(folder / word)
    if word in {"python", "python3"}:
        return str(folder / "python") if (folder / "python").exists() else sys.executable
    return word
