"""Processes that are not this one's children, or may not be any more."""

from __future__ import annotations

import contextlib
import signal
import time
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable

STOP_SECONDS = 5.0
"""How long SIGTERM may take before SIGKILL."""
CHILDREN_SECONDS = 2.0
"""How long a process's children may outlive it before they are killed."""


def is_process(pid: int, created: float) -> bool:
    """Whether `pid` is still the process created at that time."""
    try:
        process = psutil.Process(pid)
    except psutil.Error:
        return False
    return process.create_time() == created and _runs(process)


def end_tree(pid: int) -> None:
    """End a process and everything below it: asked first, killed after `STOP_SECONDS`."""
    try:
        process = psutil.Process(pid)
        children = process.children(recursive=True)
    except psutil.Error:
        return
    _signal(process, signal.SIGTERM)
    if _wait([process], STOP_SECONDS):
        with contextlib.suppress(psutil.Error):
            children = [*process.children(recursive=True), *children]
        _signal(process, signal.SIGKILL)
        _wait([process], STOP_SECONDS)
    # What it started ends with it: a reaper sees to that. This is for a reaper that was killed, too.
    for child in _wait(children, CHILDREN_SECONDS):
        _signal(child, signal.SIGKILL)


def _wait(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait for processes to end; returns those that still run."""
    deadline = time.monotonic() + seconds
    while alive := [process for process in processes if _runs(process)]:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        psutil.wait_procs(alive, timeout=min(left, 0.05))
    return alive


def _runs(process: psutil.Process) -> bool:
    """A process whose parent has not asked for its exit status yet has ended all the same."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.Error):
        process.send_signal(number)
