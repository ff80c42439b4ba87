"""What became of messages, read from their events."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from harness.client.event import Event

UNKNOWN = "unknown"
"""The state of a message of which the ledger has no event."""


@dataclass
class Fate:
    """One message, as far as its events tell.

    Attributes:
        message_id: The message.
        state: `delayed`, `visible`, `in flight`, `moved to QUEUE`, or how it ended: `deleted`, `expired`,
            `purged`, `filtered`.
        queue: The queue that it is in, or was in last.
        there: Whether it is in that queue.
        sent: Whether its sending is among the events.
        deliveries: How often it was received.
        accounted: Whether its end is one that loses nothing, whatever came after.
        doubt: What is wrong with the way in which it was deleted.
        taker: The function of the mapping that received it last; None where a client did.
        batch: The batch that it is in.
        unproved: Deletions that count if their batch has succeeded: its id, and what to say if not.
    """

    message_id: str
    state: str = UNKNOWN
    queue: str = ""
    there: bool = False
    sent: bool = False
    deliveries: int = 0
    accounted: bool = False
    doubt: str = ""
    taker: str | None = field(default=None, repr=False)
    batch: str | None = field(default=None, repr=False)
    unproved: list[tuple[str, str]] = field(default_factory=list, repr=False)

    @property
    def lost(self) -> bool:
        """Whether it was sent and is neither in a queue nor accounted for."""
        return self.sent and not self.there and not self.accounted


class Fates:
    """The fates of all messages of an account.

    A message is accounted for when it expired, was purged, or matched no filter; and when it was deleted
    after success. That is: by a mapping whose invocation succeeded and did not name the message as failed; by
    a client that had received it last; or by a client, such as the handler itself, while a mapping had it,
    where that invocation succeeded in the end.

    Args:
        events: In order.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        self._fates: dict[str, Fate] = {}
        self._succeeded: set[str] = set()
        self._failed_items: set[tuple[str, str]] = set()
        for event in events:
            self._take(event)
        for fate in self._fates.values():
            self._judge(fate)

    def of(self, message_id: str) -> Fate:
        """One message's."""
        return self._fates.get(message_id) or Fate(message_id)

    def lost(self) -> list[Fate]:
        """The messages that were lost."""
        return [fate for fate in self._fates.values() if fate.lost]

    def standing(self) -> Counter[str]:
        """How many messages there are in each queue, by the queue's name."""
        return Counter(fate.queue for fate in self._fates.values() if fate.there)

    def __len__(self) -> int:
        """How many messages were sent."""
        return sum(fate.sent for fate in self._fates.values())

    def _take(self, event: Event) -> None:
        if event.kind == "batch_formed":
            for message_id in event.detail.get("message_ids", ()):
                self._fate(message_id).batch = event.batch_id
        elif event.kind == "invoke_succeeded" and event.batch_id:
            self._succeeded.add(event.batch_id)
        elif event.kind == "partial_failure" and event.batch_id and event.message_id:
            self._failed_items.add((event.batch_id, event.message_id))
        elif event.message_id is not None and (change := _CHANGES.get(event.kind)) is not None:
            change(self._fate(event.message_id), event)

    def _fate(self, message_id: str) -> Fate:
        return self._fates.setdefault(message_id, Fate(message_id))

    def _judge(self, fate: Fate) -> None:
        for batch_id, doubt in fate.unproved:
            if batch_id in self._succeeded and (batch_id, fate.message_id) not in self._failed_items:
                fate.accounted = True
            else:
                fate.doubt = doubt


def _stand(fate: Fate, event: Event, state: str) -> None:
    fate.state, fate.there = state, True
    fate.queue = event.queue or fate.queue


def _sent(fate: Fate, event: Event) -> None:
    fate.sent = True
    _stand(fate, event, "visible" if event.visible_at is None else "delayed")


def _received(fate: Fate, event: Event) -> None:
    fate.deliveries += 1
    fate.taker, fate.batch = event.function, None
    _hidden(fate, event)


def _hidden(fate: Fate, event: Event) -> None:
    _stand(fate, event, "in flight" if (event.visible_at or 0) > event.at else "visible")


def _visible(fate: Fate, event: Event) -> None:
    _stand(fate, event, "visible")


def _moved(fate: Fate, event: Event) -> None:
    fate.taker = fate.batch = None
    fate.state, fate.there, fate.queue = f"moved to {event.detail['to']}", True, str(event.detail["to"])


def _deleted(fate: Fate, event: Event) -> None:
    fate.state, fate.there = "deleted", False
    if event.function is not None:
        fate.unproved.append(
            (
                event.batch_id or "",
                f"The mapping to {event.function} deleted it, and its invocation had not succeeded.",
            )
        )
    elif fate.taker is not None:
        fate.unproved.append(
            (
                fate.batch or "",
                f"It was deleted while {fate.taker} had it, whose invocation did not succeed.",
            )
        )
    else:
        fate.accounted = True


def _gone(fate: Fate, event: Event) -> None:
    fate.state, fate.there, fate.accounted = event.kind, False, True


_CHANGES: dict[str, Callable[[Fate, Event], None]] = {
    "sent": _sent,
    "received": _received,
    "visibility_changed": _hidden,
    "visible": _visible,
    "moved_to_dlq": _moved,
    "moved": _moved,
    "deleted": _deleted,
    "expired": _gone,
    "purged": _gone,
    "filtered": _gone,
}
