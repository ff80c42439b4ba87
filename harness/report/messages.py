"""Events by the message that they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def by_message(events: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Each message's events in order, those of the batches that held it among them.

    Args:
        events: As the control API gives them, in order.
    """
    found: dict[str, list[Mapping[str, Any]]] = {}
    members: dict[str, list[str]] = {}
    for event in events:
        batch, message = event.get("batch_id"), event.get("message_id")
        if batch is not None and "message_ids" in event:
            members[batch] = list(event["message_ids"])
        for one in [message] if message is not None else members.get(batch or "", ()):
            found.setdefault(one, []).append(event)
    return found
