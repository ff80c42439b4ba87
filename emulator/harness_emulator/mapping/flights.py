"""A batch in flight, as its mapping sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness_emulator.mapping.batches import Batch


class Flight:
    """A batch in flight.

    Attributes:
        batch: The batch.
        blocked: It waits for an earlier batch of a message group that it holds, too.
        paused: It waits for the account's time: the function is throttled, or is to be asked later.
        given_up: The queue was emptied: it waits for nothing any more.
    """

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.blocked = False
        self.paused = False
        self.given_up = False
