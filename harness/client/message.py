"""A message, sent or received."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from harness.client.fates import Fates
from harness.model.errors import HarnessError, MessageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.client.event import History
    from harness.client.fates import Fate
    from harness.client.ledger import Ledger
    from harness.client.queue import Queue

Attribute: TypeAlias = str | int | float | bytes


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

    # What became of it, where the environment keeps a ledger (the capability `ledger`).

    @property
    def history(self) -> History:
        """What happened to it, and to the batches that held it, in order; as text, its story."""
        return self._ledger.where(message=self.id)

    @property
    def deliveries(self) -> int:
        """How often it has been received, by mappings and clients, from any queue."""
        return self._fate(self.history).deliveries

    @property
    def state(self) -> str:
        """Where it is: `delayed`, `visible`, `in flight`, `moved to QUEUE`, or how it ended.

        That is `deleted`, `expired`, `purged`, `filtered`; or `unknown` where the ledger has nothing of it.
        """
        return self._fate(self.history).state

    def assert_deleted(self) -> None:
        """Fail with its story, unless it was deleted after success.

        Raises:
            AssertionError: It was not.
        """
        __tracebackhide__ = True
        fate = self._fate(history := self.history)
        if fate.state != "deleted" or not fate.accounted:
            self._fail("deleted after success", fate.doubt or f"it is {fate.state}", history)

    def assert_delivered(self, times: int) -> None:
        """Fail with its story, unless it was received so often, by mappings and clients.

        Raises:
            AssertionError: It was not.
        """
        __tracebackhide__ = True
        fate = self._fate(history := self.history)
        if fate.deliveries != times:
            self._fail(f"delivered {_times(times)}", f"it was {_times(fate.deliveries)}", history)

    def assert_in(self, queue: Queue | str) -> None:
        """Fail with its story, unless it is in that queue, in whatever state.

        Args:
            queue: The queue, or its AWS name.

        Raises:
            AssertionError: It is not.
        """
        __tracebackhide__ = True
        name = queue if isinstance(queue, str) else queue.name
        fate = self._fate(history := self.history)
        if not fate.there or fate.queue != name:
            where = f"it is {fate.state} in {fate.queue}" if fate.there else f"it is {fate.state}"
            self._fail(f"in {name}", where, history)

    def _fate(self, history: History) -> Fate:
        return Fates(history).of(self.id)

    def _fail(self, wanted: str, found: str, history: History) -> NoReturn:
        __tracebackhide__ = True
        raise AssertionError(
            f"Message {self.id} should have been {wanted}; {found}.".replace("..", ".") + f"\n{history}"
        )

    @property
    def _ledger(self) -> Ledger:
        if self.queue.ledger is None:
            raise HarnessError(f"{self.queue.name} belongs to no stack, whose ledger could be asked.")
        return self.queue.ledger

    # What can be done with it once it was received.

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


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


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
