"""The control API of an account that a test made itself: its time, its faults."""

from __future__ import annotations

from typing import Any

from harness.client.control import ControlApi


class Timed:
    """The clock of an account, and what is to go wrong there.

    Args:
        url: The emulator's.
        account: 12 digits.
    """

    def __init__(self, url: str, account: str) -> None:
        self.control = ControlApi(url, account)

    def freeze(self) -> None:
        self.control.call("POST", "clock", {"action": "freeze"})

    def advance(self, seconds: float) -> None:
        self.control.call("POST", "clock", {"action": "advance", "seconds": seconds}, timeout=120)

    def settle(self, timeout: float = 30) -> Any:
        return self.control.call("POST", "settle", {"timeout": timeout})

    def fault(self, kind: str, **document: Any) -> str:
        """Add a rule; returns its id."""
        return str(self.control.call("POST", "faults", {"kind": kind, **document})["id"])

    def fired(self) -> list[int]:
        """How often each rule has struck."""
        return [rule["fired"] for rule in self.control.call("GET", "faults")]
