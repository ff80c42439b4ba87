"""The client context on its way from Invoke to the handler."""

from __future__ import annotations

import base64

import pytest

from harness_emulator.functions import client_context


def test_it_is_there_during_its_invocation() -> None:
    given = base64.b64encode('{"custom": "é"}'.encode()).decode()
    assert client_context.current() is None
    with client_context.passing(given):
        assert client_context.current() == '{"custom": "\\u00e9"}'
        with client_context.passing(None):
            assert client_context.current() is None
    assert client_context.current() is None


@pytest.mark.parametrize("given", ["no base64!", base64.b64encode(b"no JSON").decode()])
def test_anything_else_is_refused(given: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - base64's and json's have no text in common
        client_context.decoded(given)
