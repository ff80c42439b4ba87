"""A message's story in plain sentences, from its events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Event: TypeAlias = Mapping[str, Any]

LONGEST_BODY = 200


def story(events: Iterable[Event]) -> str:
    """One line per event: when, counted from the first, and what happened.

    Args:
        events: A message's events as the control API gives them, in order.
    """
    events = list(events)
    if not events:
        return "Nothing is known of this message."
    begin = events[0]["at"]
    first = datetime.fromtimestamp(begin, timezone.utc)
    lines = [f"  {_after(event['at'] - begin):>12}  {sentence(event, begin)}" for event in events]
    return "\n".join([f"Times are from {first:%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC on:", *lines])


def sentence(event: Event, begin: float = 0.0) -> str:
    """What happened, in one sentence.

    Args:
        event: One event.
        begin: From when times are counted, in epoch seconds.
    """
    tell = _SENTENCES.get(event["kind"])
    return tell(event, begin) if tell else str(event["kind"]).replace("_", " ").capitalize() + "."


def _after(seconds: float) -> str:
    return f"+{seconds:.3f} s"


def _at(event: Event, begin: float) -> str:
    return f"at {_after(event['visible_at'] - begin)}" if event.get("visible_at") is not None else "later"


def _sent(event: Event, begin: float) -> str:
    body = str(event.get("body", ""))
    shown = body if len(body) <= LONGEST_BODY else f"{body[:LONGEST_BODY]}… ({len(body)} characters)"
    group = f" in group {event['group']}" if event.get("group") else ""
    delayed = f", visible {_at(event, begin)}" if event.get("visible_at", event["at"]) > event["at"] else ""
    return f"Sent to {event['queue']}{group}{delayed}" + (f": {shown}" if shown else ".")


def _received(event: Event, begin: float) -> str:
    by = f"the mapping to {event['function']}" if event.get("function") else "a client"
    return (
        f"Received from {event['queue']} by {by}, for the {_nth(event['receive_count'])} time; "
        f"hidden until {_at(event, begin).removeprefix('at ')}."
    )


def _visibility_changed(event: Event, begin: float) -> str:
    if event.get("visible_at", 0) <= event["at"]:
        return f"Made visible in {event['queue']} at once (ChangeMessageVisibility)."
    return (
        f"Hidden in {event['queue']} until {_at(event, begin).removeprefix('at ')} (ChangeMessageVisibility)."
    )


def _batch(event: Event, _: float) -> str:
    count = len(event.get("message_ids", ()))
    size = "alone" if count == 1 else f"with {count - 1} other{'s' if count > 2 else ''}"  # noqa: PLR2004 - plural
    return f"Batch {_short(event['batch_id'])} was formed for {event['function']}: this message {size}."


def _invocation(said: str) -> Callable[[Event, float], str]:
    def tell(event: Event, _: float) -> str:
        error = f": {event['error']}" if event.get("error") else "."
        return f"{event['function']} {said} (request {_short(event.get('request_id'))}){error}"

    return tell


def _nth(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")


def _short(identifier: str | None) -> str:
    return str(identifier or "?")[:8]


_SENTENCES: dict[str, Callable[[Event, float], str]] = {
    "sent": _sent,
    "deduplicated": lambda e, _: f"Dropped by {e['queue']}: one with its deduplication id was sent before.",
    "received": _received,
    "visibility_changed": _visibility_changed,
    "visible": lambda e, _: (
        f"Visible in {e['queue']}: {e.get('error') or 'its visibility timeout has ended'}."
    ),
    "deleted": lambda e, _: (
        f"Deleted from {e['queue']}" + (f" by the mapping to {e['function']}." if e.get("function") else ".")
    ),
    "moved_to_dlq": lambda e, _: (
        f"Moved from {e['queue']} to the dead-letter queue {e.get('to', '?')}, "
        f"after {e.get('receive_count', '?')} receives."
    ),
    "moved": lambda e, _: f"Moved from {e['queue']} to {e.get('to', '?')} by a message move task.",
    "expired": lambda e, _: f"Gone from {e['queue']}: its retention period has ended.",
    "purged": lambda e, _: f"Purged from {e['queue']}" + (f": {e['error']}." if e.get("error") else "."),
    "filtered": lambda e, _: (
        f"Deleted from {e['queue']}: it matches no filter of the mapping to {e['function']}."
    ),
    "batch_formed": _batch,
    "environment_started": lambda e, _: f"An execution environment of {e['function']} started.",
    "environment_stopped": lambda e, _: f"An execution environment of {e['function']} ended.",
    "invoke_started": _invocation("was invoked"),
    "invoke_succeeded": _invocation("returned"),
    "invoke_failed": _invocation("failed"),
    "invoke_timed_out": _invocation("timed out"),
    "throttled": lambda e, _: f"{e['function']} was not invoked: {e.get('error') or 'Rate Exceeded.'}",
    "partial_failure": lambda e, _: (
        f"{e['function']} named it in batchItemFailures: it stays in {e['queue']}."
    ),
    "fault_injected": lambda e, _: f"Fault {e.get('rule', '?')} struck: {e.get('fault', '?')}.",
}
