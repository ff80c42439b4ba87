"""Operations through the calculator while its handlers are killed: none is lost, nothing is left over.

The seed decides after which operation a handler is killed, and which one. What that handler was doing then is
the machine's matter: two runs of a seed kill at the same points, and need not hit the same messages.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

import psutil

from tests.soak.calculator import VISIBILITY
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.soak.calculator import Calculator

ROUND = 5_000
"""Operations that are sent before all of them have to be through."""
OPERATIONS_PER_KILL = 250
BATCH = 10
SENDERS = 2
COLLECTORS = 2
PATIENCE_SECONDS = 1.0
"""How long a kill waits for a handler that is at work."""


@dataclass
class Report:
    """What happened.

    Attributes:
        operations: That were sent.
        kills: Handlers that were killed; `busy` of them while they had a batch.
        busy: See there.
        repeated: Results beyond the first of an operation: its handler was killed after it had sent them.
        dead: Operations that became dead letters, and have no result.
        dead_with_result: Dead letters that have one.
        retries: How often the clock was moved for messages to come back.
        seconds: That it took.
        lost: Operations that are nowhere, by message id.
        wrong: Results that are wrong, by message id.
        left: What should not be there any more.
    """

    operations: int = 0
    kills: int = 0
    busy: int = 0
    repeated: int = 0
    dead: int = 0
    dead_with_result: int = 0
    retries: int = 0
    seconds: float = 0.0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing was lost, wrong or left over."""
        return not (self.lost or self.wrong or self.left)

    def __str__(self) -> str:
        """One line, and one for each thing that is wrong."""
        rate = self.operations / self.seconds if self.seconds else 0.0
        summary = (
            f"{self.operations} operations in {self.seconds:.0f} s ({rate:.0f} ops/s); "
            f"{self.kills} handlers killed, {self.busy} of them at work; {self.repeated} results sent again; "
            f"{self.retries} retries; {self.dead} dead letters without a result, {self.dead_with_result} with"
        )
        lines = [summary]
        for name, found in (("lost", self.lost), ("wrong", self.wrong), ("left over", self.left)):
            lines += [f"{name}: {one}" for one in found[:20]]
        return "\n".join(lines)


