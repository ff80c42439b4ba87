"""Single operations, and operations that cannot be calculated, through the real event source mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from harness.client import Stack


@pytest.mark.parametrize(
    ("operation", "a", "b", "result"),
    [
        ("add", 5, 3, 8),
        ("subtract", 5, 3, 2),
        ("multiply", 5, 3, 15),
        ("divide", 5, 2, 2.5),
        ("modulo", 5, 3, 2),
        ("power", 5, 3, 125),
    ],
)
def test_each_operation_is_calculated(
    stack: Stack, operation: str, a: float, b: float, result: float
) -> None:
    sent = stack.queue("InputQueue").send({"operation": operation, "a": a, "b": b})
    answer = stack.queue("OutputQueue").receive_one().json()
    assert answer == {"operation": operation, "a": a, "b": b, "result": result, "messageId": sent.id}


REWRITTEN = pytest.mark.not_on_localstack("its mapping parses bodies that are JSON, and writes them anew")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("five plus three", "not_json"),
        ('{"operation": "add", "a": NaN, "b": 3}', "not_json"),
        ([1, 2], "not_an_object"),
        pytest.param("[" * 100_000, "nested_too_deeply", marks=REWRITTEN),
        pytest.param('{"operation": "add", "a": 1e999, "b": 3}', "number_too_large", marks=REWRITTEN),
        ({"a": 5, "b": 3}, "missing_operation"),
        ({"operation": "root", "a": 5, "b": 3}, "unknown_operation"),
        ({"operation": "add", "a": 5}, "missing_operand"),
        ({"operation": "add", "a": 5, "b": "3"}, "non_numeric_operand"),
        ({"operation": "add", "a": 5, "b": True}, "boolean_operand"),
        ({"operation": "divide", "a": 5, "b": 0}, "division_by_zero"),
        ({"operation": "modulo", "a": 5, "b": 0}, "division_by_zero"),
        ({"operation": "power", "a": 9, "b": 99_999_999}, "result_too_large"),
        ({"operation": "multiply", "a": 1e308, "b": 10}, "result_not_finite"),
        ({"operation": "power", "a": -8, "b": 0.5}, "result_not_real"),
    ],
)
def test_what_cannot_be_calculated_is_answered_with_its_kind(stack: Stack, body: Any, kind: str) -> None:
    sent = stack.queue("InputQueue").send(body)
    answer = stack.queue("OutputQueue").receive_one().json()
    assert (answer["messageId"], answer["error"]["kind"]) == (sent.id, kind)
    assert "result" not in answer


def test_an_operation_that_cannot_be_calculated_harms_no_other(stack: Stack) -> None:
    good, bad, better = stack.queue("InputQueue").send_all(
        [
            {"operation": "add", "a": 1, "b": 2},
            "no operation",
            {"operation": "power", "a": 2, "b": 10},
        ],
    )
    results = [message.json() for message in stack.queue("OutputQueue").collect(3)]
    answers = {result["messageId"]: result for result in results}
    assert answers[good.id]["result"] == 3
    assert answers[bad.id]["error"]["kind"] == "not_json"
    assert answers[better.id]["result"] == 1024
