"""An AWS account in the emulator: one object with its clock, its ledger, its faults and its activity."""

from __future__ import annotations

import threading

from harness_emulator.faults.injection import Faults
from harness_emulator.ledger.recorder import RECORDER, Ledger
from harness_emulator.queue_lock import QueueLock
from harness_emulator.time.clock import TICKER, Clock
from harness_emulator.time.settling import Activity
from harness_emulator.time.turns import Turns


class Account:
    """One account.

    Args:
        account_id: Its 12 digits.

    Attributes:
        id: Its 12 digits.
        clock: Whatever waits or stamps in the account asks it.
        turns: Whose turn it is, where the account can be replayed exactly.
        activity: What goes on; waits until only the passing of time could start more work.
        ledger: What has happened.
        faults: What is to go wrong.
        queue_lock: One lock for all of its queues.
        followers: ARNs of functions whose own clocks follow the account's.
    """

    def __init__(self, account_id: str) -> None:
        self.id = account_id
        self.clock = Clock(account_id)
        TICKER.add(self.clock)
        self.turns = Turns(self.clock)
        self.activity = Activity(self.clock, self.turns)
        self.ledger = Ledger(account_id, self.clock, RECORDER)
        self.faults = Faults(self.turns, self.ledger)
        self.queue_lock = QueueLock()
        self.followers: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"Account({self.id})"


class Accounts:
    """The accounts of the emulator: each is made when it is first asked for."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._lock = threading.Lock()

    def of(self, account_id: str) -> Account:
        """The account of that id."""
        account = self._accounts.get(account_id)
        if account is None:
            with self._lock:
                account = self._accounts.get(account_id)
                if account is None:
                    account = self._accounts[account_id] = Account(account_id)
        return account

    def known(self, account_id: str) -> Account | None:
        """The account of that id if it exists; asking does not make it."""
        return self._accounts.get(account_id)

    def all(self) -> list[Account]:
        """Every account that was asked for."""
        with self._lock:
            return list(self._accounts.values())

    @property
    def armed(self) -> bool:
        """Whether anything can go wrong in any account."""
        return any(account.faults.armed for account in list(self._accounts.values()))


ACCOUNTS = Accounts()
