"""What the calculator answers to one record."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lambda_function

RESULT_LIMIT = 20_000  # bytes; what `answer` promises


def answer(body: object) -> dict[str, Any]:
    """The answer to a body, by way of JSON as the output queue carries it; a str is sent as it is."""
    text = body if isinstance(body, str) else json.dumps(body)
    return from_json(json.dumps(lambda_function.answer({"messageId": "id-1", "body": text}), allow_nan=False))


def from_json(text: str) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    document: dict[str, Any] = json.loads(text, parse_constant=refuse)
    return document


@pytest.mark.parametrize(
    ("operation", "a", "b", "result"),
    [
        ("add", 5, 3, 8),
        ("add", 0.1, 0.2, 0.1 + 0.2),
        ("add", 2**80, 1, 2**80 + 1),
        ("subtract", 5, 8, -3),
        ("multiply", -4, 2.5, -10.0),
        ("divide", 1, 4, 0.25),
        ("divide", 10**400, 10**399, 10.0),
        ("modulo", 7, 3, 1),
        ("modulo", -7, 3, 2),
        ("modulo", 7.5, 2, 1.5),
        ("power", 2, 10, 1024),
        ("power", 2, -1, 0.5),
        ("power", 9, 0.5, 3.0),
        ("power", 0, 0, 1),
        ("power", 2, 13_999, 2**13_999),
        ("power", 1, 10**4000, 1),
        ("power", -1, 10**4000 + 1, -1),
    ],
)
def test_a_result_carries_the_operation_its_operands_and_the_message_id(
    operation: str, a: float, b: float, result: float
) -> None:
    got = answer({"operation": operation, "a": a, "b": b})
    assert got == {"operation": operation, "a": a, "b": b, "result": result, "messageId": "id-1"}
    assert type(got["result"]) is type(result)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("", "not_json"),
        ("{", "not_json"),
        ("five plus three", "not_json"),
        ('{"operation": "add", "a": NaN, "b": 1}', "not_json"),
        ('{"operation": "add", "a": 1, "b": -Infinity}', "not_json"),
        ([], "not_an_object"),
        ("null", "not_an_object"),
        ("5", "not_an_object"),
        ('"add"', "not_an_object"),
        ("[" * 200_000, "nested_too_deeply"),
        ('{"a":' * 200_000, "nested_too_deeply"),
        ({}, "missing_operation"),
        ({"a": 5, "b": 3}, "missing_operation"),
        ({"operation": "root", "a": 5, "b": 3}, "unknown_operation"),
        ({"operation": "ADD", "a": 5, "b": 3}, "unknown_operation"),
        ({"operation": None, "a": 5, "b": 3}, "unknown_operation"),
        ({"operation": ["add"], "a": 5, "b": 3}, "unknown_operation"),
        ({"operation": 7, "a": 5, "b": 3}, "unknown_operation"),
        ({"operation": "add", "b": 3}, "missing_operand"),
        ({"operation": "add", "a": 5}, "missing_operand"),
        ({"operation": "add", "a": "5", "b": 3}, "non_numeric_operand"),
        ({"operation": "add", "a": 5, "b": None}, "non_numeric_operand"),
        ({"operation": "add", "a": [5], "b": 3}, "non_numeric_operand"),
        ({"operation": "add", "a": 5, "b": {}}, "non_numeric_operand"),
        ({"operation": "add", "a": True, "b": 3}, "boolean_operand"),
        ({"operation": "add", "a": 5, "b": False}, "boolean_operand"),
        ('{"operation": "add", "a": 1e999, "b": 1}', "number_too_large"),
        ('{"operation": "add", "a": -1e999, "b": 1}', "number_too_large"),
        ('{"operation": "add", "a": ' + "9" * 5000 + ', "b": 1}', "number_too_large"),
        ('{"operation": "add", "a": 1, "b": 2, "c": ' + "9" * 1_000_000 + "}", "number_too_large"),
        ({"operation": "divide", "a": 5, "b": 0}, "division_by_zero"),
        ({"operation": "divide", "a": 5, "b": -0.0}, "division_by_zero"),
        ({"operation": "modulo", "a": 5, "b": 0}, "division_by_zero"),
        ({"operation": "power", "a": 0, "b": -1}, "division_by_zero"),
        ({"operation": "multiply", "a": 1e308, "b": 10}, "result_not_finite"),
        ({"operation": "subtract", "a": -1e308, "b": 1e308}, "result_not_finite"),
        ({"operation": "power", "a": 10.0, "b": 400}, "result_not_finite"),
        ({"operation": "divide", "a": 10**400, "b": 3}, "result_not_finite"),
        ({"operation": "add", "a": 10**400, "b": 0.5}, "result_not_finite"),
        ({"operation": "power", "a": -8, "b": 0.5}, "result_not_real"),
        ({"operation": "power", "a": 10, "b": 10**12}, "result_too_large"),
        ({"operation": "power", "a": -3, "b": 10**4000}, "result_too_large"),
        ({"operation": "power", "a": 2, "b": 14_000}, "result_too_large"),
        ({"operation": "power", "a": 3, "b": 13_999}, "result_too_large"),
        ({"operation": "multiply", "a": 10**4000, "b": 10**4000}, "result_too_large"),
    ],
)
def test_what_cannot_be_calculated_is_answered_with_its_kind(body: object, kind: str) -> None:
    got = answer(body)
    assert got["error"]["kind"] == kind
    assert got["messageId"] == "id-1"
    assert "result" not in got


def test_a_record_without_a_body_is_answered_too() -> None:
    assert lambda_function.answer({"messageId": "id-1"})["error"]["kind"] == "not_json"


def test_an_error_message_names_the_operand() -> None:
    got = answer({"operation": "add", "a": 5, "b": "three"})
    assert got == {
        "operation": "add",
        "a": 5,
        "b": "three",
        "error": {"kind": "non_numeric_operand", "message": "Operand 'b' is a string, not a number."},
        "messageId": "id-1",
    }


def test_an_error_result_does_not_repeat_what_is_long() -> None:
    got = answer({"operation": "x" * 500_000, "a": "y" * 400_000, "b": 3})
    assert got == {
        "b": 3,
        "error": {
            "kind": "unknown_operation",
            "message": "Unknown operation a string; known: add, subtract, multiply, divide, modulo, power.",
        },
        "messageId": "id-1",
    }


def test_the_largest_answer_stays_small() -> None:
    number = "9" * 4300
    body = f'{{"operation": {number}, "a": {number}, "b": {number}}}'
    assert len(json.dumps(lambda_function.answer({"messageId": "id-1", "body": body}))) < RESULT_LIMIT


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
anything = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
operations = st.sampled_from(list(lambda_function.OPERATIONS))


@settings(deadline=None)  # a busy machine is no failure
@given(st.fixed_dictionaries({"operation": operations, "a": numbers, "b": numbers}))
def test_any_numbers_give_a_number_or_an_error(operation: dict[str, Any]) -> None:
    got = answer(operation)
    assert ("result" in got) != ("error" in got)
    if "result" in got:
        assert type(got["result"]) in {int, float}
        assert {name: got[name] for name in operation} == operation


@settings(deadline=None)  # a busy machine is no failure
@given(
    st.fixed_dictionaries(
        {}, optional={"operation": operations | anything, "a": numbers | anything, "b": numbers | anything}
    )
    | anything
)
def test_any_json_is_answered(body: object) -> None:
    got = answer(body if not isinstance(body, str) else json.dumps(body))
    assert ("result" in got) != ("error" in got)
    assert len(json.dumps(got)) < RESULT_LIMIT


@settings(deadline=None)  # a busy machine is no failure
@given(st.text())
def test_any_text_is_answered(body: str) -> None:
    assert "messageId" in answer(body)
