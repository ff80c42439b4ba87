"""Ports for those who must name one before they listen."""

from __future__ import annotations

import secrets
import socket

# Below those that a system hands out by itself (from 32768 on Linux, 49152 on macOS): nobody else's
# connection and nobody else's port 0 gets one of these in the meantime.
LOWEST, HIGHEST = 20_000, 32_000


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens, and that is given to nobody who does not ask for it."""
    while True:
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
