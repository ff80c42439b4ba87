"""What a test holds: the stack, its queues and functions, messages, logs, clock, faults and ledger."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.client.clock import Clock
    from harness.client.event import Event, History
    from harness.client.faults import Fault, Faults, InjectedFault
    from harness.client.function import Function, Invocation
    from harness.client.ledger import Ledger
    from harness.client.logs import LogEvent
    from harness.client.message import Message
    from harness.client.queue import Queue, QueueCounts
    from harness.client.stack import Stack

__all__ = [
    "Clock",
    "Event",
    "Fault",
    "Faults",
    "Function",
    "History",
    "InjectedFault",
    "Invocation",
    "Ledger",
    "LogEvent",
    "Message",
    "Queue",
    "QueueCounts",
    "Stack",
]

_MODULES = {
    **dict.fromkeys(("Event", "History"), "event"),
    **dict.fromkeys(("Fault", "Faults", "InjectedFault"), "faults"),
    **dict.fromkeys(("Function", "Invocation"), "function"),
    **dict.fromkeys(("Queue", "QueueCounts"), "queue"),
    "Clock": "clock",
    "Ledger": "ledger",
    "LogEvent": "logs",
    "Message": "message",
    "Stack": "stack",
}
_RENAMED = {"Deed": "InjectedFault"}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: a run of pytest without a stack needs none of them."""
    if name in _RENAMED:
        warnings.warn(f"{name} is now {_RENAMED[name]}.", DeprecationWarning, stacklevel=2)
        name = _RENAMED[name]
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
