"""`python -m harness.installation` makes the emulator's environment if it is missing: for `make setup`."""

from __future__ import annotations

import sys

from harness.installation._ensure import ensure
from harness.model.errors import HarnessError
from harness.model.progress import Progress


def main() -> int:
    """Make it; the exit code is the error's where that fails."""
    try:
        ensure(Progress(stream=sys.stderr))
    except HarnessError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
