from __future__ import annotations

from typing import Any

import pytest

from harness_emulator.mapping.filters import matches


def entry(body: str) -> dict[str, Any]:
    return {"messageId": "m1", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}


@pytest.mark.parametrize(
    ("patterns", "body", "passes"),
    [
        ([], "anything", True),
        ([{"body": {"kind": ["a"]}}], '{"kind": "a"}', True),
        ([{"body": {"kind": ["a"]}}], '{"kind": "b"}', False),
        ([{"body": {"kind": ["a"]}}, {"body": {"kind": ["b"]}}], '{"kind": "b"}', True),
        ([{"body": {"kind": ["a"], "n": [1]}}], '{"kind": "a", "n": 2}', False),
        ([{"body": {"kind": ["a", "b"]}}], '{"kind": "b"}', True),
        ([{"body": {"n": [{"numeric": [">", 100]}]}}], '{"n": 101}', True),
        ([{"body": {"n": [{"numeric": [">", 100]}]}}], '{"n": 100}', False),
        ([{"body": {"n": [{"numeric": [">", 100]}]}}], '{"n": "101"}', False),
        ([{"body": {"n": [{"numeric": [">=", 100, "<", 200]}]}}], '{"n": 100}', True),
        ([{"body": {"n": [{"numeric": [">=", 100, "<", 200]}]}}], '{"n": 200}', False),
        ([{"body": {"n": [{"exists": False}]}}], '{"m": 1}', True),
        ([{"body": {"n": [{"prefix": "a"}]}}], '{"n": "abc"}', True),
        ([{"body": {"kind": ["a"]}}], "plain text", False),
        ([{"body": {"kind": ["a"]}}], "[1]", False),
        ([{"body": {"kind": ["a"]}}], "1", False),
        ([{"body": ["plain text"]}], "plain text", True),
        ([{"body": ["1"]}], "1", True),
        ([{"body": ["plain text"]}], '{"kind": "a"}', False),
        ([{"body": ["plain text"]}], "[1]", False),
        ([{"messageId": ["m1"]}], "[1]", True),
        ([{"messageId": ["m1"]}], "plain text", True),
    ],
)
def test_filters(patterns: list[dict[str, Any]], body: str, *, passes: bool) -> None:
    assert matches(entry(body), patterns) is passes


def test_a_filter_leaves_the_body_as_it_was_sent() -> None:
    made = entry('{"n":  1.50}')
    assert matches(made, [{"body": {"n": [1.5]}}])
    assert made["body"] == '{"n":  1.50}'


def test_a_body_that_is_nested_too_deep_to_read_is_plain_text() -> None:
    assert not matches(entry("[" * 200_000), [{"body": {"n": [1]}}])
