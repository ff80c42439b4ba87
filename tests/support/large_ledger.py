"""The ledger of a run of many messages, made up: the same each time."""

from __future__ import annotations

import heapq
import random

from tests.support.ledger_samples import Event, Ledger, invocation

QUEUE, RESULTS, DEAD, FUNCTION = "jobs", "results", "jobs-dlq", "worker"
HIDDEN = 5.0
RECEIVES = 3
PER_SECOND = 400


def large(messages: int = 10_000, environments: int = 10) -> list[Event]:
    """Batches of one to four on ten environments; one in seventy fails, some messages for ever.

    Some eight events to each message: those of its batch and of its result are among them.

    Args:
        messages: How many are sent; each has a result, which is a message too.
        environments: How many execution environments.
    """
    return _Run(messages, environments).events()


class _Run:
    def __init__(self, messages: int, environments: int) -> None:
        self._ledger = Ledger(seed=11)
        self._random = random.Random(12)  # noqa: S311 - the same each time, on purpose
        self._environments = [self._ledger.id() for _ in range(environments)]
        self._free = [(0.2 + 0.05 * n, n) for n in range(environments)]
        self._arrivals = sorted(self._random.random() * messages / PER_SECOND for _ in range(messages))
        self._retries: list[tuple[float, str, int]] = []  # when visible, message, receives
        self._poison: set[str] = set()
        self._sent = 0

    def events(self) -> list[Event]:
        for environment in self._environments:
            self._ledger.record("environment_started", function=FUNCTION, environment_id=environment)
        while self._sent < len(self._arrivals) or self._retries:
            self._one_batch()
        # Batches overlap: written one after the other, they are put in order here.
        events = sorted(self._ledger.events, key=lambda event: float(event["at"]))
        return [{**event, "seq": seq} for seq, event in enumerate(events, start=1)]

    def _at(self, time: float) -> None:
        self._ledger.now = self._ledger.wall = time

    def _one_batch(self) -> None:
        start, environment = heapq.heappop(self._free)
        batch, start = self._new(start)
        if not batch:
            start, message, receives = heapq.heappop(self._retries)
            self._at(start)
            self._ledger.record("visible", queue=QUEUE, message_id=message)
            if receives == RECEIVES:
                self._ledger.record(
                    "moved_to_dlq", queue=QUEUE, message_id=message, receive_count=receives + 1, to=DEAD
                )
                heapq.heappush(self._free, (start, environment))
                return
            batch = [(message, receives + 1)]
        self._at(start)
        self._invoke(batch, environment)
        for message, receives in batch:
            if message in self._failed:
                heapq.heappush(self._retries, (start + HIDDEN, message, receives))
        heapq.heappush(self._free, (self._end + 0.001, environment))

    def _new(self, start: float) -> tuple[list[tuple[str, int]], float]:
        """Messages that have just been sent, and when they are received."""
        batch: list[tuple[str, int]] = []
        size = self._random.choice((1, 1, 2, 2, 3, 4))
        while self._sent < len(self._arrivals) and len(batch) < size:
            arrival = self._arrivals[self._sent]
            if self._retries and (arrival > start or self._retries[0][0] < start):
                break
            self._at(arrival)
            body = {"job": self._sent, "size": self._random.randrange(1000)}
            batch.append((self._ledger.send(QUEUE, body), 1))
            if self._random.random() < 0.004:
                self._poison.add(batch[-1][0])
            start = max(start, arrival + 0.002)
            self._sent += 1
        return batch, start

    def _invoke(self, batch: list[tuple[str, int]], environment: int) -> None:
        chance = self._random.random()
        seconds = self._random.lognormvariate(-4.1, 0.5)
        outcome, error = "succeeded", None
        if chance < 0.003:
            outcome, error, seconds = "timed_out", "Task timed out after 0.50 seconds", 0.5
        elif chance < 0.015:
            outcome, error = "failed", "ValueError: cannot parse"
        ids = [message for message, _ in batch]
        poison = tuple(message for message in ids if message in self._poison)
        self._failed = set(ids) if error else set(poison)
        invocation(
            self._ledger,
            QUEUE,
            batch,
            function=FUNCTION,
            environment=self._environments[environment],
            seconds=seconds,
            hidden=HIDDEN,
            outcome=outcome,
            error=error,
            fails=poison,
            lines=tuple(f"job {message[:8]}" for message in ids),
        )
        self._end = self._ledger.now
        for message in ids:
            if message not in self._failed:
                result = self._ledger.send(RESULTS, {"result": message[:8]})
                self._at(self._end + 0.05 + self._random.random() * 0.1)
                self._ledger.receive(RESULTS, result, 1, 30.0)
                self._ledger.record("deleted", queue=RESULTS, message_id=result)
                self._at(self._end)
