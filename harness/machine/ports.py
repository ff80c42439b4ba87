"""Ports of this machine's loopback interface."""

from __future__ import annotations

import errno
import socket

from harness.model.host import HOST


def free_ports(port: int | None, debug_port: int | None) -> tuple[int, int]:
    """Two ports that are free at the moment: the one asked for, if any, and the debugger's."""
    with socket.create_server((HOST, 0)) as first, socket.create_server((HOST, 0)) as second:
        debug = second.getsockname()[1] if debug_port in {None, port} or is_taken(debug_port) else debug_port
        return port or first.getsockname()[1], debug


def is_taken(port: int) -> bool:
    """Whether another process has it."""
    try:
        with socket.create_server((HOST, port)):
            return False
    except OSError as error:
        return error.errno == errno.EADDRINUSE
