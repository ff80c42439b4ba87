"""`make fuzz`: malformed requests, which an emulator has to refuse: a 5xx or no answer is a finding."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.driver import Fuzzer
from tests.support.own_emulator import own_emulator

REQUESTS = 10_000


def main() -> int:
    """Send them; 1 where there are findings."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="repeats a run")
    parser.add_argument("--requests", type=int, default=REQUESTS, metavar="N")
    parser.add_argument("--only", type=int, metavar="INDEX", help="send the one request of that number")
    parser.add_argument("--url", help="an emulator that is up; default: one is started")
    options = parser.parse_args()
    if options.url:
        return fuzz(options.url, options)
    with tempfile.TemporaryDirectory(prefix="harness-fuzz-") as folder, own_emulator(Path(folder)) as url:
        return fuzz(url, options)


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def fuzz(url: str, options: argparse.Namespace) -> int:
    """Send what the options say."""
    say(f"seed {options.seed}")
    indices = range(options.requests) if options.only is None else [options.only]
    started = time.monotonic()
    findings = 0
    for finding in Fuzzer(url, options.seed).run(indices):
        findings += 1
        say(finding.told(url))
    say(f"{len(indices)} requests in {time.monotonic() - started:.0f} s, {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
