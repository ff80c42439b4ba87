"""What the first process of a container owes the others: it passes signals on, and collects orphans.

A container's process 1 gets signals only where it has a handler for them, and becomes the parent of every
process whose own parent ended.
"""

from __future__ import annotations

import contextlib
import os
import signal

PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def leave_process_one() -> None:
    """Where this is process 1, go on in a child; process 1 ends when that does, with its exit code."""
    if os.getpid() != 1:
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)  # none may arrive before both know what to do with it
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        return
    os._exit(_serve(child))


def _serve(child: int) -> int:
    asked: set[int] = set()

    def pass_on(number: int, _: object) -> None:
        asked.add(number)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)

    for number in PASSED_ON:
        signal.signal(number, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            if code >= 0:
                return code
            # Asked to stop before it had a handler of its own: then it stopped as asked.
            return 0 if -code in asked else 128 - code
