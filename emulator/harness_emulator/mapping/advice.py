"""What AWS advises about a mapping, and does not refuse (rows B-13 and B-52)."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness_emulator.mapping.functions import find_function
from harness_emulator.mapping.life import WORKERS
from harness_emulator.sqs import in_process

if TYPE_CHECKING:
    from harness_emulator.mapping.life import SqsMapping

LOG = logging.getLogger(__name__)

TIMEOUTS = 6
"""The visibility timeout should be so many times the function's timeout, and the batching window more."""
RECEIVES = 5
"""Least `maxReceiveCount` that AWS advises."""
RESERVED = 5
"""Least reserved concurrency that AWS advises."""


@dataclass(frozen=True)
class Facts:
    """What the advice is about.

    Attributes:
        visibility: The queue's visibility timeout, in seconds.
        timeout: The function's timeout.
        window: The mapping's batching window.
        receives: The queue's maxReceiveCount; None without a redrive policy.
        reserved: The function's reserved concurrency; None where it has none.
        concurrency: MaximumConcurrency; None where there is none.
    """

    visibility: int
    timeout: int
    window: int = 0
    receives: int | None = None
    reserved: int | None = None
    concurrency: int | None = None


def advise(facts: Facts) -> list[tuple[str, str]]:
    """Row and sentence of each advice."""
    return [
        (row, sentence)
        for row, sentence in (
            ("B-13", _visibility(facts)),
            ("B-13", _receives(facts)),
            ("B-13", _reserved(facts)),
            ("B-52", _concurrency(facts)),
        )
        if sentence
    ]


def _visibility(facts: Facts) -> str:
    wanted = TIMEOUTS * facts.timeout + facts.window
    if facts.visibility >= wanted:
        return ""
    window = f" plus the batching window of {facts.window} s" if facts.window else ""
    return (
        f"The queue's visibility timeout is {facts.visibility} s: AWS advises {wanted} s, six times the "
        f"function's timeout of {facts.timeout} s{window}."
    )


def _receives(facts: Facts) -> str:
    if facts.receives is None or facts.receives >= RECEIVES:
        return ""
    return (
        f"The queue's maxReceiveCount is {facts.receives}: AWS advises at least {RECEIVES}, so that "
        "throttles alone do not send messages to the dead-letter queue."
    )


def _reserved(facts: Facts) -> str:
    if facts.reserved is None or facts.reserved >= RESERVED:
        return ""
    return (
        f"The function's reserved concurrency is {facts.reserved}: AWS advises at least {RESERVED}, with "
        "which a mapping begins; with less it is throttled."
    )


def _concurrency(facts: Facts) -> str:
    if facts.reserved is None or facts.concurrency is None or facts.concurrency <= facts.reserved:
        return ""
    return (
        f"The mapping's MaximumConcurrency is {facts.concurrency}, the function's reserved concurrency "
        f"{facts.reserved}: AWS advises not to let it be more."
    )


def facts_of(mapping: SqsMapping) -> Facts | None:
    """What is so now; None where the queue or the function is gone."""
    settings = mapping.settings
    queue, function = in_process.find_queue(settings.queue_arn), find_function(settings.function_arn)
    if queue is None or function is None:
        return None
    receives = json.loads(queue.attributes.get("RedrivePolicy") or "{}").get("maxReceiveCount")
    return Facts(
        visibility=queue.visibility_timeout,
        timeout=function.latest().config.timeout,
        window=settings.window,
        receives=int(receives) if receives is not None else None,
        reserved=function.reserved_concurrent_executions,
        concurrency=settings.concurrency,
    )


def advice(account: str | None = None) -> list[dict[str, str]]:
    """All advice about the mappings of an account, or of all: `mapping`, `row`, `message` of each."""
    found = []
    for mapping in list(WORKERS.values()):
        if account in {None, mapping.settings.account}:
            found += _of(mapping)
    return found


def log(mapping: SqsMapping) -> None:
    """Log the advice about a mapping."""
    for entry in _of(mapping):
        LOG.warning(
            "%s -> %s: %s (%s)",
            mapping.settings.queue_name,
            mapping.settings.function_name,
            entry["message"],
            entry["row"],
        )


def _of(mapping: SqsMapping) -> list[dict[str, str]]:
    facts = facts_of(mapping)
    if facts is None:
        return []
    return [{"mapping": mapping.uuid, "row": row, "message": message} for row, message in advise(facts)]
