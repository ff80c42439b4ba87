"""From received messages to the event that a function gets, and from its answer to what may be deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localstack.services.lambda_.event_source_mapping.pipe_utils import to_json_str
from localstack.services.lambda_.event_source_mapping.pollers.poller import parse_batch_item_failures
from localstack.utils.event_matcher import matches_event

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.emulator.queues import Received

PAYLOAD_LIMIT = 6 * 1024 * 1024
"""Bytes of a synchronous invocation's payload."""
EVENT_OVERHEAD = len('{"Records": []}')


def record(message: dict[str, Any], queue_arn: str, region: str, *, windowed: bool) -> dict[str, Any]:
    """One entry of the event's `Records`.

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
    if (md5 := message.get("MD5OfMessageAttributes")) or windowed:
        # Without attributes AWS leaves the key out, or sends null where the mapping has a batching window.
        entry["md5OfMessageAttributes"] = md5
    return {
        **entry,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": region,
    }


def _message_attribute(value: dict[str, Any]) -> dict[str, Any]:
    lowered = {name[0].lower() + name[1:]: item for name, item in value.items()}
    data_type = lowered.pop("dataType", None)
    return {**lowered, "stringListValues": [], "binaryListValues": [], "dataType": data_type}


def matches(entry: dict[str, Any], patterns: Sequence[dict[str, Any]]) -> bool:
    """Whether a record passes a mapping's filters: any of them, or there is none."""
    if not patterns:
        return True
    try:
        body = json.loads(entry["body"])
    except ValueError:
        body = entry["body"]
    event = {**entry, "body": body}
    return any(_matches(pattern, event) for pattern in patterns)


def _matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    # A pattern for JSON against plain text, or the other way round, drops the message.
    if "body" in pattern and isinstance(pattern["body"], dict) != isinstance(event["body"], dict):
        return False
    return bool(matches_event(pattern, event))


def payloads(entries: Sequence[tuple[Received, dict[str, Any]]]) -> Iterator[tuple[list[Received], bytes]]:
    """Events of at most 6 MB, in order, each with the messages that are in it."""
    messages: list[Received] = []
    texts: list[str] = []
    size = EVENT_OVERHEAD
    for received, entry in entries:
        text = to_json_str(entry)  # bytes as base64; ASCII, so that characters are bytes
        if messages and size + len(text) > PAYLOAD_LIMIT:
            yield messages, _event(texts)
            messages, texts, size = [], [], EVENT_OVERHEAD
        messages.append(received)
        texts.append(text)
        size += len(text) + len(", ")
    if messages:
        yield messages, _event(texts)


def _event(texts: Sequence[str]) -> bytes:
    return f'{{"Records": [{", ".join(texts)}]}}'.encode()


def failed_ids(answer: bytes, ids: set[str]) -> set[str]:
    """The message ids that a function reports as failed; all of `ids` where its report is no good.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
    """
    try:
        payload = json.loads(answer) if answer else None
        return set(parse_batch_item_failures(payload, ids))
    except Exception:  # noqa: BLE001 - whatever is wrong with it, the batch failed
        return set(ids)
