from __future__ import annotations

import threading

import pytest

from harness.client.batches import LARGEST_BYTES, Outgoing, in_batches, in_parallel, refuse_failures, tens
from harness.client.message import Attribute, from_aws, text_of, to_aws
from harness.model.errors import MessageError, UsageError


def sizes(*bodies: str) -> list[int]:
    return [len(batch) for batch in in_batches([Outgoing(body) for body in bodies])]


def test_ten_to_a_batch() -> None:
    assert sizes(*["x"] * 25) == [10, 10, 5]
    assert sizes() == []


def test_one_mebibyte_to_a_batch() -> None:
    half = "x" * (LARGEST_BYTES // 2)
    assert sizes(half, half, "x") == [2, 1]
    assert sizes(half, half + "x", half) == [1, 1, 1]
    assert sizes("x" * LARGEST_BYTES) == [1]


def test_bytes_count_and_not_characters() -> None:
    assert Outgoing("é").size == 2
    assert sizes("é" * (LARGEST_BYTES // 4), "é" * (LARGEST_BYTES // 4), "x") == [2, 1]


def test_attributes_count() -> None:
    attributes = to_aws({"name": "value", "n": 5, "b": b"123"})
    assert Outgoing("x", {"MessageAttributes": attributes}).size == 1 + (4 + 6 + 5) + (1 + 6 + 1) + (
        1 + 6 + 3
    )


def test_a_message_that_is_too_large_alone_is_named() -> None:
    with pytest.raises(UsageError, match="Message 2 of 2 has 1048577 bytes"):
        sizes("x", "x" * (LARGEST_BYTES + 1))


def test_order_is_kept() -> None:
    batches = in_batches([Outgoing(str(number)) for number in range(25)])
    assert [message.body for batch in batches for message in batch] == [str(number) for number in range(25)]
    assert [list(part) for part in tens(range(12))] == [list(range(10)), [10, 11]]


def test_calls_in_parallel_answer_in_order() -> None:
    both = threading.Barrier(2)

    def action(part: int) -> int:
        both.wait(30)  # passes only when two run at the same time
        return part * 2

    assert in_parallel(action, [1, 2]) == [2, 4]


def test_ordered_calls_run_one_after_the_other_in_one_thread() -> None:
    threads = in_parallel(lambda _: threading.current_thread(), range(5), ordered=True)
    assert set(threads) == {threading.current_thread()}


def test_the_first_error_ends_it() -> None:
    with pytest.raises(ZeroDivisionError):
        in_parallel(lambda part: 1 // part, [1, 0, 1])


def test_refused_entries_are_named() -> None:
    refuse_failures("SendMessageBatch", "q", [], [1, 2])
    with pytest.raises(
        MessageError, match="SendMessageBatch on q: 1 of 2 entries were refused: entry 7: Code: why"
    ):
        refuse_failures("SendMessageBatch", "q", [{"Id": "7", "Code": "Code", "Message": "why"}], [1, 2])


@pytest.mark.parametrize(
    ("body", "text"), [("as is", "as is"), ({"a": 1}, '{"a": 1}'), (None, "null"), ([1.5], "[1.5]")]
)
def test_text_stays_and_the_rest_is_json(body: object, text: str) -> None:
    assert text_of(body) == text


@pytest.mark.parametrize("body", [float("nan"), {"a": {1}}, b"bytes"])
def test_what_is_neither_text_nor_json_is_refused(body: object) -> None:
    with pytest.raises(UsageError, match="neither text nor JSON"):
        text_of(body)


def test_attributes_there_and_back() -> None:
    attributes: dict[str, Attribute] = {"t": "x", "i": -5, "f": 1.25, "b": b"\xff"}
    assert from_aws(to_aws(attributes)) == attributes
    assert from_aws({"n": {"DataType": "Number.int", "StringValue": "12"}}) == {"n": 12}
    assert from_aws(None) == to_aws(None) == {}


def test_an_attribute_of_another_type_is_named() -> None:
    with pytest.raises(UsageError, match="'flag'"):
        to_aws({"flag": True})
