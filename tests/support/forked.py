"""The command line in processes that have imported it already: half of what a short command costs is imports.

A server, of which each process of a test run has one, imports the command line and forks for each command. So
a command is a process as ever, with an environment, a folder, standard streams and an end of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LARGEST = 1 << 17


def harness(
    arguments: Sequence[str], *, cwd: Path, environ: Mapping[str, str], stdin: str = "", timeout: float
) -> tuple[int, str, str]:
    """Run `harness` with these arguments to its end: exit code, standard output, standard error."""
    ours, theirs = socket.socketpair()
    order = {"arguments": list(arguments), "cwd": str(cwd), "environ": dict(environ)}
    with contextlib.ExitStack() as stack:
        given, out, err = (stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3))
        stack.enter_context(ours)
        given.write(stdin)
        given.seek(0)
        with theirs:
            files = [given.fileno(), out.fileno(), err.fileno(), theirs.fileno()]
            socket.send_fds(_server(os.getpid()), [json.dumps(order).encode()], files)
        answers = stack.enter_context(ours.makefile())
        ours.settimeout(timeout)
        pid = int(answers.readline())
        try:
            code = int(answers.readline())
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


@cache
def _server(_: int) -> socket.socket:
    """The socket that takes orders; the server ends when it is closed, which is when this process ends."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        _PROCESSES.append(
            subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                cwd=__file__.removesuffix("/tests/support/forked.py"),
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # Ctrl-C in a terminal is for the run
            )
        )
    return ours


_PROCESSES: list[subprocess.Popen[bytes]] = []
"""Held, so that nothing warns of them."""


def _serve(orders: socket.socket) -> None:
    """Fork for each order."""
    from harness.cli.main import COMMANDS  # noqa: PLC0415 - for the server alone

    for module in ("boto3", "botocore.config", *(place.partition(":")[0] for place, _ in COMMANDS.values())):
        import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait
    while True:
        order, files, *_ = socket.recv_fds(orders, LARGEST, 4)
        if not order:
            return
        if os.fork() == 0:
            orders.close()
            _wait_for_a_command(json.loads(order), files)
        for file in files:
            os.close(file)


def _wait_for_a_command(order: dict[str, object], files: list[int]) -> None:
    """Returns in the command's own process alone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, teller = files
    if pid := os.fork():
        os.write(teller, f"{pid}\n".encode())
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with contextlib.suppress(OSError):
            os.write(teller, f"{code}\n".encode())
        os._exit(0)
    for number, file in enumerate(streams):
        os.dup2(file, number)
    for file in files:
        os.close(file)
    _be_harness(order)


def _be_harness(order: dict[str, object]) -> NoReturn:
    from harness.cli.main import main  # noqa: PLC0415 - for the server's children alone

    assert isinstance(order["arguments"], list)
    assert isinstance(order["environ"], dict)
    os.chdir(str(order["cwd"]))
    os.environ.clear()
    os.environ.update(order["environ"])
    sys.argv = ["harness", *order["arguments"]]
    main()


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
