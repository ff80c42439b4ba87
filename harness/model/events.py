"""The catalogue of events: what one event holds, and each kind with the sentence that tells it.

The emulator records these kinds; the story of a message, the docs and the checks of `kind` read them.
A new kind is an entry in `KINDS` here, and the place in the emulator that records it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class EventRecord(NamedTuple):
    """One thing that happened. What does not apply is None.

    Attributes:
        account: 12 digits.
        seq: Counts an account's events from 1.
        at: The account's time, in epoch seconds.
        wall: The machine's time, in epoch seconds.
        kind: A key of `KINDS`.
        region: The queue's or the function's.
        queue: Name of the queue.
        message_id: The message, where it is about one.
        receive_count: How often it has been received, this time included.
        batch_id: The batch of a mapping: one invocation has one batch.
        function: Name of the function.
        request_id: The invocation.
        environment_id: The execution environment, which is its log stream's id.
        visible_at: When the message is visible (again), in the account's time.
        error: What went wrong, in one line.
        detail: What else belongs to this kind, as JSON: `body`, `group`, `message_ids`, `log`, ...
    """

    account: str
    seq: int
    at: float
    wall: float
    kind: str
    region: str | None = None
    queue: str | None = None
    message_id: str | None = None
    receive_count: int | None = None
    batch_id: str | None = None
    function: str | None = None
    request_id: str | None = None
    environment_id: str | None = None
    visible_at: float | None = None
    error: str | None = None
    detail: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The event as the control API gives it: no key for what does not apply."""
        document = {name: value for name, value in zip(self._fields, self, strict=True) if value is not None}
        detail = json.loads(str(document.pop("detail", "{}")))
        return {**document, **detail}


def event_of_row(row: Sequence[Any]) -> EventRecord:
    """The event of a row of the file."""
    return EventRecord(*row)


Told: TypeAlias = "Mapping[str, Any]"
"""An event as the control API gives it."""
Sentence: TypeAlias = "Callable[[Told, float], str]"
"""Tells an event; times are counted from the given moment, in epoch seconds."""

LONGEST_BODY = 200


@dataclass(frozen=True)
class EventKind:
    """A kind of event.

    Attributes:
        meaning: When it is recorded.
        sentence: How a message's story tells it.
    """

    meaning: str
    sentence: Sentence


def after(seconds: float) -> str:
    """A time relative to the story's beginning."""
    return f"+{seconds:.3f} s"


def _at(event: Told, begin: float) -> str:
    return f"at {after(event['visible_at'] - begin)}" if event.get("visible_at") is not None else "later"


def _sent(event: Told, begin: float) -> str:
    body = str(event.get("body", ""))
    shown = body if len(body) <= LONGEST_BODY else f"{body[:LONGEST_BODY]}… ({len(body)} characters)"
    group = f" in group {event['group']}" if event.get("group") else ""
    delayed = f", visible {_at(event, begin)}" if event.get("visible_at", event["at"]) > event["at"] else ""
    return f"Sent to {event['queue']}{group}{delayed}" + (f": {shown}" if shown else ".")


def _received(event: Told, begin: float) -> str:
    by = f"the mapping to {event['function']}" if event.get("function") else "a client"
    return (
        f"Received from {event['queue']} by {by}, for the {_nth(event['receive_count'])} time; "
        f"hidden until {_at(event, begin).removeprefix('at ')}."
    )


def _visibility_changed(event: Told, begin: float) -> str:
    if event.get("visible_at", 0) <= event["at"]:
        return f"Made visible in {event['queue']} at once (ChangeMessageVisibility)."
    return (
        f"Hidden in {event['queue']} until {_at(event, begin).removeprefix('at ')} (ChangeMessageVisibility)."
    )


def _batch(event: Told, _: float) -> str:
    count = len(event.get("message_ids", ()))
    size = "alone" if count == 1 else f"with {count - 1} other{'s' if count > 2 else ''}"  # noqa: PLR2004 - plural
    return f"Batch {_short(event['batch_id'])} was formed for {event['function']}: this message {size}."


def _invocation(said: str) -> Sentence:
    def tell(event: Told, _: float) -> str:
        error = f": {event['error']}" if event.get("error") else "."
        return f"{event['function']} {said} (request {_short(event.get('request_id'))}){error}"

    return tell


def _nth(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")


def _short(identifier: str | None) -> str:
    return str(identifier or "?")[:8]


KINDS: dict[str, EventKind] = {
    "sent": EventKind("A message was sent.", _sent),
    "deduplicated": EventKind(
        "A FIFO queue dropped a message whose deduplication id it had seen.",
        lambda e, _: f"Dropped by {e['queue']}: one with its deduplication id was sent before.",
    ),
    "received": EventKind("A message was received, by a mapping or by a client.", _received),
    "visibility_changed": EventKind("ChangeMessageVisibility.", _visibility_changed),
    "visible": EventKind(
        "A message is visible again.",
        lambda e, _: f"Visible in {e['queue']}: {e.get('error') or 'its visibility timeout has ended'}.",
    ),
    "deleted": EventKind(
        "A message was deleted.",
        lambda e, _: (
            f"Deleted from {e['queue']}"
            + (f" by the mapping to {e['function']}." if e.get("function") else ".")
        ),
    ),
    "moved_to_dlq": EventKind(
        "A message was moved to the dead-letter queue.",
        lambda e, _: (
            f"Moved from {e['queue']} to the dead-letter queue {e.get('to', '?')}, "
            f"after {e.get('receive_count', '?')} receives."
        ),
    ),
    "moved": EventKind(
        "A message was moved by a message move task.",
        lambda e, _: f"Moved from {e['queue']} to {e.get('to', '?')} by a message move task.",
    ),
    "expired": EventKind(
        "A message's retention period ended.",
        lambda e, _: f"Gone from {e['queue']}: its retention period has ended.",
    ),
    "purged": EventKind(
        "A message was purged.",
        lambda e, _: f"Purged from {e['queue']}" + (f": {e['error']}." if e.get("error") else "."),
    ),
    "filtered": EventKind(
        "A mapping deleted a message that matches none of its filters.",
        lambda e, _: f"Deleted from {e['queue']}: it matches no filter of the mapping to {e['function']}.",
    ),
    "batch_formed": EventKind("A mapping formed a batch.", _batch),
    "environment_started": EventKind(
        "An execution environment started.",
        lambda e, _: f"An execution environment of {e['function']} started.",
    ),
    "environment_stopped": EventKind(
        "An execution environment ended.", lambda e, _: f"An execution environment of {e['function']} ended."
    ),
    "invoke_started": EventKind("A function was invoked.", _invocation("was invoked")),
    "invoke_succeeded": EventKind("A function returned.", _invocation("returned")),
    "invoke_failed": EventKind("A function failed.", _invocation("failed")),
    "invoke_timed_out": EventKind("A function timed out.", _invocation("timed out")),
    "throttled": EventKind(
        "An invocation was refused: Rate Exceeded.",
        lambda e, _: f"{e['function']} was not invoked: {e.get('error') or 'Rate Exceeded.'}",
    ),
    "partial_failure": EventKind(
        "A function named a message in batchItemFailures.",
        lambda e, _: f"{e['function']} named it in batchItemFailures: it stays in {e['queue']}.",
    ),
    "fault_injected": EventKind(
        "A fault was injected.", lambda e, _: f"Fault {e.get('rule', '?')} injected: {e.get('fault', '?')}."
    ),
}
"""Every kind, in the order of a message's life."""
