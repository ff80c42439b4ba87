"""`python -m harness.installation [RUNTIME ...]` makes the emulator's environment if it is missing.

For `make setup`. Each RUNTIME (`python3.9`) gets the environment of its functions, too.
"""

from __future__ import annotations

import sys
from typing import Any

from harness.installation._ensure import ensure
from harness.installation._runtimes import runtime_reports
from harness.model.errors import HarnessError, RuntimeMissingError
from harness.model.progress import Progress


def main(runtimes: list[str]) -> int:
    """Make them; the exit code is the error's where that fails."""
    progress = Progress(stream=sys.stderr)
    try:
        ensure(progress)
        if runtimes:
            with progress.step(", ".join(runtimes)):
                _raise_first(runtime_reports(runtimes, strict=False))
    except HarnessError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


def _raise_first(reports: list[dict[str, Any]]) -> None:
    for report in reports:
        if "error" in report:
            raise RuntimeMissingError(**report["error"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