class Soak:
    """One run.

    Args:
        calculator: What is soaked; it is removed at the end.
        seed: What decides about the kills.
        say: Told how far it is.
    """

    def __init__(
        self, calculator: Calculator, seed: int, say: Callable[[str], object] = lambda _: None
    ) -> None:
        self.report = Report()
        self._calculator = calculator
        self._random = Random(seed)  # noqa: S311 - to repeat it, not to hide it
        self._say = say
        self._expected: dict[str, int] = {}
        self._results: dict[str, int] = {}
        self._pids: dict[int, float] = {}
        self._failed: list[Exception] = []
        self._lock = threading.Lock()
        self._killing = threading.Lock()

    def run(self, operations: int) -> Report:
        """Send so many operations, in rounds; each ends when all of its own are through."""
        started = time.monotonic()
        while (left := operations - self.report.operations) > 0:
            self._round(min(ROUND, left))
            self.report.seconds = time.monotonic() - started
            self._say(str(self.report))
        self._look_at_dead_letters()
        self._remove()
        return self.report

    # A round.

    def _round(self, count: int) -> None:
        first = self.report.operations
        self.report.operations += count
        # After which operation of the round; `_retry` kills more, so that some operations never get through.
        points = set(self._random.sample(range(0, count, BATCH), -(-count // OPERATIONS_PER_KILL)))
        numbers = iter([(first + begin, begin in points) for begin in range(0, count, BATCH)])
        senders = [threading.Thread(target=self._send, args=(numbers, first + count)) for _ in range(SENDERS)]
        collectors = [threading.Thread(target=self._collect, args=(senders,)) for _ in range(COLLECTORS)]
        for thread in (*senders, *collectors):
            thread.start()
        for thread in (*senders, *collectors):
            thread.join()
        if self._failed:
            raise self._failed[0]
        while True:
            self._calculator.settle()
            for message in self._calculator.drain(self._calculator.output):
                self._note(message)
            if not any(self._calculator.counts(self._calculator.input)):
                break
            self._retry()

    def _send(self, numbers: Iterator[tuple[int, bool]], end: int) -> None:
        with self._telling():
            while (found := self._next(numbers)) is not None:
                begin, kill = found
                batch = range(begin, min(begin + BATCH, end))
                ids = self._calculator.send([{"operation": "add", "a": number, "b": 1} for number in batch])
                with self._lock:
                    self._expected.update({one: number + 1 for one, number in zip(ids, batch, strict=True)})
                if kill:
                    self._kill()

    def _next(self, numbers: Iterator[tuple[int, bool]]) -> tuple[int, bool] | None:
        with self._lock:
            return None if self._failed else next(numbers, None)

    def _collect(self, senders: list[threading.Thread]) -> None:
        with self._telling():
            while True:
                sending = any(sender.is_alive() for sender in senders)
                for message in self._calculator.drain(self._calculator.output, wait=1):
                    self._note(message)
                if not sending:
                    return

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """What goes wrong in a thread ends the run."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - raised again by the thread that joins this one
            self._failed.append(error)

    def _note(self, message: dict[str, Any]) -> None:
        result = json.loads(message["Body"])
        message_id = result["messageId"]
        with self._lock:
            self.report.repeated += message_id in self._results
            self._results[message_id] = result.get("result")

    def _retry(self) -> None:
        """Let what a killed handler had come back, and kill another one that has it."""
        self.report.retries += 1
        killer = threading.Thread(target=self._kill)
        if self._random.random() < 0.5:
            killer.start()
        self._calculator.advance(VISIBILITY)
        if killer.is_alive():
            killer.join()

    # Killing.

    def _kill(self) -> None:
        """Kill a handler, one that is at work where there is one or comes to be one soon."""
        with self._killing:
            self._kill_one()

    def _kill_one(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = [one for one in self._calculator.environments() if one["pid"]]
            self._remember(found)
            at_work = [one for one in found if one["state"] == "invoking"]
            if at_work or time.monotonic() >= deadline:
                break
        chosen = at_work or found
        if not chosen:
            return
        victim = self._random.choice(sorted(chosen, key=lambda one: str(one["id"])))
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim["pid"], signal.SIGKILL)
            self.report.kills += 1
            self.report.busy += bool(at_work)

    def _remember(self, environments: list[dict[str, Any]]) -> None:
        for one in environments:
            with contextlib.suppress(psutil.NoSuchProcess):
                self._pids.setdefault(one["pid"], psutil.Process(one["pid"]).create_time())

    # The end.

    def _look_at_dead_letters(self) -> None:
        ids = {message["MessageId"] for message in self._calculator.drain(self._calculator.dead)}
        self.report.dead = len(ids - self._results.keys())
        self.report.dead_with_result = len(ids & self._results.keys())
        self.report.lost = sorted(self._expected.keys() - self._results.keys() - ids)
        self.report.wrong = sorted(
            one for one, result in self._results.items() if self._expected.get(one) != result
        )

    def _remove(self) -> None:
        """Everything, and see that it is gone."""
        calculator = self._calculator
        for name, url in (
            ("input", calculator.input),
            ("output", calculator.output),
            ("dead", calculator.dead),
        ):
            if any(counts := calculator.counts(url)):
                self.report.left.append(f"in the queue {name}: visible, in flight, delayed: {counts}")
        self._remember([one for one in calculator.environments() if one["pid"]])
        calculator.remove()
        # The processes of a deleted function end behind the answer.
        if not eventually(lambda: not calculator.environments(), timeout=30):
            self.report.left += [f"the environment {one}" for one in calculator.environments()]
        processes = [psutil.Process(pid) for pid, created in self._pids.items() if _lives(pid, created)]
        _, alive = psutil.wait_procs(processes, timeout=10)
        self.report.left += [f"the process {one.pid}: {one.status()}" for one in alive]


def _lives(pid: int, created: float) -> bool:
    try:
        return psutil.Process(pid).create_time() == created
    except psutil.NoSuchProcess:
        return False
