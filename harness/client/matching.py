"""Which result belongs to which operation."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.client import Message


_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


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
    """Gives each result to its operation, whatever format the function answers in.

    A result that holds an operation's message id, anywhere in its body or attributes, belongs to that one.
    Else one whose body repeats all members of an operation (`{"a": 5, "b": 3, "result": 8}`) belongs to the
    first such operation without a result, and any other to the first operation without one. A result that
    names another message as its `messageId`, or repeats an operation that has its result, belongs to none.

    Args:
        sent: The operations.
        earlier: Ids of messages that were there before, and so are no results of these operations.
    """

    def __init__(self, sent: Sequence[Message], earlier: Iterable[str] = ()) -> None:
        self._earlier = frozenset(earlier)
        self.rows = [Row(number, message) for number, message in enumerate(sent, start=1)]
        self._by_id: dict[str, list[Row]] = {}
        self._by_body: dict[tuple[str, ...], dict[str, list[Row]]] = {}
        for row in self.rows:  # FIFO deduplication gives the same id to more than one
            self._by_id.setdefault(row.sent.id, []).append(row)
            value = parsed(row.sent.body)
            if isinstance(value, dict) and value:
                members = tuple(sorted(value))
                self._by_body.setdefault(members, {}).setdefault(_canonical(value), []).append(row)

    def take(self, message: Message) -> bool:
        """Give `message` to its operation; False when it belongs to none, or to one that has its result."""
        if message.id in self._earlier:
            return False
        value = parsed(message.body)
        input_id = self._named_id(message, value)
        if input_id is not None:
            rows = [row for row in self._by_id.get(input_id, ()) if row.result is None]
        else:
            repeated = self._repeated_by(value)
            candidates = self.rows if repeated is None else repeated
            rows = [row for row in candidates if row.result is None][:1]
        for row in rows:
            row.result = message
        return bool(rows)

    def _named_id(self, message: Message, value: Any) -> str | None:
        """The id of the input that a result names; None where it names none."""
        for text in (message.body, *map(str, message.attributes.values())):
            for found in _UUID.findall(text):
                if found in self._by_id:
                    return str(found)
        named = value.get("messageId") if isinstance(value, dict) else None
        return named if isinstance(named, str) else None

    def _repeated_by(self, value: Any) -> list[Row] | None:
        """The operations whose members a result repeats; None where it repeats none."""
        if not isinstance(value, dict):
            return None
        for members in sorted(self._by_body, key=len, reverse=True):
            if value.keys() >= set(members):
                body = _canonical({name: value[name] for name in members})
                if rows := self._by_body[members].get(body):
                    return rows
        return None

    @property
    def expected(self) -> int:
        """How many results there will be."""
        return len(self._by_id)

    @property
    def missing(self) -> list[Row]:
        """The operations without a result."""
        return [row for row in self.rows if row.result is None]


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def parsed(body: str) -> Any:
    """The body as JSON, or itself where it is not."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body
