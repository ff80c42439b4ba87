"""`make soak`: operations through the calculator while its handlers are killed; fails when one is lost."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from tests.soak.calculator import make_calculator
from tests.soak.soak import Soak
from tests.support.mapped import new_account
from tests.support.own_emulator import own_emulator

OPERATIONS = 100_000


def main() -> int:
    """Soak; 1 where something was lost, wrong or left over."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--operations", type=int, default=OPERATIONS, metavar="N")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="repeats the kills")
    options = parser.parse_args()
    say(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="harness-soak-") as folder, own_emulator(Path(folder)) as url:
        report = Soak(make_calculator(url, new_account()), options.seed, say).run(options.operations)
    say(f"seed {options.seed}: {report}")
    return 0 if report.ok else 1


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
