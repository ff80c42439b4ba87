"""The faults' one door in the emulator: at each point that can be struck, `strike` says what goes wrong."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from harness_emulator.faults.rules import RuleBook
from harness_emulator.ledger.recorder import record
from harness_emulator.time.turns import all_turns, turns_of

if TYPE_CHECKING:
    from harness_emulator.faults.adversary import Adversary
    from harness_emulator.faults.rules import Moment, Rule, Strike


class Faults:
    """What is to go wrong in one account.

    Attributes:
        book: Its rules.
        adversary: What else decides, or None.
    """

    def __init__(self) -> None:
        self.book = RuleBook()
        self.adversary: Adversary | None = None

    @property
    def armed(self) -> bool:
        """Whether anything can go wrong."""
        return self.adversary is not None or not self.book.empty

    def strike(self, moment: Moment) -> list[Strike]:
        """What goes wrong at this moment, rules first."""
        struck = self.book.strike(moment)
        if self.adversary is not None:
            struck += self.adversary.strike(moment)
        return struck


_lock = threading.Lock()
_faults: dict[str, Faults] = {}


def faults_of(account: str) -> Faults:
    """The faults of an account, to add to them."""
    with _lock:
        return _faults.setdefault(account, Faults())


def armed(account: str) -> bool:
    """Whether anything can go wrong in an account; asked on hot paths, before a `Moment` is made."""
    found = _faults.get(account)
    return found is not None and found.armed


def anywhere() -> bool:
    """Whether anything can go wrong in any account: asked where it costs something to know the account."""
    return any(found.armed for found in list(_faults.values()))


def strike(account: str, moment: Moment) -> list[Strike]:
    """What goes wrong at this moment; each is written down as `fault_injected`."""
    found = _faults.get(account)
    if found is None:
        return []
    struck = found.strike(moment)
    for rule, messages in struck:
        _tell(account, moment, rule, messages)
    return struck


def oppose(account: str, adversary: Adversary | None) -> Adversary | None:
    """Let an adversary decide what goes wrong in an account besides its rules, and whose turn it is there.

    Returns:
        The one that did before.
    """
    faults, turns = faults_of(account), turns_of(account)
    before, faults.adversary = faults.adversary, adversary
    turns.chooser = adversary
    turns.look_again()
    return before


def entered(account: str, queue: str, message_id: str) -> None:
    """A message came into a queue; called for each."""
    found = _faults.get(account)
    if found is not None and found.adversary is not None:
        found.adversary.entered(queue, message_id)


def forget(account: str | None) -> None:
    """Nothing goes wrong any more in an account, or in any; the rules' numbers begin anew."""
    with _lock:
        if account is None:
            _faults.clear()
        else:
            _faults.pop(account, None)
    for turns in all_turns() if account is None else [turns_of(account)]:
        turns.chooser = None
        turns.look_again()


def _tell(account: str, moment: Moment, rule: Rule, messages: frozenset[str]) -> None:
    """One event; where it takes a part of the moment's messages, or these are in no batch, one for each."""
    if moment.point in {"send", "receive"}:
        moment = replace(moment, messages=())  # what is sent has no id yet
    hit = [found for found in moment.messages if found[0] in messages]
    whole = moment.batch_id is not None and len(hit) == len(moment.messages)
    told: list[tuple[str | None, int | None]]
    told = [(None, None)] if whole and len(hit) != 1 else [(found[0], found[1]) for found in hit]
    for message_id, receive_count in told or [(None, None)]:
        record(
            account,
            "fault_injected",
            region=moment.region,
            queue=moment.queue,
            message_id=message_id,
            receive_count=receive_count,
            batch_id=moment.batch_id,
            function=moment.function,
            request_id=moment.request_id,
            environment_id=moment.environment_id,
            detail={"rule": rule.id, "fault": rule.told},
        )
