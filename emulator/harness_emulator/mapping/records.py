"""The records of the event that a function gets."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness_emulator.mapping.settings import MappingSettings
    from harness_emulator.sqs.in_process import Received

PAYLOAD_LIMIT = 6 * 1024 * 1024
"""Bytes of a synchronous invocation's payload: a batch is flushed before it would be more (row B-20)."""
EVENT_OVERHEAD = len('{"Records": []}')
SEPARATOR = ", "


@dataclass(frozen=True)
class Entry:
    """A received message that passed the filters.

    Attributes:
        received: The message.
        text: Its record in the event, as JSON of ASCII characters: as many bytes as characters.
    """

    received: Received
    text: str

    @property
    def size(self) -> int:
        """Bytes that it adds to an event: the record with its metadata counts, not only the body."""
        return len(self.text) + len(SEPARATOR)


def record(message: dict[str, Any], settings: MappingSettings) -> dict[str, Any]:
    """One entry of the event's `Records` (rows B-23 to B-26).

    The body is the sent text itself; LocalStack's own poller parses it as JSON and writes it anew, so that
    `md5OfBody` no longer matches, large numbers are rounded and doubled keys are lost.
    """
    entry: dict[str, Any] = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: _message_attribute(value)
            for name, value in (message.get("MessageAttributes") or {}).items()
        },
    }
    if (md5 := message.get("MD5OfMessageAttributes")) or settings.window:
        # Without attributes AWS leaves the key out, or sends null where the mapping has a batching window.
        entry["md5OfMessageAttributes"] = md5
    return {
        **entry,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": settings.queue_arn,
        "awsRegion": settings.region,
    }


def _message_attribute(value: dict[str, Any]) -> dict[str, Any]:
    lowered = {name[0].lower() + name[1:]: item for name, item in value.items()}
    data_type = lowered.pop("dataType", None)
    return {**lowered, "stringListValues": [], "binaryListValues": [], "dataType": data_type}


def encoded(entry: dict[str, Any]) -> str:
    """A record as JSON; bytes as base64."""
    return json.dumps(entry, default=_base64)


def _base64(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"{type(value).__name__} is no part of a record.")


def event(entries: Iterable[Entry]) -> bytes:
    """The event of these records."""
    return f'{{"Records": [{SEPARATOR.join(entry.text for entry in entries)}]}}'.encode("ascii")
