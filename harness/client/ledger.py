"""The ledger as a test holds it: what happened, by queue, function, message or kind; and what was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.client.event import Event, History
from harness.client.fates import Fates
from harness.client.ledger_events import control_of, events_of, follow
from harness.model.errors import UsageError
from harness.model.events import KINDS
from harness.model.story import story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.client.fates import Fate
    from harness.client.function import Function
    from harness.client.message import Message
    from harness.client.queue import Queue
    from harness.client.stack import Stack

SHOWN = 3
"""Lost messages whose stories are told; of the others, only how many they are."""
_LOOKS = 10


class Ledger:
    """What has happened in the stack's account since the test began.

    Every use asks the environment. Where that keeps no ledger, it raises a HarnessError that says so;
    `@pytest.mark.needs("ledger")` skips a test there.

    Args:
        stack: The stack.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def where(
        self,
        *,
        kind: str | None = None,
        queue: Queue | str | None = None,
        message: Message | str | None = None,
        function: Function | str | None = None,
    ) -> History:
        """The events that match all that is given, in order.

        Args:
            kind: `sent`, `received`, ...; docs/ledger.md lists them.
            queue: A queue of the stack, by itself, its construct id or its AWS name.
            message: A message, or its id; the events of the batches that held it are among its own.
            function: A function of the stack, as a queue.

        Raises:
            UsageError: There is no such kind.
            NotFoundInStackError: The stack has no such queue or function.
            HarnessError: The environment keeps no ledger.
        """
        if kind is not None and kind not in KINDS:
            raise UsageError(
                f"There is no kind {kind!r} of events.", hint=f"There are: {', '.join(sorted(KINDS))}."
            )
        queue = self._stack.queue(queue) if isinstance(queue, str) else queue
        function = self._stack.function(function) if isinstance(function, str) else function
        found = events_of(
            control_of(self._stack),
            message=message if isinstance(message, str) else "" if message is None else message.id,
            queue="" if queue is None else queue.name,
            function="" if function is None else function.name,
            kind=kind or "",
        )
        return History(Event.of(event) for event in found)

    def follow(self, after: int = 0) -> Iterator[Event]:
        """The events so far, then each new one as it comes, without end.

        Args:
            after: Only those with a larger `seq`.
        """
        return (Event.of(event) for event in follow(control_of(self._stack), after))

    def fate(self, message_id: str) -> Fate:
        """What became of a message, by its id."""
        return Fates(self.where(message=message_id)).of(message_id)

    def assert_nothing_lost(self) -> None:
        """Fail with their stories, if messages were lost.

        Every message that anybody sent must have been deleted after success, be in a queue, or be accounted
        for: as expired, purged or filtered. `Fates` says what success is. What the ledger says to be in a
        queue of the stack must be there: the queue is asked.

        Raises:
            AssertionError: Some were lost.
        """
        __tracebackhide__ = True
        fates, differences = self._compared()
        lost = fates.lost()
        if not lost and not differences:
            return
        lines = []
        if lost:
            lines.append(f"{len(lost)} of {len(fates)} messages were lost:")
            for fate in lost[:SHOWN]:
                told = story(event.as_json() for event in self.where(message=fate.message_id))
                lines.append(f"\nMessage {fate.message_id}. {fate.doubt}\n{told}")
            if len(lost) > SHOWN:
                lines.append(f"\nand {len(lost) - SHOWN} more.")
        raise AssertionError("\n".join(lines + differences))

    def _compared(self) -> tuple[Fates, list[str]]:
        """All fates, and where a queue holds less than they say; looked at while nothing happens."""
        looks = 0
        while True:
            looks += 1
            events = self.where()
            fates = Fates(events)
            standing = fates.standing()
            differences = [
                f"{standing[queue.name]} messages should be in {queue.name}, which holds {held}."
                for queue in self._stack.queues
                if (held := queue.counts().total) < standing[queue.name]
            ]
            last = events[-1].seq if events else 0
            if not differences or looks == _LOOKS or not events_of(control_of(self._stack), after=last):
                return fates, differences
