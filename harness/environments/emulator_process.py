"""Starts `python -m harness_emulator`, waits for it, watches it, ends it."""

from __future__ import annotations

import http.client
import json
import os
import select
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil

from harness.machine import alive
from harness.machine.web import opener_for
from harness.model.errors import EmulatorError, PortTakenError
from harness.model.host import HOST, host_variables

if TYPE_CHECKING:
    from pathlib import Path

    from harness.installation import Installation

START_SECONDS = 60.0
"""A start that takes longer is given up."""
HEALTH_SECONDS = 15.0
EXIT_PORT_TAKEN = 4
LOG_LINES = 20


@dataclass(frozen=True)
class Started:
    """An emulator that serves requests.

    Attributes:
        pid: Its process.
        created: That process's creation time, as psutil tells it.
        port: Where it listens.
    """

    pid: int
    created: float
    port: int


class _Process(subprocess.Popen[bytes]):
    """An emulator's process: it may outlive this one, and that is no oversight to warn about."""

    def __del__(self) -> None:
        """Leave it alone."""


_OWN: dict[int, _Process] = {}
"""The emulators that this process started: it holds their standard input and collects their exit status."""


def start(
    *,
    installation: Installation,
    instance: str,
    data: Path,
    port: int | None,
    strict_runtime: bool,
    end_with_this_process: bool,
    ledger: Path | None = None,
) -> Started:
    """Start the emulator of `installation` and wait until it serves requests.

    `ledger` is the file that stays of it.

    Raises:
        PortTakenError: Another process listens on `port`.
        EmulatorError: It ended, or was not ready in time; nothing is left running.
    """
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True, exist_ok=True)
    log = data / "emulator.log"
    ready_read, ready_write = os.pipe()
    command = [
        *(str(installation.python), "-P", "-m", "harness_emulator"),
        *("--port", str(port or 0), "--data", str(data), "--runtimes", str(installation.runtimes)),
        *("--instance", instance, "--ready-fd", str(ready_write)),
        *(("--ledger", str(ledger)) if ledger is not None else ()),
        *(("--strict-runtime",) if strict_runtime else ()),
        *(("--exit-with-stdin",) if end_with_this_process else ()),
    ]
    try:
        with log.open("wb") as output:
            process = _Process(
                command,
                cwd=data,
                env=host_variables(os.environ),
                stdin=subprocess.PIPE if end_with_this_process else subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(ready_write,),
                # Its own session: a Ctrl-C in the terminal is for the command, which stops what it has to.
                start_new_session=True,
            )
    except BaseException:
        os.close(ready_read)
        raise
    finally:
        os.close(ready_write)
    try:
        _OWN[process.pid] = process
        created = psutil.Process(process.pid).create_time()
        return Started(process.pid, created, _wait_until_ready(process, ready_read, port, log))
    except BaseException:
        end(process.pid)
        raise
    finally:
        os.close(ready_read)


def _wait_until_ready(process: subprocess.Popen[bytes], ready: int, port: int | None, log: Path) -> int:
    """The port; the emulator writes one line into the pipe, and the pipe ends when the process does."""
    deadline = time.monotonic() + START_SECONDS
    line = b""
    while not line.endswith(b"\n"):
        if not select.select([ready], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise EmulatorError(
                f"The emulator was not ready after {START_SECONDS:.0f} seconds and was ended. Its log: {log}",
                detail=_last_lines(log),
            )
        chunk = os.read(ready, 4096)
        if not chunk:
            code = process.wait()
            if code == EXIT_PORT_TAKEN and port:
                raise port_taken(port)
            raise EmulatorError(
                f"The emulator ended while it started, with exit code {code}. Its log: {log}",
                detail=_last_lines(log),
            )
        line += chunk
    return int(json.loads(line)["port"])


def port_taken(port: int, holder: str | None = None) -> PortTakenError:
    """The error for a port that was asked for; it names its holder as far as this user may see it."""
    holder = holder or _holder(port)
    return PortTakenError(
        f"Port {port} on {HOST} is taken" + (f" by {holder}." if holder else "."),
        hint="Choose another port with --port, or leave it out: a free one is taken.",
    )


def _holder(port: int) -> str | None:
    """The process that listens on `port`, as far as this user may see."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        # An empty address where the system tells none.
        listens_on = (
            connection.laddr[1] if connection.laddr and connection.status == psutil.CONN_LISTEN else None
        )
        if listens_on == port and connection.pid:
            try:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
            except psutil.Error:
                return f"process {connection.pid}"
    return None


def _last_lines(log: Path) -> str | None:
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]) or None
    except OSError:
        return None


def health(url: str) -> dict[str, Any] | None:
    """What `/_harness/health` says, or None where no emulator of ours answers."""
    try:
        with opener_for(url).open(f"{url}/_harness/health", timeout=HEALTH_SECONDS) as response:
            document = json.load(response)
    except (OSError, ValueError, http.client.HTTPException):
        return None
    return document if isinstance(document, dict) else None


def end(pid: int) -> None:
    """Stop an emulator and everything below it: asked first, killed after `STOP_SECONDS`."""
    alive.end_tree(pid)
    let_go(pid)


def let_go(pid: int) -> None:
    """Hold nothing any more of an emulator that has ended: neither its exit status nor its standard input."""
    if (process := _OWN.pop(pid, None)) is not None:
        process.wait()
        if process.stdin is not None:
            process.stdin.close()
