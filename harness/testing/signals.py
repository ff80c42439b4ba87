"""SIGTERM ends a run as Ctrl-C does: what it started is stopped."""

from __future__ import annotations

import signal
import threading


def end_orderly_on_sigterm() -> None:
    """From now on; where a run has a handler of its own for it, that one stays."""
    if threading.current_thread() is threading.main_thread() and (
        signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    ):
        signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # asked once is asked: the end is under way
    raise KeyboardInterrupt
