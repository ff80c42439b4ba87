"""Which result belongs to which operation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.client import Message


@dataclass
class Row:
    """One operation and what came of it.

    Attributes:
        number: 1 for the first operation.
        sent: The message as it was sent.
        result: Its result, None while there is none.
    """

    number: int
    sent: Message
    result: Message | None = None

    @property
    def milliseconds(self) -> float | None:
        """From the answer to the send until the result was received here."""
        return None if self.result is None else max(0.0, (self.result.seen - self.sent.seen) * 1000)

    def as_json(self) -> dict[str, Any]:
        """The row for programs: bodies parsed where they are JSON, as text where they are not."""
        value = None if self.result is None else parsed(self.result.body)
        outcome = value if isinstance(value, dict) else {}
        elapsed = self.milliseconds
        return {
            "number": self.number,
            "message_id": self.sent.id,
            "operation": parsed(self.sent.body),
            "arrived": self.result is not None,
            "body": value,
            "result": outcome.get("result"),
            "error": outcome.get("error"),
            "ms": None if elapsed is None else round(elapsed, 1),
        }


class Matching:
    """Gives each result to its operation.

    A result whose body is an object with `messageId` belongs to the message of that id. One without belongs
    to the first operation that has none yet. What belongs to no operation of these is refused.

    Args:
        sent: The operations.
        earlier: Ids of messages that were there before, and so are no results of these operations.
    """

    def __init__(self, sent: Sequence[Message], earlier: Iterable[str] = ()) -> None:
        self._earlier = frozenset(earlier)
        self.rows = [Row(number, message) for number, message in enumerate(sent, start=1)]
        self._by_id: dict[str, list[Row]] = {}
        for row in self.rows:  # FIFO deduplication gives the same id to more than one
            self._by_id.setdefault(row.sent.id, []).append(row)

    def take(self, message: Message) -> bool:
        """Give `message` to its operation; False when it belongs to none, or to one that has its result."""
        if message.id in self._earlier:
            return False
        value = parsed(message.body)
        input_id = value.get("messageId") if isinstance(value, dict) else None
        if isinstance(input_id, str):
            rows = [row for row in self._by_id.get(input_id, ()) if row.result is None]
        else:
            rows = [row for row in self.rows if row.result is None][:1]
        for row in rows:
            row.result = message
        return bool(rows)

    @property
    def expected(self) -> int:
        """How many results there will be."""
        return len(self._by_id)

    @property
    def missing(self) -> list[Row]:
        """The operations without a result."""
        return [row for row in self.rows if row.result is None]


def parsed(body: str) -> Any:
    """The body as JSON, or itself where it is not."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body
