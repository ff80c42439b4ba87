"""Local emulation and integration tests for stacks of SQS queues and Lambda functions.

The public names are those of `__all__`, of `harness.client` and of `harness.errors`; all other modules are
private and may change.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.client import Clock, Fault, Faults, Function, Ledger, Message, Queue, Stack
    from harness.model.errors import HarnessError
    from harness.session.public import Environment

__all__ = [
    "Clock",
    "Environment",
    "Fault",
    "Faults",
    "Function",
    "HarnessError",
    "Ledger",
    "Message",
    "Queue",
    "Stack",
]

_HOMES = {"Environment": "harness.session.public", "HarnessError": "harness.model.errors"}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: boto3 and rich cost more than most programs need."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "harness.client")), name)
