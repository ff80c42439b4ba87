"""Makes the environments of the Lambda runtimes named: `python -m harness.runtimes python3.9 ...`."""

from __future__ import annotations

import sys

from harness.errors import HarnessError
from harness.runtimes.environment import ensure_environment
from harness.workspace import Workspace


def main(runtimes: list[str]) -> int:
    """Make each, and print the interpreter that it runs on, or the warning that it is another version's."""
    folder = Workspace.find().runtimes
    for runtime in runtimes:
        try:
            made = ensure_environment(runtime, folder)
        except HarnessError as error:
            sys.stderr.write(f"{error}\n")
            return error.exit_code
        sys.stdout.write(f"{made.interpreter.warning or made.interpreter.path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
