"""A message's story in plain sentences, from its events."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from harness.model.events import KINDS, after

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.model.events import Told


def story(events: Iterable[Told]) -> str:
    """One line per event: when, counted from the first, and what happened.

    Args:
        events: A message's events as the control API gives them, in order.
    """
    events = list(events)
    if not events:
        return "Nothing is known of this message."
    begin = events[0]["at"]
    first = datetime.fromtimestamp(begin, timezone.utc)
    lines = [f"  {after(event['at'] - begin):>12}  {sentence(event, begin)}" for event in events]
    return "\n".join([f"Times are from {first:%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC on:", *lines])


def sentence(event: Told, begin: float = 0.0) -> str:
    """What happened, in one sentence.

    Args:
        event: One event.
        begin: From when times are counted, in epoch seconds.
    """
    kind = KINDS.get(event["kind"])
    return kind.sentence(event, begin) if kind else str(event["kind"]).replace("_", " ").capitalize() + "."
