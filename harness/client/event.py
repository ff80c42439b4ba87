"""One event of the ledger, and a message's history: its events, which read as a story."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from harness.model.story import sentence, story

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened. What does not apply is None.

    Attributes:
        seq: Counts the account's events from 1.
        at: The account's time, in epoch seconds.
        wall: The machine's time, in epoch seconds.
        kind: `sent`, `received`, `invoke_failed`, ...; docs/ledger.md lists them.
        account: 12 digits.
        region: The queue's or the function's.
        queue: Name of the queue.
        message_id: The message, where it is about one.
        receive_count: How often it has been received, this time included.
        batch_id: The batch of a mapping: one invocation has one batch.
        function: Name of the function.
        request_id: The invocation.
        environment_id: The execution environment.
        visible_at: When the message is visible (again), in the account's time.
        error: What went wrong, in one line.
        detail: What else belongs to its kind: `body`, `message_ids`, `log`, `to`, ...
    """

    seq: int
    at: float
    wall: float
    kind: str
    account: str | None = None
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
    detail: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """What happened, in a sentence."""
        return sentence(self.as_json(), self.at)

    def as_json(self) -> dict[str, Any]:
        """As the control API gives it: no key for what does not apply."""
        own = {name: value for name in _FIELDS if (value := getattr(self, name)) is not None}
        return {**own, **self.detail}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Event:
        """The event that the control API gives as `document`."""
        detail = {name: value for name, value in document.items() if name not in _FIELDS}
        return cls(**{name: document[name] for name in _FIELDS if name in document}, detail=detail)


_FIELDS = tuple(one.name for one in fields(Event) if one.name != "detail")


class History(tuple[Event, ...]):
    """Events in order; as text they are the story of the message, a sentence each."""

    __slots__ = ()

    def __str__(self) -> str:
        """The story, with times."""
        return story(event.as_json() for event in self)

    def __repr__(self) -> str:
        """The story again: so a failed assertion shows it."""
        return f"<{len(self)} events>\n{self}\n"
