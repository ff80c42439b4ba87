from __future__ import annotations

import pytest

from harness.client.control import _parsed, _said


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"message": "No such function."}', "No such function."),
        (b'{"error": {"message": "No such function."}}', "No such function."),
        (b'{"code": 7}', '{"code": 7}'),
        (b"[1]", "[1]"),
        (b"<html>Not found</html>\n", "<html>Not found</html>"),
        (b"", "no reason given"),
    ],
)
def test_the_emulators_own_words_are_found(body: bytes, message: str) -> None:
    assert _said(body) == message


def test_an_empty_answer_is_none() -> None:
    assert _parsed(b" ") is None
    assert _parsed(b"[]") == []
