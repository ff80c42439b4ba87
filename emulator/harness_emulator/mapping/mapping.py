"""A mapping at work: one thread that forms batches, and threads of a pool that handle those in flight."""

from __future__ import annotations

import itertools
import logging
import threading
from collections import deque
from typing import TYPE_CHECKING

from harness_emulator.account import ACCOUNTS
from harness_emulator.functions import events as ledger
from harness_emulator.mapping import filters, records
from harness_emulator.mapping.batches import Batch, Invoker, drop
from harness_emulator.mapping.flights import Flight
from harness_emulator.mapping.records import Entry
from harness_emulator.mapping.scaling import Scaling
from harness_emulator.mapping.threads import POOL
from harness_emulator.sqs import in_process
from harness_emulator.time import real_time

if TYPE_CHECKING:
    from harness_emulator.mapping.settings import MappingSettings
    from harness_emulator.sqs.in_process import HarnessQueue
    from harness_emulator.time.timers import Timer

LOG = logging.getLogger(__name__)

MISSING_QUEUE_SECONDS = 1.0
MISSING_QUEUE_MOST_SECONDS = 60.0
"""After how long a mapping looks for a queue that was deleted, doubled from the first to the second: real
time, nothing in the account says when it is made again."""
WITHHELD_SECONDS = 1.0
"""After how long, of the account's time, a mapping receives again whose receive gave nothing although there
were messages, which only a fault does (own number: it must not go round without end at one moment)."""


