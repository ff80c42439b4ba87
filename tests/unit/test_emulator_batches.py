from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from harness.emulator.batches import PAYLOAD_LIMIT, failed_ids, matches, payloads, record
from harness.emulator.queues import Received

ARN = "arn:aws:sqs:us-east-1:000000000000:orders"


def message(body: str, identifier: str = "m1", **more: Any) -> dict[str, Any]:
    return {
        "MessageId": identifier,
        "ReceiptHandle": "handle",
        "Body": body,
        "MD5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "Attributes": {"ApproximateReceiveCount": "1"},
        **more,
    }


def entry(body: str, *, windowed: bool = False, **more: Any) -> dict[str, Any]:
    return record(message(body, **more), ARN, "us-east-1", windowed=windowed)


@pytest.mark.parametrize(
    "body",
    ['{"a":1}', '{"a": 1, "a": 2}', "1e5", "12345678901234567890.5", '"hello"', "é", "not JSON", " { } "],
)
def test_a_body_reaches_the_function_as_it_was_sent(body: str) -> None:
    made = entry(body)
    [(_, event)] = payloads([(Received(message(body), None), made)])
    seen = json.loads(event)["Records"][0]
    assert seen["body"] == body
    assert seen["md5OfBody"] == hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def test_a_record_has_the_fields_that_aws_sends() -> None:
    assert entry("x") == {
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
    assert entry("x", windowed=True)["md5OfMessageAttributes"] is None


def test_message_attributes_are_lower_camel_with_empty_lists_and_binary_as_base64() -> None:
    attributes = {"Raw": {"DataType": "Binary", "BinaryValue": b"\x00\x01"}}
    made = entry("x", MessageAttributes=attributes, MD5OfMessageAttributes="md5")
    [(_, event)] = payloads([(Received({}, None), made)])
    seen = json.loads(event)["Records"][0]
    assert seen["messageAttributes"] == {
        "Raw": {"binaryValue": "AAE=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
    }
    assert seen["md5OfMessageAttributes"] == "md5"


@pytest.mark.parametrize(
    ("patterns", "body", "passes"),
    [
        ([], "anything", True),
        ([{"body": {"kind": ["a"]}}], '{"kind": "a"}', True),
        ([{"body": {"kind": ["a"]}}], '{"kind": "b"}', False),
        ([{"body": {"kind": ["a"]}}, {"body": {"kind": ["b"]}}], '{"kind": "b"}', True),
        ([{"body": {"n": [{"numeric": [">", 100]}]}}], '{"n": 101}', True),
        ([{"body": {"n": [{"numeric": [">", 100]}]}}], '{"n": 100}', False),
        ([{"body": {"kind": ["a"]}}], "plain text", False),
        ([{"body": {"kind": ["a"]}}], "[1]", False),
        ([{"body": ["plain text"]}], "plain text", True),
        ([{"body": ["plain text"]}], '{"kind": "a"}', False),
    ],
)
def test_filters(patterns: list[dict[str, Any]], body: str, *, passes: bool) -> None:
    assert matches(entry(body), patterns) is passes


def test_a_filter_leaves_the_body_as_it_was_sent() -> None:
    made = entry('{"n":  1.50}')
    assert matches(made, [{"body": {"n": [1.5]}}])
    assert made["body"] == '{"n":  1.50}'


def test_a_batch_above_six_megabytes_is_split_in_order() -> None:
    half = "x" * (PAYLOAD_LIMIT // 2 - 1000)
    sent = [(Received(message(half, str(n)), None), entry(half, identifier=str(n))) for n in range(3)]
    made = list(payloads(sent))
    assert [[item.id for item in messages] for messages, _ in made] == [["0", "1"], ["2"]]
    assert all(len(event) <= PAYLOAD_LIMIT for _, event in made)


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (b"", set()),
        (b"null", set()),
        (b"{}", set()),
        (b'{"batchItemFailures": []}', set()),
        (b'{"batchItemFailures": null}', set()),
        (b'{"batchItemFailures": [{"itemIdentifier": "b"}]}', {"b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": "stranger"}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', {"a", "b"}),
        (b'{"batchItemFailures": [{"id": "b"}]}', {"a", "b"}),
        (b"not JSON", {"a", "b"}),
    ],
)
def test_what_a_function_reports_as_failed(answer: bytes, failed: set[str]) -> None:
    assert failed_ids(answer, {"a", "b"}) == failed
