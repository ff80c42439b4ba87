"""Each kind of event, as it comes about: the ledger of an account whose mapping works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.control import ControlApi

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Emulator
    from tests.support.mapped import Mapped

pytestmark = pytest.mark.needs("ledger")

FAILS_ONCE = """
seen = set()

def on(event):
    for record in event["Records"]:
        if record["body"] == "bad" and record["messageId"] not in seen:
            seen.add(record["messageId"])
            raise ValueError("no good")
"""


class Account:
    """The control API of one account."""

    def __init__(self, emulator: Emulator, mapped: Mapped) -> None:
        self.control = ControlApi(emulator.url, mapped.account)

    def events(self, message: str = "", queue: str = "", kind: str = "") -> list[dict[str, Any]]:
        wanted = {"message": message, "queue": queue, "kind": kind}
        return list(self.control.call("GET", "ledger", None, timeout=30, **wanted))

    def kinds(self, message: str = "") -> list[str]:
        return [event["kind"] for event in self.events(message)]

    def settle(self) -> None:
        assert self.control.call("POST", "settle", {"timeout": 20})["settled"]

    def advance(self, seconds: float) -> None:
        self.control.call("POST", "clock", {"action": "advance", "seconds": seconds})


def test_a_message_that_fails_once(emulator: Emulator, make_mapped: Callable[..., Mapped]) -> None:
    mapped = make_mapped(FAILS_ONCE, input_attributes={"VisibilityTimeout": "60"})
    account = Account(emulator, mapped)
    account.control.call("POST", "clock", {"action": "freeze"})
    (message,) = mapped.send("bad")
    account.settle()
    account.advance(60)
    assert account.kinds(message=message) == [
        *("sent", "received", "batch_formed", "invoke_started", "invoke_failed"),
        *("visible", "received", "batch_formed", "invoke_started", "invoke_succeeded", "deleted"),
    ]
