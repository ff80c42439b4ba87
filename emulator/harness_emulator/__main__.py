"""`python -m harness_emulator`: the emulated AWS as one process, on one port.

Prints nothing on standard output; the log goes to standard error. Exit codes: 0 stopped as asked, 4 the
port is taken, 2 an option is wrong or the data folder cannot be written, anything else LocalStack did not
start.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import logging
import os
import signal
import socket
import sys
import threading
import uuid
from ipaddress import IPv4Address
from pathlib import Path
from typing import TYPE_CHECKING

from harness.model.host import HOST
from harness_emulator.configuration import Options, configure
from harness_emulator.init import leave_process_one
from harness_emulator.time import real_time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EXIT_USAGE = 2
EXIT_PORT_TAKEN = 4
EXIT_GRACE_SECONDS = 3.0
"""How long an orderly stop may take before the process ends all the same."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM, SIGINT or, where asked, the end of standard input."""
    parsed = _parser().parse_args(arguments)
    try:
        listener = _bind(parsed.listen, parsed.port)
    except OSError as error:
        sys.stderr.write(f"Port {parsed.port} on {parsed.listen}: {error.strerror}.\n")
        return EXIT_PORT_TAKEN if error.errno == errno.EADDRINUSE else EXIT_USAGE
    options = Options(
        port=listener.getsockname()[1],
        data=parsed.data.resolve(),
        runtimes=parsed.runtimes.resolve(),
        strict_runtime=parsed.strict_runtime,
        instance=parsed.instance or uuid.uuid4().hex,
        listen=parsed.listen,
        debug_port=parsed.debug_port,
        ledger=None if parsed.no_ledger else _ledger(parsed.ledger, parsed.data),
    )
    ready_file = parsed.ready_file.resolve() if parsed.ready_file is not None else None
    try:
        options.data.mkdir(parents=True, exist_ok=True)
        if options.ledger is not None:
            options.ledger.parent.mkdir(parents=True, exist_ok=True)
        os.chdir(options.data)
        configure(options)
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)
    except OSError as error:
        sys.stderr.write(
            f"The data folder {options.data} cannot be written by user {os.getuid()}: {error.strerror}. "
            "Give it a folder that user can write.\n"
        )
        return EXIT_USAGE
    from harness_emulator.localstack.boot import run  # noqa: PLC0415 - LocalStack reads the environment when it is imported

    return run(
        options,
        listener,
        on_ready=lambda: _report_ready(parsed.ready_fd, ready_file, options),
        on_runtime=lambda stop: _stop_on_request(stop, with_stdin=parsed.exit_with_stdin),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m harness_emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port; 0 takes a free one")
    parser.add_argument(
        "--listen",
        type=_address,
        default=HOST,
        metavar="ADDRESS",
        help=f"IPv4 address (default: {HOST}); 0.0.0.0 is for containers whose port is published",
    )
    parser.add_argument("--debug-port", type=int, help="the one port debuggers can attach to (default: any)")
    parser.add_argument("--data", type=Path, required=True, help="folder for everything the emulator writes")
    parser.add_argument("--runtimes", type=Path, required=True, help="folder of the function runtimes")
    parser.add_argument(
        "--strict-runtime", action="store_true", help="run functions with their own Python only"
    )
    parser.add_argument("--instance", help="id of this start, reported by /_harness/health")
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop when standard input ends")
    parser.add_argument(
        "--ledger", type=Path, help="file that keeps what happens; default: in the data folder"
    )
    parser.add_argument("--no-ledger", action="store_true", help="keep nothing of what happens")
    parser.add_argument("--ready-fd", type=int, help="write one JSON line here when requests are served")
    parser.add_argument("--ready-file", type=Path, help="the same, into a file")
    return parser


def _ledger(asked: Path | None, data: Path) -> Path:
    return (asked or data / "ledger.sqlite").resolve()


def _address(text: str) -> str:
    return str(IPv4Address(text))


def _bind(address: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # An environment that was just stopped leaves connections in TIME_WAIT; a listener would still be refused.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
        listener.listen(1)  # SO_REUSEADDR lets two sockets bind before one listens
    except OSError:
        listener.close()
        raise
    return listener


def _report_ready(fd: int | None, file: Path | None, options: Options) -> None:
    """Tell whoever started the emulator; when that is gone already, nobody knows this process: end it."""
    line = json.dumps({"port": options.port, "instance": options.instance}) + "\n"
    if file is not None:
        file.write_text(line, encoding="utf-8")
    if fd is None:
        return
    try:
        with os.fdopen(fd, "w") as stream:
            stream.write(line)
    except BrokenPipeError:
        os.kill(os.getpid(), signal.SIGTERM)


def _stop_on_request(stop: Callable[[], None], *, with_stdin: bool) -> None:
    def request(*_: object) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)  # asked once is asked
        # An orderly stop that hangs must not keep the port.
        real_time.call_later(EXIT_GRACE_SECONDS, lambda: os._exit(0))
        stop()

    def watch() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, request)
    signal.signal(signal.SIGINT, request)
    if with_stdin:
        threading.Thread(target=watch, name="owner-watch", daemon=True).start()


if __name__ == "__main__":
    leave_process_one()
    status = main()
    logging.shutdown()
    # Everything is stopped; taking the interpreter's heap apart would take another second or three.
    os._exit(status)
