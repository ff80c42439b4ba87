from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from tests.support.mapped import REGION, MakeMapped, Mapped, bodies_of
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Emulator

pytestmark = pytest.mark.only_on("embedded", "container")


BODIES = [
    '{"a":1}',
    '{"a": 1, "a": 2}',
    "1e5",
    "12345678901234567890.123456789",
    '"hello"',
    '{"name": "é ☃"}',
    "not JSON",
    '  {"spaced" : true}  ',
]


@pytest.fixture(scope="module")
def echo(emulator: Emulator) -> Iterator[Mapped]:
    mapped = Mapped(emulator.client)
    yield mapped
    mapped.close()


def test_bodies_reach_the_function_as_they_were_sent(echo: Mapped) -> None:
    identifiers = echo.send(*BODIES)
    [records] = echo.told(1)
    assert bodies_of(records) == BODIES
    assert [record["messageId"] for record in records] == identifiers
    for record in records:
        md5 = hashlib.md5(record["body"].encode(), usedforsecurity=False).hexdigest()
        assert record["md5OfBody"] == md5
        assert record["attributes"]["ApproximateReceiveCount"] == "1"
        assert record["eventSourceARN"] == f"arn:aws:sqs:{REGION}:{echo.account}:in"
        assert "md5OfMessageAttributes" not in record


def test_message_attributes_reach_the_function(echo: Mapped) -> None:
    sent = echo.sqs.send_message(
        QueueUrl=echo.input,
        MessageBody="x",
        MessageAttributes={
            "Author": {"DataType": "String", "StringValue": "Ada"},
            "Raw": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        },
    )
    [[record]] = echo.told(1)
    empty: dict[str, list[str]] = {"stringListValues": [], "binaryListValues": []}
    assert record["messageAttributes"] == {
        "Author": {"stringValue": "Ada", "dataType": "String", **empty},
        "Raw": {"binaryValue": "AAE=", "dataType": "Binary", **empty},
    }
    assert record["md5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]


def test_what_succeeded_is_deleted(echo: Mapped) -> None:
    echo.send("x", "y")
    echo.told(1)
    assert eventually(lambda: echo.counts(echo.input) == (0, 0))


def test_filters_drop_what_does_not_match(make_mapped: MakeMapped) -> None:
    pattern = json.dumps({"body": {"kind": ["wanted"]}})
    mapped = make_mapped(mapping={"FilterCriteria": {"Filters": [{"Pattern": pattern}]}})
    mapped.send('{"kind":"other"}', "plain text", '{"kind":"wanted",  "n": 1.50}', "[1]")
    [records] = mapped.told(1)
    assert bodies_of(records) == ['{"kind":"wanted",  "n": 1.50}']
    assert eventually(lambda: mapped.counts(mapped.input) == (0, 0))


def test_a_window_gathers_a_batch(make_mapped: MakeMapped) -> None:
    mapped = make_mapped(mapping={"BatchSize": 100, "MaximumBatchingWindowInSeconds": 3})
    for body in ("a", "b", "c"):
        mapped.send(body)
    [records] = mapped.told(1)
    assert bodies_of(records) == ["a", "b", "c"]
    assert [record["md5OfMessageAttributes"] for record in records] == [None, None, None]


def test_a_full_batch_does_not_wait_for_its_window(make_mapped: MakeMapped) -> None:
    mapped = make_mapped(mapping={"BatchSize": 3, "MaximumBatchingWindowInSeconds": 300})
    for body in ("a", "b", "c"):
        mapped.send(body)
    assert bodies_of(mapped.told(1)[0]) == ["a", "b", "c"]


def test_a_batch_of_more_than_ten(make_mapped: MakeMapped) -> None:
    mapped = make_mapped(mapping=None)
    sent = [str(n) for n in range(30)]
    for first in range(0, 30, 10):
        mapped.send(*sent[first : first + 10])
    mapped.map(BatchSize=30, MaximumBatchingWindowInSeconds=300)
    assert bodies_of(mapped.told(1)[0]) == sent
