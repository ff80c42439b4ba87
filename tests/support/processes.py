"""Looking at processes."""

from __future__ import annotations

import psutil


def alive(pid: int) -> bool:
    """Whether the process runs: one that has ended, and whose parent has not asked, does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
