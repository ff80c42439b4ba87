"""`harness clock` and `harness settle`."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import click

from harness.cli.app import App, command
from harness.client.clock import SETTLE_SECONDS
from harness.model.errors import UsageError, WaitTimeoutError

if TYPE_CHECKING:
    from harness.client import Clock

ACTIONS = ("now", "freeze", "resume", "advance", "next")


# Else a negative number would be taken for an option that there is not.
@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("action", default="now", metavar="[now|freeze|resume|advance|next]")
@click.argument("seconds", required=False, metavar="[SECONDS]")
@command
def clock(app: App, *, action: str, seconds: str | None) -> int:
    r"""Show or move the time that the stack lives in.

    \b
    now              show it (default)
    freeze           stop it
    resume           let it run on from where it stands
    advance SECONDS  move it forward; what becomes due on the way happens, in order
    next             move it to the next moment at which something becomes due

    Where the environment has no clock of its own, `advance` waits, `now` is this machine's time, and the rest
    is refused.
    """
    if action not in ACTIONS:
        raise UsageError(
            f"harness clock: there is nothing called {action!r}.", hint=f"There is: {', '.join(ACTIONS)}."
        )
    if (seconds is None) == (action == "advance"):
        raise UsageError(
            "harness clock advance: it needs a number of seconds."
            if seconds is None
            else f"harness clock {action}: it takes no seconds, and got {seconds!r}.",
            hint="As in `harness clock advance 60`.",
        )
    amount = None if seconds is None else _seconds(seconds)
    found = app.stack().clock
    fired = _move(found, action, amount)
    now, frozen = found.now(), found.frozen
    if fired is False:
        app.show("Nothing waits for time; the clock has not moved.")
    app.show(f"{shown(now)}, {'frozen' if frozen else 'running'}")
    document: dict[str, Any] = {"now": now, "time": shown(now), "frozen": frozen, "virtual": found.virtual}
    return app.answer(document if fired is None else {**document, "fired": fired})


def _move(found: Clock, action: str, seconds: float | None) -> bool | None:
    """Do it; of `next`, whether anything became due."""
    if action == "advance" and seconds is not None:
        found.advance(seconds)
    elif action == "next":
        return found.advance_to_next() is not None
    elif action != "now":
        getattr(found, action)()
    return None


@click.command()
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=SETTLE_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait, of real time.",
)
@command
def settle(app: App, *, timeout: float) -> int:
    """Wait until nothing in the stack can move unless time moves.

    That is: no mapping would take a visible message, no batch is being formed that does not wait for its
    window, no function runs. The exit code is 1 where that is not so in time; what still moves is said.
    """
    found = app.stack().clock
    try:
        found.settle(timeout)
    except WaitTimeoutError as error:
        if not app.as_json:
            raise
        moving = (error.detail or "").splitlines()
        return app.answer({"settled": False, "moving": moving, **error.as_json()}, exit_code=error.exit_code)
    app.show("Settled.")
    return app.answer({"settled": True, "moving": []})


def shown(now: float) -> str:
    """Epoch seconds as a date and time in UTC, to the millisecond."""
    return f"{datetime.fromtimestamp(now, timezone.utc):%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise UsageError(
            f"harness clock advance: {text!r} is no number of seconds.",
            hint="As in `harness clock advance 60`.",
        ) from None
    if not math.isfinite(seconds) or seconds < 0:
        raise UsageError(
            f"A clock does not go back: harness clock advance {text}.",
            hint="Say how many seconds shall pass: 0 or more.",
        )
    return seconds
