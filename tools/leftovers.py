"""Fail, and name them, where processes of this project still run or containers of the harness are left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
MARKS = ("harness_emulator", "localstack", "terraform", "awslambdaric", "debugpy")


def main() -> int:
    """Exit with 1 where something of this checkout is still running."""
    left = _containers() + [
        f"{process.pid}: {' '.join(process.info['cmdline'])[:160]}"
        for process in psutil.process_iter(["cmdline"])
        if process.pid != os.getpid()
        and any(mark in " ".join(process.info["cmdline"] or []) for mark in MARKS)
        and str(ROOT) in " ".join([*(process.info["cmdline"] or []), *_working_directory(process)])
    ]
    for line in left:
        print("left behind:", line, file=sys.stderr)
    return 1 if left else 0


def _containers() -> list[str]:
    """What the harness's label is on, of whichever project; nothing where no engine answers."""
    wanted = "label=sqs-lambda-harness.project"
    shown = "container {{.Names}} of {{.Image}}: {{.Status}}"
    try:
        done = subprocess.run(
            ["docker", "ps", "--all", "--filter", wanted, "--format", shown],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return []
    return done.stdout.splitlines()


def _working_directory(process: psutil.Process) -> list[str]:
    try:
        return [process.cwd()]
    except psutil.Error:
        return []


if __name__ == "__main__":
    sys.exit(main())
