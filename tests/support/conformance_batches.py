"""What conformance tests of event source mappings share: a queue is fed, what a function gets is told.

Handlers import `report` (conformance_told.py). Documents that they tell are lists of the event's records,
unless a test says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.conformance import attributes
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

type Make = Callable[..., str]
"""The fixtures `queue`, `fifo_queue`, `function` and `mapping`."""

ECHO = """
from report import tell

def handler(event, context):
    tell(event["Records"])
"""
GATED = """
from report import tell, wait_for_gate

def handler(event, context):
    tell(event["Records"])
    wait_for_gate()
"""
"""Holds its batch until the test opens the gate: the queue GATE of its environment."""


def behind_gate(gate_url: str) -> dict[str, Any]:
    """Configuration of a function whose invocations wait for a gate: it outlives all that a test does."""
    return {"Timeout": 30, "Environment": {"Variables": {"GATE": gate_url}}}


def open_gate(sqs: Any, gate_url: str, times: int) -> None:
    """Let so many invocations pass it."""
    for _ in range(times):
        sqs.send_message(QueueUrl=gate_url, MessageBody="pass")


def send(sqs: Any, queue_url: str, *bodies: str, group: str | None = None) -> list[str]:
    """Send up to ten bodies in one SendMessageBatch; their message ids."""
    more = {} if group is None else {"MessageGroupId": group}
    entries = [{"Id": str(n), "MessageBody": body, **more} for n, body in enumerate(bodies)]
    answer = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
    assert len(answer["Successful"]) == len(bodies), answer
    return [sent["MessageId"] for sent in answer["Successful"]]


def counts(sqs: Any, queue_url: str) -> tuple[int, int]:
    """Visible messages, and messages in flight."""
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    found = attributes(sqs, queue_url, *names)
    return int(found[names[0]]), int(found[names[1]])


def settles_at(sqs: Any, queue_url: str, visible: int, in_flight: int) -> bool:
    """Whether a queue comes to hold so many messages; its counters follow what was done (A-21)."""
    return bool(eventually(lambda: counts(sqs, queue_url) == (visible, in_flight), timeout=20))


def bodies_of(records: Iterable[dict[str, Any]]) -> list[str]:
    """The bodies of an event's records."""
    return [record["body"] for record in records]


def counts_of(records: Iterable[dict[str, Any]]) -> list[str]:
    """How often each record's message has been received."""
    return [record["attributes"]["ApproximateReceiveCount"] for record in records]


def told_records(deliveries: Any, count: int) -> list[dict[str, Any]]:
    """The records of as many invocations as it takes to have so many, in the order in which they came."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        found += deliveries(1)[0]
    assert len(found) == count, found
    return found
