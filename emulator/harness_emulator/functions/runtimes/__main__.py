"""Makes virtual environments of Lambda runtimes: `python -m harness_emulator.functions.runtimes NAME ...`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from uv import find_uv_bin

from harness.model.errors import HarnessError, RuntimeMissingError
from harness_emulator.functions.runtimes.discovery import find_interpreter
from harness_emulator.functions.runtimes.environment import ensure_environment
from harness_emulator.functions.runtimes.reports import found, made


def main(arguments: list[str]) -> int:
    """Make or look for each, and print its interpreter, or the warning that it is another version's."""
    parser = argparse.ArgumentParser(
        prog="python -m harness_emulator.functions.runtimes", description=__doc__
    )
    parser.add_argument("runtimes", nargs="*", metavar="RUNTIME")
    parser.add_argument("--folder", type=Path, required=True, help="the folder of the virtual environments")
    parser.add_argument("--strict", action="store_true", help="accept no other Python than the runtime's own")
    parser.add_argument("--find", action="store_true", help="look for the interpreters, and make nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON document, errors included")
    parser.add_argument(
        "--own-only",
        action="store_true",
        help="download a Python that is missing; leave out a runtime whose own Python cannot be had",
    )
    parsed = parser.parse_args(arguments)
    if parsed.json:
        report = found if parsed.find else made
        reports = report(parsed.runtimes, parsed.folder, strict=parsed.strict)
        sys.stdout.write(json.dumps(reports) + "\n")
        return 0
    try:
        for runtime in parsed.runtimes:
            if parsed.own_only and not _has_own_python(runtime):
                continue
            ready = ensure_environment(runtime, parsed.folder, strict=parsed.own_only or parsed.strict)
            sys.stdout.write(f"{ready.interpreter.warning or ready.interpreter.path}\n")
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _has_own_python(runtime: str) -> bool:
    try:
        find_interpreter(runtime, strict=True)
    except RuntimeMissingError:
        version = runtime.removeprefix("python")
        done = subprocess.run(
            [find_uv_bin(), "python", "install", "--quiet", "--no-bin", version],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1].strip()
            sys.stdout.write(
                f"{runtime} is left out: its Python is not here and cannot be downloaded ({reason})\n"
            )
            return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
