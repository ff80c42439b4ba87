"""Recursive loops: how often a message's chain of invocations has come through a function (row B-35).

Lambda counts in the trace header, `Lineage=FUNCTION:COUNT|...`; the SDK in a handler hands the header on with
what it sends, and SQS keeps it with the message as `AWSTraceHeader`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from localstack.utils.xray.trace_header import TraceHeader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CHAIN_LIMIT = 16
"""Invocations of one function in one chain, after which the next is stopped."""
ROOT_CHARACTERS = 8


def key_of(function_arn: str) -> str:
    """The function's name in a lineage."""
    unqualified = ":".join(function_arn.split(":")[:7])
    return hashlib.sha256(unqualified.encode()).hexdigest()[:ROOT_CHARACTERS]


def counts_of(message: Mapping[str, Any]) -> dict[str, int]:
    """Invocations by function in the chain that a received message is the end of."""
    lineage = _header(message).lineage or ""
    counts: dict[str, int] = {}
    for part in lineage.split("|"):
        key, _, count = part.partition(":")
        if key and count.isdecimal():
            counts[key] = int(count)
    return counts


def is_loop(message: Mapping[str, Any], function_arn: str) -> bool:
    """Whether the function has been invoked in the message's chain as often as is allowed."""
    return counts_of(message).get(key_of(function_arn), 0) >= CHAIN_LIMIT


def header_for(messages: Iterable[Mapping[str, Any]], function_arn: str) -> TraceHeader:
    """The trace header of an invocation with these messages.

    Of a batch the shortest chain counts: else a message that went round once would lengthen the chains of
    those that it meets in a batch, and traffic without any loop would be stopped in the end.
    """
    all_messages = list(messages)
    chains = [counts_of(message) for message in all_messages]
    shared = set(chains[0]).intersection(*chains[1:]) if chains else set()
    counts = {key: min(chain[key] for chain in chains) for key in sorted(shared)}
    own = key_of(function_arn)
    counts[own] = counts.get(own, 0) + 1
    header = TraceHeader(
        root=_header(all_messages[0]).root if all_messages else None,
        lineage="|".join(f"{key}:{count}" for key, count in counts.items()),
    )
    return header.ensure_root_exists()


def _header(message: Mapping[str, Any]) -> TraceHeader:
    return TraceHeader.from_header_str(message.get("Attributes", {}).get("AWSTraceHeader"))
