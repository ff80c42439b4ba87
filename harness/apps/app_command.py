"""The command that synthesizes a CDKTF app: read from the settings or cdktf.json, and taken apart."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.model.errors import UsageError

if TYPE_CHECKING:
    from harness.project.settings import Settings
    from harness.project.workspace import Workspace

_PYTHON = re.compile(r"(.*/)?python(3(\.\d+)?)?")


@dataclass(frozen=True)
class PythonProgram:
    """What `python` is asked to run: `python -m NAME ARGUMENTS` or `python NAME ARGUMENTS`."""

    name: str
    module: bool
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class AppCommand:
    """The app's command.

    Attributes:
        text: As the user wrote it.
        words: Taken apart as a shell would, without a shell.
        program: What it runs, where it is a plain Python command; None otherwise.
        context: The `context` of cdktf.json, which the cdktf command hands to the app.
    """

    text: str
    words: tuple[str, ...]
    program: PythonProgram | None
    context: dict[str, Any]


def app_command(workspace: Workspace, settings: Settings) -> AppCommand:
    """The app's command, from the setting `app`, else from cdktf.json.

    Raises:
        UsageError: There is none, or it cannot be read.
    """
    path = workspace.root / "cdktf.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise UsageError(f"{path} must hold a JSON object.")
    text = settings.app or config.get("app")
    if not isinstance(text, str) or not text.strip():
        raise UsageError(
            f"No CDKTF app: neither {path} nor the setting `app` says how to synthesize it.",
            hint='Write app = "python -m stack" below [tool.harness] in pyproject.toml.',
        )
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"The app's command {text!r} cannot be read: {error}.") from error
    context = config.get("context")
    return AppCommand(text, words, python_program(words), context if isinstance(context, dict) else {})


def python_program(words: tuple[str, ...]) -> PythonProgram | None:
    """What a plain Python command runs; None for other commands, and with options of the interpreter."""
    if words[:2] == ("uv", "run"):
        words = words[2:]
    if not words or not _PYTHON.fullmatch(words[0]):
        return None
    match words[1:]:
        case ("-m", name, *arguments):
            return PythonProgram(name, module=True, arguments=tuple(arguments))
        case (name, *arguments) if name.endswith(".py"):
            return PythonProgram(name, module=False, arguments=tuple(arguments))
        case _:
            return None
