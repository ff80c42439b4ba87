"""The faults of an account: at each point where one can apply, `strike` says what goes wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness_emulator.faults.rules import RuleBook

if TYPE_CHECKING:
    from harness_emulator.faults.adversary import Adversary
    from harness_emulator.faults.rules import Moment, Rule, Strike
    from harness_emulator.ledger.recorder import Ledger
    from harness_emulator.time.turns import Turns


class Faults:
    """What is to go wrong in one account.

    Args:
        turns: The account's: an adversary also chooses whose turn it is.
        ledger: The account's: each fault that applied is written down as `fault_injected`.

    Attributes:
        book: Its rules.
        adversary: What else decides, or None.
    """

    def __init__(self, turns: Turns, ledger: Ledger) -> None:
        self.book = RuleBook()
        self.adversary: Adversary | None = None
        self._turns = turns
        self._ledger = ledger

    @property
    def armed(self) -> bool:
        """Whether anything can go wrong; asked on hot paths, before a `Moment` is made."""
        return self.adversary is not None or not self.book.empty

    def strike(self, moment: Moment) -> list[Strike]:
        """What goes wrong at this moment, rules first; each is written down."""
        struck = self.book.strike(moment)
        if self.adversary is not None:
            struck += self.adversary.strike(moment)
        for rule, messages in struck:
            self._write_down(moment, rule, messages)
        return struck

    def oppose(self, adversary: Adversary | None) -> Adversary | None:
        """Let an adversary decide what goes wrong besides the rules, and whose turn it is.

        Returns:
            The one that did before.
        """
        before, self.adversary = self.adversary, adversary
        self._turns.chooser = adversary
        self._turns.look_again()
        return before

    def entered(self, queue: str, message_id: str) -> None:
        """A message came into a queue; called for each."""
        if self.adversary is not None:
            self.adversary.entered(queue, message_id)

    def clear(self) -> None:
        """Nothing goes wrong any more; the rules' numbers begin anew."""
        self.book = RuleBook()
        self.oppose(None)

    def _write_down(self, moment: Moment, rule: Rule, messages: frozenset[str]) -> None:
        """One event; one for each message if only some of them are meant, or if they are in no batch."""
        if moment.point in {"send", "receive"}:
            moment = replace(moment, messages=())  # what is sent has no id yet
        hit = [found for found in moment.messages if found[0] in messages]
        whole = moment.batch_id is not None and len(hit) == len(moment.messages)
        told: list[tuple[str | None, int | None]]
        told = [(None, None)] if whole and len(hit) != 1 else [(found[0], found[1]) for found in hit]
        for message_id, receive_count in told or [(None, None)]:
            self._ledger.record(
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
