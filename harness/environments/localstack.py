"""What a LocalStack that is none of the harness's can do, by what its health says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

READY = frozenset({"available", "running", "starting", "initialized"})
NEEDED = {
    "deploy": ("sqs", "lambda", "iam", "sts"),
    "send": ("sqs",),
    "results": ("sqs",),
    "logs": ("logs",),
    "settle": ("sqs", "lambda"),
}
"""The services without which a LocalStack has not that capability."""


def capabilities_of(services: Mapping[str, str]) -> tuple[str, ...]:
    """What a LocalStack with these services, each in its state, can do."""
    ready = {name for name, state in services.items() if state in READY}
    return tuple(name for name, needed in NEEDED.items() if ready.issuperset(needed))
