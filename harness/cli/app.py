"""What every command has: the project, progress, and one way to answer for people and one for programs."""

from __future__ import annotations

import functools
import json
import os
import sys
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

import click

from harness.model.progress import Progress
from harness.project.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.client import Stack
    from harness.project.settings import Settings

JSON_HELP = "Print one JSON document on standard output, and nothing else there."


@dataclass
class App:
    """One run of a command.

    Attributes:
        as_json: Answer with one JSON document; progress is part of it then, and standard error stays silent.
        progress: Told about each step.
    """

    as_json: bool
    progress: Progress = field(default_factory=Progress)

    @classmethod
    def for_terminal(cls, *, as_json: bool) -> App:
        """With progress on standard error, unless the answer is JSON."""
        if as_json:
            return cls(as_json)
        return cls(as_json, Progress(sys.stderr, colour=coloured(sys.stderr)))

    @cached_property
    def workspace(self) -> Workspace:
        """The project that the command runs in."""
        return Workspace.find()

    @cached_property
    def settings(self) -> Settings:
        """The project's settings."""
        from harness.session.targets import load_settings  # noqa: PLC0415 - `--help` needs none

        return load_settings(self.workspace)

    def choose_stack(self, name: str | None) -> None:
        """Take the stack of this name, where the option `--stack` was given."""
        if name is not None:
            self.settings = replace(self.settings, stack=name)

    def stack(self) -> Stack:
        """The stack that is up.

        Raises:
            NoEnvironmentError: No environment is up, or nothing is deployed to it.
        """
        from harness.cli.running import running_stack  # noqa: PLC0415 - not every command needs the stack

        return running_stack(self)

    def answer(self, document: dict[str, Any], *, exit_code: int = 0) -> int:
        """Print the JSON document where it was asked for; the exit code is part of it."""
        if self.as_json:
            print_json({**document, "exit_code": exit_code})
        return exit_code

    def steps(self) -> dict[str, Any]:
        """The part of a document that says what was done, and what was not as asked."""
        return {"steps": self.progress.as_json(), "warnings": list(self.progress.warnings)}

    def show(self, *renderables: Any) -> None:
        """Print text and tables for people; nothing where the answer is JSON."""
        if not self.as_json:
            from harness.report.console import show  # noqa: PLC0415 - JSON answers need no rich

            show(*renderables)


P = ParamSpec("P")


def command(function: Callable[Concatenate[App, P], int]) -> Callable[P, int]:
    """A command: it takes `--json`, gets an `App` first, and returns its exit code."""

    @click.option("--json", "as_json", is_flag=True, help=JSON_HELP)
    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        above = click.get_current_context().parent
        as_json = bool(kwargs.pop("as_json")) or bool(above and above.params.get("as_json"))
        return function(App.for_terminal(as_json=as_json), *args, **kwargs)

    # click keeps the lines of a paragraph that begins with this character; a raw docstring spells it out.
    run.__doc__ = (function.__doc__ or "").replace("\\b\n", "\b\n")
    return run


def stack_option(function: Callable[P, int]) -> Callable[P, int]:
    """The option `--stack`, for commands that synthesize the app."""
    return click.option("--stack", metavar="NAME", help="The stack, where the app has several.")(function)


def print_json(document: dict[str, Any]) -> None:
    """One document on standard output; what JSON cannot carry becomes text."""
    print(json.dumps(document, indent=2, default=str), flush=True)


def coloured(stream: Any) -> bool:
    """Whether colours are right for `stream`: a terminal, and nobody said NO_COLOR."""
    return bool(stream.isatty()) and not os.environ.get("NO_COLOR")
