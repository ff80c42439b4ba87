"""`/_harness/clock`: what an account's time is, and moving it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from harness_emulator.account import ACCOUNTS
from harness_emulator.api.requests import ALL_ACCOUNTS, RequestRefusedError, account_of, document_of

if TYPE_CHECKING:
    from harness_emulator.api.requests import Request
    from harness_emulator.time.clock import Clock

LATEST = 253_402_300_000.0
"""Epoch seconds, in the last hour of the year 9999."""
ACTIONS = ("freeze", "resume", "advance", "next")


def look(request: Request) -> dict[str, Any]:
    """`GET clock`."""
    return _state(_clock(account_of(request)))


def move(request: Request) -> dict[str, Any]:
    """`POST clock` with `{"action": …}`, and `seconds` where it is to advance.

    `next` moves it to the next deadline, and `seconds` limits how far; `fired` says whether there was one.
    """
    document = document_of(request)
    clock = _clock(account_of(request, document))
    action = document.get("action")
    if action not in ACTIONS:
        raise RequestRefusedError(f'"action" must be one of {", ".join(ACTIONS)}; it is {action!r}.')
    more: dict[str, Any] = {}
    if action == "advance":
        clock.advance(_seconds(document.get("seconds"), clock))
    elif action == "next":
        most = document.get("seconds")
        more["fired"] = clock.advance_to_next(None if most is None else _seconds(most, clock))
    elif "seconds" in document:
        raise RequestRefusedError(f'"seconds" belongs to "advance" and "next", not to "{action}".')
    elif action == "freeze":
        clock.freeze()
    else:
        clock.resume()
        ACCOUNTS.of(clock.account).turns.look_again()
    return {**_state(clock), **more}


def _clock(account: str) -> Clock:
    if account == ALL_ACCOUNTS:
        raise RequestRefusedError("Each account has a clock of its own: say which account.")
    return ACCOUNTS.of(account).clock


def _seconds(value: Any, clock: Clock) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestRefusedError(f'"seconds" must be a number; it is {value!r}.')
    if not 0 <= value < math.inf:
        raise RequestRefusedError(f'A clock does not go back: "seconds" must be 0 or more, not {value}.')
    if clock.now() + min(value, LATEST) > LATEST:
        raise RequestRefusedError("Time ends with the year 9999: no timestamp could be written after it.")
    return float(value)


def _state(clock: Clock) -> dict[str, Any]:
    """What is answered: `now` and `next`, the nearest deadline or null, in epoch seconds."""
    return {
        "account": clock.account,
        "now": clock.now(),
        "frozen": clock.frozen,
        "next": clock.next_deadline(),
    }
