"""An environment that starts while something else is done, and is stopped again when that fails."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from harness.model.errors import HarnessError
from harness.model.host import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.environments.target import Target
    from harness.model.environment import Owner, RunningEnvironment
    from harness.model.progress import Progress

_kept: dict[str, Target] = {}
"""An environment that ends with this process does so when its target lets go of it: these are kept."""


class Booting:
    """An environment that starts in a thread of its own."""

    def __init__(self, target: Target, progress: Progress, owner: Owner) -> None:
        self._since = time.time()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="harness-boot")
        self._start: Future[RunningEnvironment] = self._pool.submit(target.start, progress, owner=owner)

    def environment(self) -> RunningEnvironment:
        """The environment, when it is ready."""
        return self._start.result()

    def started(self, environment: RunningEnvironment) -> bool:
        """Whether it was started by this call, and not by another process in the same moment."""
        return environment.started_at >= self._since

    def close(self) -> RunningEnvironment | None:
        """Wait until the start has ended, whichever way; what it started, if it did."""
        self._pool.shutdown(wait=True)
        failed = self._start.exception()
        return None if failed else self._start.result()


@contextlib.contextmanager
def fresh_environment(target: Target, progress: Progress, owner: Owner) -> Iterator[Booting]:
    """Start an environment while the block runs; stop it again when the block fails."""
    booting = Booting(target, progress, owner)
    try:
        yield booting
        environment = booting.environment()
    except BaseException:
        with _no_interrupt():
            half = booting.close()
            if half is not None and booting.started(half):
                _stop_half_way(target, progress)
        raise
    booting.close()
    if owner == "this-process":
        _kept[environment.id] = target


def _stop_half_way(target: Target, progress: Progress) -> None:
    try:
        with progress.step("stop") as step:
            target.stop()
            step.detail = "nothing stays up half-way"
    except HarnessError as error:  # what failed first is what is raised; this must be known as well
        progress.warn(str(error))


@contextlib.contextmanager
def _no_interrupt() -> Iterator[None]:
    """Finish the block even when Ctrl-C is pressed once more, or SIGTERM comes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def is_taken(port: int | None) -> bool:
    """Whether somebody listens on that port of this machine."""
    if port is None:
        return False
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def keeper(environment: RunningEnvironment, otherwise: Target) -> Target:
    """The target of this process that has started the environment, if one has; it is not kept any more."""
    return _kept.pop(environment.id, otherwise)
