"""`/_harness/clock`: what an account's time is, and moving it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from harness.emulator.clock import clock_of
from harness.emulator.requests import ALL_ACCOUNTS, RefusedError, account_of, document_of

if TYPE_CHECKING:
    from localstack.http import Request

    from harness.emulator.clock import Clock

LATEST = 253_402_300_000.0
"""Epoch seconds, in the last hour of the year 9999."""
ACTIONS = ("freeze", "resume", "advance")


def look(request: Request) -> dict[str, Any]:
    """`GET clock`."""
    return _state(_clock(account_of(request)))


def move(request: Request) -> dict[str, Any]:
    """`POST clock` with `{"action": …}`, and `seconds` where it is to advance."""
    document = document_of(request)
    clock = _clock(account_of(request, document))
    action = document.get("action")
    if action not in ACTIONS:
        raise RefusedError(f'"action" must be one of {", ".join(ACTIONS)}; it is {action!r}.')
    if action == "advance":
        seconds = _seconds(document.get("seconds"))
        if clock.now() + seconds > LATEST:
            raise RefusedError("Time ends with the year 9999: no timestamp could be written after it.")
        clock.advance(seconds)
    elif "seconds" in document:
        raise RefusedError(f'"seconds" belongs to "advance", not to "{action}".')
    elif action == "freeze":
        clock.freeze()
    else:
        clock.resume()
    return _state(clock)


def _clock(account: str) -> Clock:
    if account == ALL_ACCOUNTS:
        raise RefusedError("Each account has a clock of its own: say which account.")
    return clock_of(account)


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedError(f'"seconds" must be a number; it is {value!r}.')
    if not 0 <= value < math.inf:
        raise RefusedError(f'A clock does not go back: "seconds" must be 0 or more, not {value}.')
    return float(min(value, LATEST))


def _state(clock: Clock) -> dict[str, Any]:
    """What is answered: `now` and `next`, the nearest deadline or null, in epoch seconds."""
    return {
        "account": clock.account,
        "now": clock.now(),
        "frozen": clock.frozen,
        "next": clock.next_deadline(),
    }
