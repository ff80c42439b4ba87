"""Operations for the calculator, and what it should answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.client import Message


def additions(count: int) -> list[dict[str, Any]]:
    """`count` operations with different results."""
    return [{"operation": "add", "a": number, "b": 1} for number in range(count)]


def expected(sent: Message) -> dict[str, Any]:
    """The result of an addition."""
    operation = sent.json()
    return {**operation, "result": operation["a"] + operation["b"], "messageId": sent.id}


def assert_each_calculated_once(sent: Sequence[Message], results: Iterable[Message]) -> None:
    """Every addition has its one result, and there is no other."""
    answers = [result.json() for result in results]
    by_input = {answer["messageId"]: answer for answer in answers}
    assert by_input == {message.id: expected(message) for message in sent}
    assert len(answers) == len(sent)
