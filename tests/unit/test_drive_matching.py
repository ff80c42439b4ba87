from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.client import Message, Queue
from harness.client.matching import Matching
from harness.model.environment import Endpoint

QUEUE = Queue("q", "http://127.0.0.1:1/0/q", "arn", fifo=False, endpoint=Endpoint("http://127.0.0.1:1"))


def message(identity: str, body: object = "", seen: float = 0.0) -> Message:
    text = body if isinstance(body, str) else json.dumps(body)
    return Message(id=identity, body=text, queue=QUEUE, seen=seen)


@given(st.permutations(range(20)))
def test_results_find_their_operations_in_any_order(order: list[int]) -> None:
    matching = Matching([message(f"m{number}") for number in range(20)])
    for number in order:
        assert matching.take(message(f"r{number}", {"messageId": f"m{number}", "result": number}))
    assert matching.missing == []
    assert [row.as_json()["result"] for row in matching.rows] == list(range(20))
    assert [row.number for row in matching.rows] == list(range(1, 21))


@pytest.mark.parametrize("body", ["text", 5, [1], {"result": 1}, {"messageId": 5}, None])
def test_a_result_without_an_id_goes_to_the_first_operation_without_result(body: object) -> None:
    matching = Matching([message("a"), message("b")])
    assert matching.take(message("r", {"messageId": "a"}))
    assert matching.take(message("s", body))
    assert [row.result and row.result.id for row in matching.rows] == ["r", "s"]
    assert not matching.take(message("t", body))


def test_an_id_is_found_under_any_name_and_in_attributes() -> None:
    first, second = "0b8f6a1e-1111-4222-8333-0123456789ab", "0b8f6a1e-1111-4222-8333-0123456789ac"
    matching = Matching([message(first), message(second)])
    assert matching.take(message("r", f"<answer of={second!r}/>"))
    named = Message(id="s", body="8", queue=QUEUE, seen=0.0, attributes={"correlation": first})
    assert matching.take(named)
    assert [row.result and row.result.id for row in matching.rows] == ["s", "r"]


def test_a_result_that_repeats_its_operation_belongs_to_it() -> None:
    operations = [{"a": 1, "b": 2}, {"a": 3}, {"a": 1}, {"a": 3}]
    matching = Matching([message(f"m{number}", body) for number, body in enumerate(operations)])
    for name, answer in (("r", {"a": 3}), ("s", {"a": 1}), ("t", {"b": 2, "a": 1}), ("u", {"a": 3})):
        assert matching.take(message(name, {**answer, "result": 0}))
    assert [row.result and row.result.id for row in matching.rows] == ["t", "r", "s", "u"]


def test_a_second_answer_to_an_operation_is_not_taken_for_anothers() -> None:
    matching = Matching([message("m1", {"a": 1}), message("m2", {"a": 2})])
    assert matching.take(message("r", {"a": 1, "result": 1}))
    assert not matching.take(message("s", {"a": 1, "result": 1}))


def test_what_belongs_to_others_is_refused() -> None:
    matching = Matching([message("a")])
    assert not matching.take(message("r", {"messageId": "somebody else's"}))
    assert [row.number for row in matching.missing] == [1]


def test_what_was_there_before_is_refused() -> None:
    matching = Matching([message("a")], earlier=["old"])
    assert not matching.take(message("old", "no id"))
    assert matching.take(message("new", "no id"))


def test_a_second_result_for_the_same_operation_is_refused() -> None:
    matching = Matching([message("a")])
    assert matching.take(message("r", {"messageId": "a"}))
    assert not matching.take(message("s", {"messageId": "a"}))


def test_operations_that_fifo_deduplicated_share_their_result() -> None:
    matching = Matching([message("a"), message("a"), message("b")])
    assert matching.expected == 2
    assert matching.take(message("r", {"messageId": "a"}))
    assert [row.number for row in matching.missing] == [3]


def test_a_row_as_json() -> None:
    matching = Matching([message("a", {"operation": "add"}, seen=10.0), message("b", "not json")])
    matching.take(message("r", {"messageId": "a", "error": {"kind": "k"}}, seen=10.0625))
    first, second = (row.as_json() for row in matching.rows)
    assert first == {
        "number": 1,
        "message_id": "a",
        "operation": {"operation": "add"},
        "arrived": True,
        "body": {"messageId": "a", "error": {"kind": "k"}},
        "result": None,
        "error": {"kind": "k"},
        "ms": 62.5,
    }
    assert second == {
        "number": 2,
        "message_id": "b",
        "operation": "not json",
        "arrived": False,
        "body": None,
        "result": None,
        "error": None,
        "ms": None,
    }
