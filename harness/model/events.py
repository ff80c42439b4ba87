"""The kinds of events, and what one event holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = (
    *("sent", "deduplicated", "received", "visibility_changed", "visible", "deleted"),
    *("moved_to_dlq", "moved", "expired", "purged", "filtered"),
    *("batch_formed", "environment_started", "environment_stopped"),
    *("invoke_started", "invoke_succeeded", "invoke_failed", "invoke_timed_out"),
    *("throttled", "partial_failure", "fault_injected"),
)


class Event(NamedTuple):
    """One thing that happened. What does not apply is None.

    Attributes:
        account: 12 digits.
        seq: Counts an account's events from 1.
        at: The account's time, in epoch seconds.
        wall: The machine's time, in epoch seconds.
        kind: One of `KINDS`.
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


def event_of_row(row: Sequence[Any]) -> Event:
    """The event of a row of the file."""
    return Event(*row)
