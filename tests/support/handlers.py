"""Handlers that misbehave: the calculator, with a `lambda_handler` of a test's own in front of it."""

from __future__ import annotations

import textwrap
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.client import Function

CALCULATOR = Path(__file__).parents[2] / "lambda_function.py"


@contextmanager
def in_front_of_the_calculator(function: Function, source: str) -> Iterator[None]:
    """Run `source` as `lambda_function.py`, with the real one beside it as the module `calculator`.

    One invocation without records has made an environment ready when the block begins, so that the first
    message does not spend its visibility timeout on a cold start.
    """
    files: dict[str, bytes | Path] = {
        "lambda_function.py": textwrap.dedent(source).encode(),
        "calculator.py": CALCULATOR,
    }
    with function.replaced_code(files):
        assert function.invoke({"Records": []}).error is None
        yield


def lines_about(function: Function, *message_ids: str) -> list[str]:
    """The function's log lines that name one of these messages."""
    return [
        event.message
        for event in function.logs()
        if any(message_id in event.message for message_id in message_ids)
    ]