class Reader:
    """Reads one queue for one function.

    It is told by the queue when there may be something to receive, and by its own batches when there is room
    again; it never asks on its own. A batch is begun only when it can start at once, so that no message's
    receive is counted for nothing.

    Args:
        settings: What the mapping is configured to do.
    """

    def __init__(self, settings: MappingSettings) -> None:
        self._settings = settings
        self._scaling = Scaling.of(settings)
        self._clock = ACCOUNTS.of(settings.account).clock
        self._turns = ACCOUNTS.of(settings.account).turns
        self._name = f"{settings.function_arn} {settings.queue_arn}"
        self._pauses = itertools.count(1)
        self._activities = tuple(
            ACCOUNTS.of(account).activity for account in {settings.account, settings.queue_account}
        )
        self._changed = threading.Condition()
        self._generation = 0
        self._seen = 0
        self._reading = False
        self._ended = False
        self._thread: threading.Thread | None = None
        self._queue: HarnessQueue | None = None
        self._forming: Batch | None = None
        self._left_over: deque[Entry] = deque()
        self._flights: list[Flight] = []
        self._window: Timer | None = None
        self._growth: Timer | None = None
        self._withheld: Timer | None = None
        self._later: object | None = None
        self._patience = MISSING_QUEUE_SECONDS

    # What the mapping's life calls.

    def read(self) -> None:
        """Begin to read."""
        with self._changed:
            self._reading = True
            if self._thread is None:
                for activity in self._activities:
                    activity.add(self)
                name = f"mapping-{self._settings.queue_name}"
                self._thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._thread.start()
        self._signal()

    def rest(self) -> None:
        """Read no more; a batch that is being formed is dropped, those in flight run to their end (B-16)."""
        with self._changed:
            self._reading = False
        self._signal()

    def end(self) -> None:
        """Rest, for good."""
        with self._changed:
            self._reading, self._ended = False, True
        self._signal()

    def configure(self, settings: MappingSettings) -> None:
        """Form the batches that begin from now on with other settings; a forming one is handed over now."""
        with self._changed:
            self._settings = settings
            self._scaling = Scaling.of(settings)
        self._signal()

    def wait_until_idle(self, deadline: real_time.RealDeadline) -> bool:
        """Wait until no batch is in flight or being formed; False when the deadline was first."""
        with self._changed:
            return real_time.wait_for(
                self._changed, lambda: not self._flights and self._forming is None, deadline.left
            )

    def forget(self) -> None:
        """Drop what is being formed, and what is not invoked yet: the queue was emptied."""
        with self._changed:
            self._forming = None
            self._left_over.clear()
            for flight in self._flights:
                flight.given_up = True
            if self._withheld is not None:
                self._withheld.cancel()
                self._withheld = None
            self._changed.notify_all()
        self._signal()

    def moving(self) -> list[str]:
        """A sentence while it looks at its queue; its batches in flight say themselves what they do."""
        with self._changed:
            looking = self._thread is not None and self._seen != self._generation
            settings = self._settings
            missed = self._reading and self._later is not None
        if missed and in_process.find_queue(settings.queue_arn) is not None:
            self._signal()  # the queue was made again: found now, not at the next look for it
            looking = True
        if not looking:
            return []
        return [f"the mapping of {settings.queue_name} to {settings.function_name} reads its queue"]

    # The thread.

    def _signal(self) -> None:
        """Have the thread look again; called by queues and timers, too, and short."""
        with self._changed:
            self._generation += 1
            self._changed.notify_all()
        for activity in self._activities:
            activity.bump()

    def _run(self) -> None:
        while True:
            with self._changed:
                seen = self._generation
            try:
                moved = self._look()
            except Exception:
                LOG.exception("The mapping of %s failed.", self._settings.queue_arn)
                moved = False
                self._look_later()
            if moved:
                continue
            with self._changed:
                if self._ended:
                    break
                if self._generation != seen:
                    continue
                self._seen = seen
            for activity in self._activities:
                activity.bump()
            with self._changed:
                self._changed.wait_for(lambda seen=seen: self._generation != seen)  # type: ignore[misc]
        self._listen_to(None)
        for activity in self._activities:
            activity.remove(self)

    def _look(self) -> bool:
        """Do one thing that can be done now; False where there is none until something changes."""
        with self._changed:
            reading, settings = self._reading, self._settings
        if not reading:
            self._forming = None
            self._left_over.clear()
            self._turns.withdraw(self._name)
            return False
        queue = in_process.find_queue(settings.queue_arn)
        if queue is not self._queue:
            self._listen_to(queue)
        if queue is None:
            self._forming = None
            self._look_later()
            return False
        self._patience = MISSING_QUEUE_SECONDS
        now = self._clock.now()
        if self._forming is None and not self._may_begin(queue, now):
            return False
        return self._has_turn(queue, now) and self._form(queue, settings, now)

    def _has_turn(self, queue: HarnessQueue, now: float) -> bool:
        """Whether it may go on now, where turns are kept; a batch that waits for time needs none."""
        batch = self._forming
        if (
            batch is not None
            and now < batch.ends
            and not self._left_over
            and not in_process.receivable(queue)
        ):
            return True
        return self._turns.may(self._name, self._signal)

    def _look_later(self) -> None:
        """Look again after a while."""

        def look() -> None:
            self._later = None
            self._signal()

        if self._later is None:
            self._later = real_time.call_later(self._patience, look)
            self._patience = min(2 * self._patience, MISSING_QUEUE_MOST_SECONDS)

    def _may_begin(self, queue: HarnessQueue, now: float) -> bool:
        there = bool(self._left_over) or self._may_receive(queue)
        with self._changed:
            if not there:
                self._scaling.drained(now, idle=not self._flights)
                if self._growth is not None:
                    self._growth.cancel()
                    self._growth = None
                return False
            if len(self._flights) < self._scaling.allowed(now):
                self._scaling.working(now)
                return True
            more = self._scaling.saturated(now)
            if more is not None and (self._growth is None or self._growth.cancelled):
                self._growth = self._clock.call_later(more, self._grow)
            return False

    def _may_receive(self, queue: HarnessQueue) -> bool:
        return self._withheld is None and in_process.receivable(queue)

    def _receive_later(self) -> None:
        """The queue gave nothing although it has messages: look again after a while."""

        def look() -> None:
            self._withheld = None
            self._signal()

        self._withheld = self._clock.call_later(WITHHELD_SECONDS, look)

    def _grow(self) -> None:
        self._growth = None
        self._signal()

    def _form(self, queue: HarnessQueue, settings: MappingSettings, now: float) -> bool:
        batch = self._forming
        if batch is None:
            batch = self._forming = Batch(settings, queue, now)
        full = batch.settings is not settings or self._fill(batch)
        if not batch.entries:
            self._forming = None
            return True  # all was filtered out, or taken by another
        if full or not settings.window or now >= batch.ends:
            self._forming = None
            self._start(batch)
            return True
        if self._window is None or self._window.when != batch.ends or self._window.cancelled:
            self._window = self._clock.call_at(batch.ends, self._signal)
        return self._may_receive(queue)

    def _fill(self, batch: Batch) -> bool:
        """Add what is there; True when no more fits."""
        while self._left_over and batch.missing:
            if not batch.take(self._left_over[0]):
                return True
            self._left_over.popleft()
        if not batch.missing:
            return True
        for entry in self._receive(batch):
            # What is too much for this event begins the next batch: it has been received.
            if self._left_over or not batch.take(entry):
                self._left_over.append(entry)
        return bool(self._left_over) or not batch.missing

    def _receive(self, batch: Batch) -> list[Entry]:
        """What is visible now and passes the filters; what does not pass is deleted."""
        kept: list[Entry] = []
        dropped = []
        if self._withheld is not None:
            return []
        try:
            messages = in_process.receive(batch.queue, batch.missing, batch.settings.function_name)
        except in_process.WithheldError:
            self._receive_later()
            return []
        for received in messages:
            record = records.record(received.message, batch.settings)
            if filters.matches(record, batch.settings.patterns):
                kept.append(Entry(received, records.encoded(record)))
            else:
                dropped.append(received)
        drop(batch.queue, dropped, batch.settings.function_name)
        return kept

    def _listen_to(self, queue: HarnessQueue | None) -> None:
        if self._queue is not None:
            in_process.unlisten(self._queue, self._signal)
        self._queue = queue
        if queue is not None:
            in_process.listen(queue, self._signal)

    # Batches in flight.

    def _start(self, batch: Batch) -> None:
        ledger.batch_formed(batch)
        flight = Flight(batch)
        if self._window is not None:
            self._window.cancel()
            self._window = None
        with self._changed:
            # A batch of a group that is in flight can only be there when the visibility timeout ended
            # meanwhile: it waits, a group is strictly serial (B-51).
            flight.blocked = self._is_blocked(flight)
            self._flights.append(flight)
        if not flight.blocked:
            self._moves(flight)
        POOL.run(lambda: self._handle(flight))

    def _handle(self, flight: Flight) -> None:
        invoker = Invoker(
            flight.batch, pause=lambda seconds: self._pause(flight, seconds), now=self._clock.now
        )
        well = True
        try:
            with self._changed:
                self._changed.wait_for(lambda: not flight.blocked)
            well = invoker.run(self._throttled)
        finally:
            with self._changed:
                if well:
                    self._scaling.succeeded()
                else:
                    self._scaling.failed()
                self._flights.remove(flight)
                freed = [other for other in self._flights if other.blocked and not self._is_blocked(other)]
                for other in freed:
                    other.blocked = False
            for other in freed:
                self._moves(other)
            self._signal()
            self._rests(flight)

    def _is_blocked(self, flight: Flight) -> bool:
        groups = flight.batch.groups
        for other in self._flights:
            if other is flight:
                return False
            if groups & other.batch.groups:
                return True
        return False

    def _throttled(self) -> None:
        with self._changed:
            self._scaling.failed()

    def _pause(self, flight: Flight, seconds: float) -> bool:
        """Wait for so much of the account's time; False when the mapping is to rest."""
        name = f"{self._name} {next(self._pauses):09}"

        def go_on() -> None:
            with self._changed:
                if flight.paused and self._turns.may(name, go_on):
                    self._moves(flight)
                    flight.paused = False
                    self._changed.notify_all()

        # Under one lock, so that it is seen either at work or waiting for a timer that is there.
        with self._changed:
            flight.paused = True
            timer = self._clock.call_later(seconds, go_on)
            self._rests(flight)
            self._changed.wait_for(lambda: not flight.paused or flight.given_up or not self._reading)
            if flight.paused:
                self._moves(flight)
                flight.paused = False
            timer.cancel()
            self._turns.withdraw(name)
            return self._reading and not flight.given_up

    def _moves(self, flight: Flight) -> None:
        settings = flight.batch.settings
        sentence = f"{settings.function_name} handles {len(flight.batch.entries)} of {settings.queue_name}"
        for activity in self._activities:
            activity.begin(flight, sentence)

    def _rests(self, flight: Flight) -> None:
        for activity in self._activities:
            activity.end(flight)
