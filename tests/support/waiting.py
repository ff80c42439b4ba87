"""Waiting for what AWS offers no waiting call for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.client.deadline import Deadline, until

if TYPE_CHECKING:
    from collections.abc import Callable


def eventually[T](probe: Callable[[], T], timeout: float = 60) -> T | None:
    """What `probe` returns as soon as that is true; None when it never was."""
    return until(lambda: probe() or None, Deadline(timeout))
