"""Asks the emulator's environment about Lambda runtimes while no emulator is running."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from harness.installation._ensure import installed
from harness.model.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Sequence

MODULE = "harness_emulator.functions.runtimes"


def runtime_reports(runtimes: Sequence[str], *, strict: bool, find: bool = False) -> list[dict[str, Any]]:
    """Make the virtual environments of `runtimes`, or only look for their interpreters.

    Args:
        runtimes: Names such as `python3.9`.
        strict: Accept no other Python than the runtime's own.
        find: Make nothing.

    Returns:
        A report for each, as `PUT /_harness/runtimes` answers it.

    Raises:
        EmulatorError: The emulator's environment is missing or does not answer.
    """
    installation = installed()
    if installation is None:
        raise EmulatorError("The emulator is not installed yet.", hint="Install it: harness doctor --fix")
    command = [
        *(str(installation.python), "-P", "-m", MODULE, "--json", "--folder", str(installation.runtimes)),
        *(("--strict",) if strict else ()),
        *(("--find",) if find else ()),
        *runtimes,
    ]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    try:
        reports: list[dict[str, Any]] = json.loads(done.stdout)
    except ValueError:
        raise EmulatorError(
            f"The emulator's environment at {installation.folder} does not work.",
            hint="Make it anew: harness doctor --fix",
            detail=done.stderr.strip()[-2000:] or None,
        ) from None
    return reports
