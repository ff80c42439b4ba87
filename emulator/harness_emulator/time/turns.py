"""Whose turn it is, in an account that can be replayed exactly.

Threads begin in the order in which the machine runs them, which is another one each time. So, while an
account has an adversary and its clock stands, whoever wants to begin something in it (a batch, a throttled
invocation once more) claims a turn and waits. A turn is given only by who waits until the account has
settled, only when nothing moves, and to one at a time. The seed chooses to whom: the order is its own, not
the machine's.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness_emulator.time.clock import Clock


class Chooser(Protocol):
    """What knows the order."""

    def choose(self, among: Sequence[str]) -> str:
        """Which of these names has the next turn."""


class Turns:
    """The turns of one account.

    Args:
        clock: The account's.

    Attributes:
        chooser: Who chooses; None where nobody has to wait for a turn.
    """

    def __init__(self, clock: Clock) -> None:
        self.chooser: Chooser | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._claims: dict[str, Callable[[], object]] = {}
        self._given: str | None = None

    @property
    def kept(self) -> bool:
        """Whether turns are kept in this account now."""
        return self.chooser is not None and self._clock.frozen

    @property
    def claimed(self) -> bool:
        """Whether anybody waits for a turn."""
        return bool(self._claims)

    def may(self, name: str, go: Callable[[], object]) -> bool:
        """Whether who has that name may begin now; a turn that it was given is over with that.

        Args:
            name: The same in each run.
            go: Called when it has a turn, or needs none any more: then it asks again.
        """
        if self.chooser is None or not self._clock.frozen:
            return True
        with self._lock:
            if self._given == name:
                self._given = None
                return True
            self._claims[name] = go
            return False

    def withdraw(self, name: str) -> None:
        """It does not want to begin any more."""
        with self._lock:
            self._claims.pop(name, None)
            if self._given == name:
                self._given = None

    def give(self) -> bool:
        """Give the next turn; called when nothing moves in the account. False where nobody claims one."""
        with self._lock:
            # One that was given is over: what it was claimed for was gone when it came.
            self._given = None
            if not self._claims or self.chooser is None:
                return False
            name = self._given = self.chooser.choose(sorted(self._claims))
            go = self._claims.pop(name)
        go()
        return True

    def look_again(self) -> None:
        """The clock or the adversary changed: where turns are not kept any more, let all go on."""
        if self.kept:
            return
        with self._lock:
            waiting = list(self._claims.values())
            self._claims.clear()
            self._given = None
        for go in waiting:
            go()
