"""Kills functions' processes when the emulator is gone, however it ended.

A process of its own (standard library only, `python -I -S`), in a session of its own so that Ctrl-C in the
emulator's terminal does not reach it. Standard input is a pipe that only the emulator holds open. A line is
`+ GROUP MARK` (this process group must not outlive the emulator) or `- GROUP` (it ended). When the pipe
ends, all that is left is killed: the groups, and, where /proc tells, processes that left their group but
still carry the group's mark in their environment.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path


def main() -> None:
    """Follow standard input to its end, then kill."""
    groups: dict[int, bytes] = {}
    marks: set[bytes] = set()
    for line in sys.stdin.buffer:
        words = line.split()
        if len(words) == 3 and words[0] == b"+":  # noqa: PLR2004 - the form of a line
            groups[int(words[1])] = words[2]
            marks.add(words[2])
        elif len(words) == 2 and words[0] == b"-":  # noqa: PLR2004 - the same
            mark = groups.pop(int(words[1]), None)
            if mark not in groups.values():
                marks.discard(mark or b"")
    for group in groups:
        kill_group(group)
    # Twice: a process may have started another one while the first round looked.
    kill_marked(marks)
    kill_marked(marks)


def kill_group(group: int) -> None:
    """Kill a process group, if there still is one."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def kill_marked(marks: set[bytes]) -> None:
    """Kill every process whose environment holds one of `marks`; Linux only, elsewhere it does nothing."""
    if not marks or not Path("/proc/self").is_dir():
        return
    for name in os.listdir("/proc"):  # noqa: PTH208 - names are all that is needed of some hundred entries
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # it ended meanwhile, or is another user's
            environment = Path("/proc", name, "environ").read_bytes()
            if any(mark in environment for mark in marks):
                os.kill(int(name), signal.SIGKILL)


if __name__ == "__main__":
    main()
