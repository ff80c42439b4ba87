"""`/_harness/settle`: wait until nothing can move. `/_harness/advice`: what AWS advises about mappings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness_emulator.account import ACCOUNTS
from harness_emulator.api.requests import (
    ALL_ACCOUNTS,
    RequestRefusedError,
    account_of,
    document_of,
    json_answer,
)
from harness_emulator.mapping.advice import advice

if TYPE_CHECKING:
    from harness_emulator.api.requests import Request

TIMEOUT = 60.0
MOST_TIMEOUT = 3600.0
TIMED_OUT = 408


def settle(request: Request) -> Any:
    """`POST settle {"timeout": s}`: 200 when nothing can move without time moving, 408 with what still moves.

    `timeout` is real time, 60 s where it is not given. Both answers hold `account`, `settled` and `moving`,
    a list of sentences.
    """
    document = document_of(request)
    account = account_of(request, document)
    if account == ALL_ACCOUNTS:
        raise RequestRefusedError("Each account settles by itself: say which account.")
    moving = ACCOUNTS.of(account).activity.wait_until_settled(_seconds(document.get("timeout", TIMEOUT)))
    answer = {"account": account, "settled": not moving, "moving": moving}
    if not moving:
        return answer
    message = f"After the timeout there still moves: {'; '.join(moving)}."
    return json_answer({**answer, "message": message}, TIMED_OUT)


def advise(request: Request) -> list[dict[str, str]]:
    """`GET advice`: `mapping` (UUID), `row` and `message` of everything that AWS would have otherwise."""
    account = account_of(request)
    return advice(None if account == ALL_ACCOUNTS else account)


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestRefusedError(f'"timeout" must be a number; it is {value!r}.')
    if not 0 <= value <= MOST_TIMEOUT:
        raise RequestRefusedError(f'"timeout" must be from 0 to {MOST_TIMEOUT:.0f} seconds, not {value}.')
    return float(value)
