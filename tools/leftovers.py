"""Fail, and name them, where processes of this project still run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
MARKS = ("harness.emulator", "harness/emulator", "localstack", "terraform", "awslambdaric", "debugpy")


def main() -> int:
    """Exit with 1 where something of this checkout is still running."""
    left = [
        f"{process.pid}: {' '.join(process.info['cmdline'])[:160]}"
        for process in psutil.process_iter(["cmdline"])
        if process.pid != os.getpid()
        and any(mark in " ".join(process.info["cmdline"] or []) for mark in MARKS)
        and str(ROOT) in " ".join([*(process.info["cmdline"] or []), *_working_directory(process)])
    ]
    for line in left:
        print("still running:", line, file=sys.stderr)
    return 1 if left else 0


def _working_directory(process: psutil.Process) -> list[str]:
    try:
        return [process.cwd()]
    except psutil.Error:
        return []


if __name__ == "__main__":
    sys.exit(main())
