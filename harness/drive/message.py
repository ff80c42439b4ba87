"""A message, sent or received."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.errors import MessageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.drive.queue import Queue

type Attribute = str | int | float | bytes


@dataclass(kw_only=True, eq=False)
class Message:
    """One message of a queue.

    Attributes:
        id: AWS's message id; a result names the id of its input in `messageId`.
        body: The text, as it was sent.
        queue: The queue it was sent to or received from.
        attributes: Message attributes: text, numbers or bytes.
        system: AWS's own attributes (`SentTimestamp`, `MessageGroupId`, ...), empty on a message just sent.
        receipt_handle: What deletes it; None on a message just sent or only looked at.
        seen: `time.perf_counter()` when this process had sent or received it.
    """

    id: str
    body: str
    queue: Queue = field(repr=False)
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    system: Mapping[str, str] = field(default_factory=dict, repr=False)
    receipt_handle: str | None = field(default=None, repr=False)
    seen: float = field(default_factory=time.perf_counter, repr=False)

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            MessageError: It is not JSON.
        """
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise MessageError(
                f"Message {self.id} in {self.queue.name} is not JSON ({error}): {self.body[:200]!r}",
            ) from None

    @property
    def receive_count(self) -> int:
        """How often it has been received, this time included; 0 on a message just sent."""
        return int(self.system.get("ApproximateReceiveCount", 0))

    @property
    def group(self) -> str | None:
        """The message group id of a FIFO queue's message."""
        return self.system.get("MessageGroupId")

    def delete(self) -> None:
        """Delete it from its queue."""
        self.queue.delete([self])

    def change_visibility(self, seconds: int) -> None:
        """Hide it for `seconds` from now on, 0 shows it again (ChangeMessageVisibility)."""
        self.queue.change_visibility([self], seconds)

    def receipt(self) -> str:
        """The receipt handle.

        Raises:
            MessageError: The message was not received, so that there is none.
        """
        if self.receipt_handle is None:
            raise MessageError(
                f"Message {self.id} was sent to or seen in {self.queue.name}, not received from it.",
                hint="Receive it first: queue.receive() or queue.receive_one().",
            )
        return self.receipt_handle


def text_of(body: object) -> str:
    """What is sent for `body`: text as it is, anything else as JSON.

    Raises:
        UsageError: It is neither.
    """
    if isinstance(body, str):
        return body
    try:
        return json.dumps(body, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(f"This body is neither text nor JSON ({error}): {body!r:.200}") from None


def to_aws(attributes: Mapping[str, Attribute] | None) -> dict[str, Any]:
    """Message attributes as SendMessage takes them."""
    return {name: _attribute(name, value) for name, value in (attributes or {}).items()}


def from_aws(attributes: Mapping[str, Any] | None) -> dict[str, Attribute]:
    """Message attributes as ReceiveMessage returns them, in Python's types."""
    return {name: _value(attribute) for name, attribute in (attributes or {}).items()}


def _attribute(name: str, value: Attribute) -> dict[str, Any]:
    match value:
        case bool():
            pass
        case str():
            return {"DataType": "String", "StringValue": value}
        case int() | float():
            return {"DataType": "Number", "StringValue": str(value)}
        case bytes():
            return {"DataType": "Binary", "BinaryValue": value}
    raise UsageError(f"Message attribute {name!r} must be text, a number or bytes, not {value!r}.")


def _value(attribute: Mapping[str, Any]) -> Attribute:
    kind = attribute["DataType"].partition(".")[0]
    if kind == "Binary":
        return bytes(attribute["BinaryValue"])
    text = str(attribute["StringValue"])
    if kind != "Number":
        return text
    return int(text) if text.lstrip("+-").isdigit() else float(text)
