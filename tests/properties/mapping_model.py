"""What an event source mapping does with a queue, written from AWS's behaviour alone."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tests.properties.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.properties.model import Queue, Seen

type Verdict = Literal["ok", "raise", "list", "garble"]
"""What a handler does about a message: handle it, raise, name it in its answer, answer nonsense."""


def body(number: int, plan: Sequence[Verdict]) -> str:
    """A message that says what its handler does at its first delivery, at its second, ...; then `ok`."""
    return json.dumps({"number": number, "plan": plan})


def verdict(seen: Seen) -> Verdict:
    """What the handler does about this delivery."""
    plan: list[Verdict] = json.loads(seen.body)["plan"]
    return plan[seen.count - 1] if seen.count <= len(plan) else "ok"


@dataclass
class Mapping:
    """A mapping without a batching window.

    Attributes:
        queue: What it reads.
        batch_size: Messages that a batch has at most.
        reports: Whether it asks for ReportBatchItemFailures.
        enabled: Whether it reads.
    """

    queue: Queue
    batch_size: int
    reports: bool
    enabled: bool = True

    def replay(self, batches: Sequence[Sequence[Seen]], since: float, until: float) -> None:
        """While time went from `since` to `until`, a handler got these batches, in this order.

        Raises:
            AssertionError: It should have got others, or one of them at another time.
        """
        left = deque(batches)
        now = since
        while True:
            while self.enabled and (waiting := self.queue.deliverable(now)):
                assert left, (
                    f"{[message.body for message in waiting]} not delivered {now:g} s after the start"
                )
                self._handled(now, left.popleft())
            if self.enabled:
                self.queue.all_met(now)
                self.queue.doubtful.clear()
                if self.queue.deliverable(now):
                    continue
            later = [time for time in self.queue.deadlines(now) if time <= until]
            if not later:
                break
            now = later[0]
        self.queue.expire(until)
        assert not left, f"delivered, and should not have been: {list(left)}"

    def _handled(self, now: float, batch: Sequence[Seen]) -> None:
        assert 0 < len(batch) <= self.batch_size  # B-17
        self.queue.taken(now, batch)
        verdicts = {seen.id: verdict(seen) for seen in batch}
        said = set(verdicts.values())
        if "raise" in said or ("garble" in said and self.reports):
            return  # all of it comes back when the visibility timeout ends (B-29, B-38)
        for seen in batch:
            # Those that are named stay, the others are deleted (B-36); without the option all are (B-42).
            if not (self.reports and verdicts[seen.id] == "list"):
                assert self.queue.deleted(now, seen.handle) is Outcome.DONE
