"""Any error, in the one form in which users are told: a message, a hint, an exit code."""

from __future__ import annotations

import errno
import sys
import tempfile
import traceback
from datetime import datetime, timezone
from pathlib import Path

import click

from harness.model.errors import HarnessError, PrerequisiteError, UsageError
from harness.project.workspace import Workspace

# The machine's faults, not the harness's: no right to write, a disk that is full or read-only.
_MACHINE_ERRORS = {errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EROFS, errno.EDQUOT}


class AlreadyAnsweredError(Exception):
    """The command's JSON document has been printed, and says what went wrong."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


def as_harness_error(error: BaseException) -> HarnessError:
    """`error`, where it is one of the harness's; else one that says the same.

    A wrong call of the command line is a UsageError. Anything unforeseen leaves its traceback in a file.
    """
    if isinstance(error, HarnessError):
        return error
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "harness"
        return UsageError(error.format_message(), hint=f"See `{path} --help`.")
    if isinstance(error, click.ClickException):
        return UsageError(error.format_message())
    if isinstance(error, OSError) and error.errno in _MACHINE_ERRORS:
        where = f"{error.filename}: " if error.filename else ""
        return PrerequisiteError(f"{where}{error.strerror}.", hint="`harness doctor` shows what is wrong.")
    said = (str(error).strip().splitlines() or ["no message"])[0]
    return HarnessError(
        f"An error inside the harness: {type(error).__name__}: {said}",
        hint=f"This should not happen. Details: {_write_crash(error)}",
    )


def _write_crash(error: BaseException) -> str:
    """Write the traceback where it is out of the way; the path, or why there is none."""
    try:
        folder = Workspace.find().state
    except (HarnessError, OSError):
        folder = Path(tempfile.mkdtemp(prefix="harness-"))
    path = folder / "crash.log"
    # Of the command line only the command: the rest may hold what a user sends.
    command = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    text = "".join(traceback.format_exception(error))
    try:
        path.write_text(
            f"{datetime.now(timezone.utc).isoformat()} harness {command}\n\n{text}", encoding="utf-8"
        )
    except OSError as failed:
        return f"not written, as {path} cannot be: {failed.strerror}"
    return str(path)
