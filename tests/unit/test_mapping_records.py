from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from harness_emulator.mapping.batches import Batch
from harness_emulator.mapping.records import PAYLOAD_LIMIT, Entry, encoded, event, record
from harness_emulator.mapping.settings import MappingSettings
from harness_emulator.sqs.in_process import Received

if TYPE_CHECKING:
    from harness_emulator.sqs.in_process import HarnessQueue

ARN = "arn:aws:sqs:us-east-1:000000000000:orders"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:calculate"
NO_QUEUE = cast("HarnessQueue", None)


def message(body: str, identifier: str = "m1", **more: Any) -> dict[str, Any]:
    return {
        "MessageId": identifier,
        "ReceiptHandle": "handle",
        "Body": body,
        "MD5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "Attributes": {"ApproximateReceiveCount": "1"},
        **more,
    }


def made(body: str, *, window: int = 0, **more: Any) -> dict[str, Any]:
    return record(message(body, **more), MappingSettings(ARN, FUNCTION, window=window))


def entry(body: str, identifier: str = "m1", **more: Any) -> Entry:
    return Entry(Received(message(body, identifier), more.get("group")), encoded(made(body, **more)))


def seen(*entries: Entry) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads(event(entries))["Records"]
    return records


@pytest.mark.parametrize(
    "body",
    ['{"a":1}', '{"a": 1, "a": 2}', "1e5", "12345678901234567890.5", '"hello"', "é", "not JSON", " { } "],
)
def test_a_body_reaches_the_function_as_it_was_sent(body: str) -> None:
    [found] = seen(entry(body))
    assert found["body"] == body
    assert found["md5OfBody"] == hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def test_a_record_has_the_fields_that_aws_sends() -> None:
    assert made("x") == {
        "messageId": "m1",
        "receiptHandle": "handle",
        "body": "x",
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(b"x", usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": ARN,
        "awsRegion": "us-east-1",
    }


def test_with_a_batching_window_the_attributes_md5_is_there_as_null() -> None:
    assert made("x", window=1)["md5OfMessageAttributes"] is None
    assert "md5OfMessageAttributes" not in made("x")


def test_message_attributes_are_lower_camel_with_empty_lists_and_binary_as_base64() -> None:
    attributes = {"Raw": {"DataType": "Binary", "BinaryValue": b"\x00\x01"}}
    [found] = seen(entry("x", MessageAttributes=attributes, MD5OfMessageAttributes="md5"))
    assert found["messageAttributes"] == {
        "Raw": {"binaryValue": "AAE=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
    }
    assert found["md5OfMessageAttributes"] == "md5"


def test_a_batch_takes_no_message_that_would_make_its_event_larger_than_six_megabytes() -> None:
    batch = Batch(MappingSettings(ARN, FUNCTION), NO_QUEUE, 0.0)
    half = "x" * (PAYLOAD_LIMIT // 2 - 1000)
    assert [batch.take(entry(half, str(number))) for number in range(3)] == [True, True, False]
    assert len(event(batch.entries)) <= PAYLOAD_LIMIT
    assert batch.missing == 8


def test_a_message_that_is_received_again_is_in_the_batch_once_as_it_was_received_last() -> None:
    batch = Batch(MappingSettings(ARN, FUNCTION), NO_QUEUE, 0.0)
    for body, identifier in (("first", "1"), ("x", "2"), ("again", "1")):
        batch.take(entry(body, identifier))
    assert [found["body"] for found in seen(*batch.entries)] == ["again", "x"]
    assert batch.size == len(event(batch.entries)) + len(", ")


def test_a_batch_takes_a_message_that_fills_it_to_the_last_byte() -> None:
    batch = Batch(MappingSettings(ARN, FUNCTION), NO_QUEUE, 0.0)
    batch.take(entry("x", "m0"))
    room = PAYLOAD_LIMIT - batch.size - (entry("").size)
    assert not batch.take(entry("x" * (room + 1)))
    assert batch.take(entry("x" * room))
    assert PAYLOAD_LIMIT - 2 <= len(event(batch.entries)) <= PAYLOAD_LIMIT


def test_the_groups_of_a_batch_are_those_of_a_fifo_queue() -> None:
    for arn, groups in ((f"{ARN}.fifo", {"a", "b"}), (ARN, set())):
        batch = Batch(MappingSettings(arn, FUNCTION), NO_QUEUE, 0.0)
        batch.take(entry("x", "1", group="a"))
        batch.take(entry("y", "2", group="b"))
        assert batch.groups == groups
