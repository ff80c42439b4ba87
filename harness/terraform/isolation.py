"""Terraform's programs started so that they reach nothing but the endpoint, and end with their owner."""

from __future__ import annotations

import ipaddress
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import urlsplit

from harness.machine.processes import GRACE, ProcessGroup, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Level = Literal["namespace", "user-namespace", "proxy"]

_PORTS = {"http": 80, "https": 443}
LAUNCHER = Path(__file__).with_name("_launcher.py")


class Watch(Protocol):
    """Follows an isolated program while it runs. Its methods are called from two threads."""

    def wrote(self, line: str) -> None:
        """The program wrote a line."""
        ...

    def refused(self, exchange: dict[str, Any]) -> bool:
        """The endpoint refused a request, as the launcher's `Exchange` has it; returns whether to end."""
        ...


@dataclass(frozen=True)
class Ran:
    """An isolated program that ended.

    Attributes:
        code: Its exit code.
        output: What it wrote.
        refused: Hosts other than the endpoint's that it asked the refusing proxy for, as `host:port`.
    """

    code: int
    output: str
    refused: tuple[str, ...] = ()


@cache
def isolation_level() -> Level:
    """How firmly Terraform is kept to the endpoint on this machine.

    `namespace` and `user-namespace`: by the kernel, in a network namespace of its own. `proxy`: only by the
    proxy variables, which a program may ignore; platforms other than Linux, and some containers, allow no
    more.
    """
    done = subprocess.run(
        (sys.executable, "-I", "-S", str(LAUNCHER), "--probe"),
        check=True,
        capture_output=True,
        text=True,
    )
    level = done.stdout.strip()
    if level == "namespace":
        return "namespace"
    return "user-namespace" if level == "user-namespace" else "proxy"


def run_isolated(
    command: Sequence[str],
    *,
    url: str,
    cwd: Path,
    environ: Mapping[str, str],
    watch: Watch | None = None,
) -> Ran:
    """Run a program that can reach the endpoint `url` and nothing else.

    One on loopback it finds where it always is. One on another machine it reaches through a proxy on its own
    loopback, which lets nothing else through.

    Args:
        command: The program and its arguments.
        url: The endpoint.
        cwd: The program's working directory.
        environ: Its whole environment.
        watch: Is told what the program writes and what the endpoint refuses, and may end it.
    """
    read, write = os.pipe()
    hosts: list[str] = []
    group = ProcessGroup()

    def listen() -> None:
        with os.fdopen(read, encoding="utf-8") as report:
            for line in report:
                document = json.loads(line)
                if "host" in document:
                    hosts.append(document["host"])
                elif watch is not None and watch.refused(document):
                    group.end()

    listener = Thread(target=listen, name="harness-refusals", daemon=True)
    listener.start()
    try:
        finished = run(
            (*_launcher(), *endpoint_options(url), f"--report={write}", "--", *command),
            cwd=cwd,
            environ={**environ, **_trusted(url)},
            pass_fds=(write,),
            lifeline=True,
            group=group,
            on_line=None if watch is None else watch.wrote,
        )
    finally:
        os.close(write)
        listener.join()
    return Ran(finished.code, finished.output, tuple(hosts))


def endpoint_options(url: str) -> tuple[str, ...]:
    """The launcher's options for an endpoint."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or _PORTS.get(parts.scheme, 0)
    if host == "localhost":
        return (f"--isolate={port}",)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address is not None and address.is_loopback:
        return (f"--isolate={port}", f"--loopback={address}")
    # Go's HTTP client asks a proxy for each host but `localhost` and loopback's addresses.
    return ("--isolate=", f"--allow={f'[{host}]' if ':' in host else host}:{port}")


def _trusted(url: str) -> dict[str, str]:
    """Where an endpoint speaks TLS: the certificate authorities that the user names."""
    if urlsplit(url).scheme != "https":
        return {}
    return {name: os.environ[name] for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if name in os.environ}


def run_open(
    command: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    group: ProcessGroup | None = None,
    grace: int | None = None,
    on_line: Callable[[str], None] | None = None,
) -> Ran:
    """Run a program that may reach the network (`terraform init`); it ends with its owner all the same.

    Args:
        command: The program and its arguments.
        cwd: Its working directory.
        environ: Its whole environment.
        group: Ends it when the group is ended.
        grace: Seconds that it has to end by itself when it is interrupted; default: a few.
        on_line: Called with each line that it writes.
    """
    options = [] if grace is None else [f"--grace={grace}"]
    finished = run(
        (*_launcher(), *options, "--", *command),
        cwd=cwd,
        environ=environ,
        lifeline=True,
        group=group,
        # The launcher kills the program at the end of its grace; this is for a launcher that hangs.
        grace=GRACE if grace is None else grace + GRACE,
        on_line=on_line,
    )
    return Ran(finished.code, finished.output)


def _launcher() -> tuple[str, ...]:
    # Isolated, without site: it starts in 20 ms, and no variable of the user's changes what it does.
    return (sys.executable, "-I", "-S", str(LAUNCHER))
