"""Answers without an end: a line for each item, and with `--json` still one document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.cli.errors import AlreadyAnsweredError, as_harness_error
from harness.report.console import safe

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from harness.cli.app import App

_EXIT_INTERRUPTED = 130


class Stream:
    """Prints items as they come.

    With `--json` they are the elements of one array, a line each: `{"name": [` ... `], "exit_code": 130}`.
    The document is complete when the stream ends, also by Ctrl-C or an error.

    Args:
        app: The command's run.
        name: The array's name.
        head: Members of the document that come before the array.
    """

    def __init__(self, app: App, name: str, **head: Any) -> None:
        self._app = app
        self._name = name
        self._head = head
        self._count = 0

    def __enter__(self) -> Self:
        if self._app.as_json:
            head = "".join(f"{json.dumps(key)}: {json.dumps(value)}, " for key, value in self._head.items())
            print("{" + head + json.dumps(self._name) + ": [", flush=True)
        return self

    def item(self, document: dict[str, Any], line: str) -> None:
        """One item: as JSON, or for people as a line; the lines of a longer text are indented."""
        if self._app.as_json:
            print((",\n" if self._count else "") + json.dumps(document), end="", flush=True)
        else:
            lines = line.expandtabs().split("\n")
            print("\n    ".join(safe(part.rstrip("\r")).plain for part in lines), flush=True)
        self._count += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if not self._app.as_json or isinstance(error, BrokenPipeError):
            return
        end: dict[str, Any] = {"exit_code": 0}
        if isinstance(error, KeyboardInterrupt):
            end = {"exit_code": getattr(error, "exit_code", _EXIT_INTERRUPTED)}
        elif error is not None:
            end = as_harness_error(error).as_json()
        print("\n], " + json.dumps(end)[1:], flush=True)
        if error is not None:
            # The document is complete: nothing may follow it.
            raise AlreadyAnsweredError(end["exit_code"]) from error
