"""A message as a queue holds it, and as ReceiveMessage shows it."""

from __future__ import annotations

import base64
import binascii
import itertools
import uuid
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from localstack.aws.api.sqs import ReceiptHandleIsInvalid
from localstack.services.sqs.utils import create_message_attribute_hash

if TYPE_CHECKING:
    from collections.abc import Collection

_ALL_ATTRIBUTES = frozenset({"All", ".*", "*"})
_HANDLE_PARTS = 4
SEQUENCE = itertools.count(18_849_496_460_467_696_128, 256)
"""Sequence numbers: 20 digits, increasing, not consecutive (A-61)."""
_ORDER = itertools.count()
_HANDLES = itertools.count(uuid.uuid4().int)


class MessageState(IntEnum):
    """Where a message of a queue is."""

    DELAYED = 0
    VISIBLE = 1
    IN_FLIGHT = 2
    GONE = 3


class Sent(NamedTuple):
    """What a send answers.

    Attributes:
        message_id: The message's; of a repetition, that of the first.
        sequence_number: On a FIFO queue.
    """

    message_id: str
    sequence_number: str | None


class StoredMessage:
    """One message of one queue.

    Attributes:
        id: The message id.
        body: As sent.
        body_md5: Of the body, as 32 hexadecimal digits.
        attributes: Message attributes, as sent; None without.
        attributes_md5: Of all of them.
        system: Attributes that do not change: SenderId, SentTimestamp, AWSTraceHeader, and so on.
        group: The message group id.
        order: Its place among all messages of the queue.
        enqueued: Epoch seconds from which its retention counts (A-41, A-46).
        state: Where it is.
        receives: How often it was received from this queue: what maxReceiveCount limits (A-36).
        receive_count: How often it was received from any queue (A-23).
        first_received: Epoch milliseconds; 0 before.
        received: Epoch seconds of the last receive, from which the 12 h count (A-05).
        handle: Receipt handle of the last receive.
        hidden_until: When its delay or its visibility timeout ends.
    """

    __slots__ = (
        "attributes",
        "attributes_md5",
        "body",
        "body_md5",
        "enqueued",
        "first_received",
        "group",
        "handle",
        "hidden_until",
        "id",
        "order",
        "receive_count",
        "received",
        "receives",
        "state",
        "system",
    )

    def __init__(
        self,
        message_id: str,
        body: str,
        body_md5: str,
        system: dict[str, str],
        *,
        attributes: dict[str, Any] | None = None,
        attributes_md5: str | None = None,
        group: str | None = None,
    ) -> None:
        self.id = message_id
        self.body = body
        self.body_md5 = body_md5
        self.system = system
        self.attributes = attributes
        self.attributes_md5 = attributes_md5
        self.group = group
        self.enqueued = 0.0
        self.order = next(_ORDER)
        self.state = MessageState.GONE
        self.receives = 0
        self.receive_count = 0
        self.first_received = 0
        self.received = 0.0
        self.handle = ""
        self.hidden_until = 0.0

    @property
    def deduplication_id(self) -> str | None:
        """Its deduplication id; None on a standard queue."""
        return self.system.get("MessageDeduplicationId")

    @property
    def as_sent(self) -> Sent:
        """What its send answered."""
        return Sent(self.id, self.system.get("SequenceNumber"))

    def sent(self, now: float) -> None:
        """It enters its first queue."""
        self.enqueued = now
        self.system["SentTimestamp"] = str(int(now * 1000))

    def moved(self) -> None:
        """It is another queue's now: last there, and not received there yet."""
        self.order = next(_ORDER)
        self.receives = 0
        self.handle = ""
        self.state = MessageState.GONE

    def show(
        self, system_names: Collection[str] = (), attribute_names: Collection[str] = ()
    ) -> dict[str, Any]:
        """It as ReceiveMessage returns it, without the receipt handle (A-22, A-23, A-34).

        Args:
            system_names: The system attributes that are asked for.
            attribute_names: The message attributes that are asked for.
        """
        shown: dict[str, Any] = {"MessageId": self.id, "MD5OfBody": self.body_md5, "Body": self.body}
        if system_names and (system := self._system(system_names)):
            shown["Attributes"] = system
        if self.attributes and attribute_names:
            attributes = _chosen(self.attributes, attribute_names)
            if attributes:
                shown["MessageAttributes"] = attributes
                shown["MD5OfMessageAttributes"] = (
                    self.attributes_md5
                    if len(attributes) == len(self.attributes)
                    else create_message_attribute_hash(attributes)
                )
        return shown

    def _system(self, names: Collection[str]) -> dict[str, str]:
        system = {
            **self.system,
            "ApproximateReceiveCount": str(self.receive_count),
            "ApproximateFirstReceiveTimestamp": str(self.first_received),
        }
        if "All" in names:
            return system
        return {name: value for name, value in system.items() if name in names}


def _chosen(attributes: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    if not _ALL_ATTRIBUTES.isdisjoint(names):
        return dict(attributes)
    exact = frozenset(names)
    prefixes = tuple(name.removesuffix(".*") for name in names if name.endswith(".*"))
    return {name: value for name, value in attributes.items() if name in exact or name.startswith(prefixes)}


def new_handle(queue_arn: str, message: StoredMessage) -> str:
    """A receipt handle: whose it is, and that it is of this receive."""
    text = f"{next(_HANDLES):x} {queue_arn} {message.id} {message.received}"
    return base64.b64encode(text.encode()).decode()


def message_id_of(handle: str, queue_arn: str) -> str:
    """The message that a receipt handle of `queue_arn` is for.

    Raises:
        ReceiptHandleIsInvalid: It is none, or another queue's (A-08).
    """
    try:
        parts = base64.b64decode(handle, validate=True).decode().split(" ")
    except (binascii.Error, ValueError):
        parts = []
    if len(parts) != _HANDLE_PARTS or parts[1] != queue_arn:
        raise ReceiptHandleIsInvalid(f'The input receipt handle "{handle}" is not a valid receipt handle.')
    return parts[2]
