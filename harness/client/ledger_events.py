"""The ledger of an environment: what happened to each message, event by event."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.model.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.client.control import ControlApi
    from harness.client.stack import Stack

SECONDS = 120.0
"""How long one answer may take: a hundred thousand messages have many events."""


def control_of(stack: Stack) -> ControlApi:
    """The control API of the stack's account, where the environment keeps a ledger.

    Raises:
        HarnessError: It keeps none.
    """
    from harness.client.control import ControlApi  # noqa: PLC0415 - only where there is something to ask

    if "ledger" not in stack.capabilities:
        can = ", ".join(sorted(stack.capabilities)) or "nothing of that kind"
        raise HarnessError(
            f"The environment at {stack.endpoint.url} keeps no ledger of messages; it can: {can}.",
            hint="The harness's own emulator keeps one: the targets `embedded` and `container`.",
        )
    return ControlApi(stack.endpoint.url, stack.endpoint.account)


def events_of(
    account: ControlApi,
    *,
    after: int = 0,
    message: str = "",
    queue: str = "",
    kind: str = "",
    function: str = "",
) -> list[dict[str, Any]]:
    """An account's events in order, as JSON objects.

    Args:
        account: The control API of the account.
        after: Only events with a larger `seq`.
        message: Only those about a message, by its id, and about the batches that held it.
        queue: Only those about a queue, by its name.
        kind: Only those of one kind.
        function: Only those about a function, by its name.

    Raises:
        EmulatorError: Nothing answers.
        HarnessError: The emulator refused, or what it answered are no events.
    """
    wanted = {"after": str(after), "message": message, "queue": queue, "kind": kind, "function": function}
    given = {name: value for name, value in wanted.items() if value}
    events = account.call("GET", "ledger", None, timeout=SECONDS, **given)
    if not isinstance(events, list) or not all(_is_event(event) for event in events):
        raise HarnessError(
            f"What {account.url}/_harness/ledger answered is no list of events.",
            hint="Is the emulator of another version than this harness? `harness down` and `harness up`.",
        )
    return events


def newest(account: ControlApi, count: int) -> list[dict[str, Any]]:
    """An account's newest events in order, also those from before a reset, as far as they are kept."""
    events = account.call("GET", "ledger", None, timeout=SECONDS, last=str(count), forgotten="1")
    return events if isinstance(events, list) else []


def follow(account: ControlApi, after: int = 0) -> Iterator[dict[str, Any]]:
    """An account's events, then each new one as it comes, without end.

    Raises:
        EmulatorError: Nothing answers, or not any more.
    """
    for line in account.lines("ledger", accept="text/event-stream", after=str(after)):
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def _is_event(event: Any) -> bool:
    return (
        isinstance(event, dict)
        and isinstance(event.get("kind"), str)
        and {"seq", "at", "wall"} <= event.keys()
    )
