"""Debugger attach."""

from harness.debug.attach import attach_configuration
from harness.debug.session import DEFAULT_PORT, DebugSession, debugging, start_debugging, stop_debugging

__all__ = [
    "DEFAULT_PORT",
    "DebugSession",
    "attach_configuration",
    "debugging",
    "start_debugging",
    "stop_debugging",
]
