"""Debugger attach."""

from harness.client.debugging.attach import attach_configuration
from harness.client.debugging.session import (
    DEFAULT_PORT,
    DebugSession,
    debugging,
    start_debugging,
    stop_debugging,
)

__all__ = [
    "DEFAULT_PORT",
    "DebugSession",
    "attach_configuration",
    "debugging",
    "start_debugging",
    "stop_debugging",
]
