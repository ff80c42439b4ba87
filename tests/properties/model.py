"""What a queue does, written from AWS's behaviour alone, row by row.

Nothing here calls anything: the model is told what was sent and what came back, says whether that may be, and
what must be so from then on. Where AWS leaves something open, so does the model. Times are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DEDUPLICATION = 300.0
"""A-59."""
LONGEST_INVISIBLE = 43_200
"""From the receive, whatever ChangeMessageVisibility says (A-05)."""
PURGE_PAUSE = 60.0
"""A-51."""


class Outcome(Enum):
    """What a call comes to."""

    DONE = "done"
    NOTHING = "it succeeds without effect"
    REFUSED = "refused"
    OPEN = "AWS says nothing, or that it may happen"


@dataclass(frozen=True)
class Seen:
    """A message as ReceiveMessage showed it."""

    id: str
    body: str
    count: int
    handle: str
    group: str | None = None


@dataclass(eq=False)
class Message:
    """A message of a queue.

    Attributes:
        enqueued: When its retention began.
        visible_at: When its delay or its visibility timeout ends.
        count: How often it was received, from any queue (A-23).
        receives: How often it was received from this queue.
        received: When it was received last.
        handle: That of the last receive.
    """

    id: str
    body: str
    group: str | None
    enqueued: float
    visible_at: float
    count: int = 0
    receives: int = 0
    received: float = 0.0
    handle: str = ""

    def in_flight(self, now: float) -> bool:
        """Whether it was received from this queue and is not visible yet."""
        return self.receives > 0 and now < self.visible_at


@dataclass
class Queue:
    """A queue.

    Attributes:
        fifo: Whether it is a FIFO queue.
        visibility: Its VisibilityTimeout.
        delay: Its DelaySeconds.
        retention: Its MessageRetentionPeriod.
        most: Its maxReceiveCount; None without a dead-letter queue.
        dead_letters: That queue.
        per_group: Whether its DeduplicationScope is `messageGroup`.
        messages: All that it holds, in the order of their sending.
        doubtful: Messages of which only a look into the dead-letter queue tells whether they went there: a
            receive that was full may have come upon them, or not.
        handles: The message of each receipt handle.
        purged: When it was purged.
    """

    fifo: bool
    visibility: float = 30
    delay: float = 0
    retention: float = 345_600
    most: int | None = None
    dead_letters: Queue | None = None
    per_group: bool = False
    messages: list[Message] = field(default_factory=list)
    doubtful: list[Message] = field(default_factory=list)
    handles: dict[str, Message] = field(default_factory=dict)
    purged: float | None = None
    _sent: dict[tuple[str | None, str], float] = field(default_factory=dict)

    # Sending.

    def sent(
        self,
        now: float,
        message_id: str,
        body: str,
        *,
        delay: float | None = None,
        group: str | None = None,
        deduplication: str | None = None,
    ) -> bool:
        """A message was sent; False where it repeats one of the last five minutes, and is dropped (A-59)."""
        if deduplication is not None:
            key = (group if self.per_group else None, deduplication)
            if now < self._sent.get(key, now):
                return False
            self._sent[key] = now + DEDUPLICATION
        # A message's own delay counts on standard queues only, 0 included.
        wait = self.delay if delay is None or self.fifo else delay
        self.messages.append(Message(message_id, body, group, now, now + wait))
        return True

    # Receiving.

    def receivable(self, now: float) -> list[list[Message]]:
        """What a receive may come upon: lists of which each is gone through in order, the lists in any."""
        self.expire(now)
        if not self.fifo:
            return [[message] for message in self.messages if message.visible_at <= now]
        groups: dict[str | None, list[Message]] = {}
        blocked: set[str | None] = set()
        for message in self.messages:
            if message.in_flight(now):
                blocked.add(message.group)  # those after it wait, those before it do not
            elif message.group not in blocked and message.visible_at <= now:
                groups.setdefault(message.group, []).append(message)
        return list(groups.values())

    def deliverable(self, now: float) -> list[Message]:
        """Of those, the ones that a receive returns."""
        return [message for group in self.receivable(now) for message in group if not self._is_spent(message)]

    def received(self, now: float, seen: Sequence[Seen], maximum: int, timeout: float | None = None) -> None:
        """A receive of up to `maximum` messages returned these.

        Raises:
            AssertionError: It may not.
        """
        able = len(self.deliverable(now))
        assert len(seen) == min(maximum, able), f"{len(seen)} of {able} came, {maximum} were asked for"
        self.taken(now, seen, timeout, all_met=len(seen) < maximum)

    def taken(
        self, now: float, seen: Sequence[Seen], timeout: float | None = None, *, all_met: bool = False
    ) -> None:
        """These were received at once; `all_met` says that the receive came upon all there was.

        Raises:
            AssertionError: They may not: one is not visible, comes too early in its group, has a wrong count.
        """
        order = [message.group for message in seen] if self.fifo else []
        assert order == sorted(order, key=order.index), "a group is drained before the next one (A-63)"
        ids = [message.id for message in seen]
        assert len(set(ids)) == len(ids), "one message came twice"
        able: dict[str, Message] = {}
        met: list[Message] = []
        left: list[Message] = []
        for group in self.receivable(now):
            last = max((index for index, message in enumerate(group) if message.id in ids), default=-1)
            end = len(group) if all_met else last + 1
            met += [message for message in group[:end] if self._is_spent(message)]
            left += [message for message in group[end:] if self._is_spent(message)]
            expected = {message.id: message for message in group[: last + 1] if not self._is_spent(message)}
            assert [one for one in ids if one in expected] == list(expected), "out of order, or one left out"
            able |= expected
        self._bury(now, met)
        self.doubtful += [message for message in left if message not in self.doubtful]
        for one in seen:
            assert one.id in able, f"{one} came, which is not visible, or was received too often"
            self._hand_out(able[one.id], one, now, self.visibility if timeout is None else timeout)

    def _hand_out(self, message: Message, seen: Seen, now: float, timeout: float) -> None:
        message.count += 1
        message.receives += 1
        assert (seen.body, seen.count) == (message.body, message.count)
        assert seen.handle not in self.handles, "each receive gives a new handle (A-03)"
        message.handle, message.received, message.visible_at = seen.handle, now, now + timeout
        self.handles[seen.handle] = message

    def _is_spent(self, message: Message) -> bool:
        return self.most is not None and message.receives >= self.most

    # Dead letters.

    def all_met(self, now: float) -> None:
        """Somebody received until nothing came: what had been received too often is gone (A-36, A-37)."""
        self._bury(now, [one for group in self.receivable(now) for one in group if self._is_spent(one)])

    def bury_doubtful(self, now: float, arrived: set[str]) -> None:
        """These were seen in the dead-letter queue, or are in their own no longer."""
        self._bury(now, [message for message in self.doubtful if message.id in arrived])

    def _bury(self, now: float, messages: Iterable[Message]) -> None:
        for message in messages:
            assert self.dead_letters is not None
            self.messages.remove(message)
            if message in self.doubtful:
                self.doubtful.remove(message)
            # A standard queue's dead letters keep their age, a FIFO queue's do not.
            enqueued = now if self.fifo else message.enqueued
            moved = Message(message.id, message.body, message.group, enqueued, now, message.count)
            self.dead_letters.messages.append(moved)

    # Receipt handles.

    def deleted(self, now: float, handle: str) -> Outcome:
        """What DeleteMessage comes to; where that is DONE, the message is gone."""
        self.expire(now)
        message = self.handles[handle]
        if message not in self.messages:
            return Outcome.NOTHING
        if message.handle != handle:
            return Outcome.OPEN  # received again since: it may not delete
        if self.fifo and not message.in_flight(now):
            return Outcome.REFUSED
        self.messages.remove(message)  # also after its timeout, on a standard queue
        return Outcome.DONE

    def visibility_changed(self, now: float, handle: str, timeout: float) -> Outcome:
        """What ChangeMessageVisibility comes to; it counts from now (A-04)."""
        self.expire(now)
        message = self.handles[handle]
        if message not in self.messages:
            return Outcome.REFUSED
        if message.handle != handle or (self.fifo and not message.in_flight(now)):
            return Outcome.OPEN
        if not message.in_flight(now):
            return Outcome.NOTHING
        if timeout and now + timeout >= message.received + LONGEST_INVISIBLE:
            return Outcome.REFUSED
        message.visible_at = now + timeout
        return Outcome.DONE

    # Everything at once.

    def purge(self, now: float) -> Outcome:
        """PurgeQueue: once in 60 s; what is in flight or delayed goes, and deduplication with it (A-51)."""
        if self.purged is not None and now < self.purged + PURGE_PAUSE:
            return Outcome.REFUSED
        self.purged = now
        self.messages.clear()
        self.doubtful.clear()
        self._sent.clear()
        return Outcome.DONE

    def expire(self, now: float) -> None:
        """What is older than the retention period is gone, in flight or not (A-46)."""
        self.messages = [one for one in self.messages if now < one.enqueued + self.retention]
        self.doubtful = [one for one in self.doubtful if one in self.messages]

    def counts(self, now: float) -> tuple[int, int, int]:
        """Visible, in flight, delayed (A-21)."""
        self.expire(now)
        in_flight = sum(message.in_flight(now) for message in self.messages)
        delayed = sum(not message.receives and now < message.visible_at for message in self.messages)
        return len(self.messages) - in_flight - delayed, in_flight, delayed

    def deadlines(self, now: float) -> list[float]:
        """The times from now on at which something changes by itself."""
        times = [time for one in self.messages for time in (one.visible_at, one.enqueued + self.retention)]
        return sorted({time for time in (*times, *self._sent.values()) if time > now})
