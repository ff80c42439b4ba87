"""What conformance tests hold besides boto3: a clock, and what functions tell."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from harness.client import Clock


class PatientClock:
    """The clock of a test: the environment's own where it can be moved, else time that is waited for.

    Args:
        clock: The account's.
        longest: Seconds of real time that one `advance` may wait; more skips the test.
    """

    def __init__(self, clock: Clock, longest: float) -> None:
        self._clock = clock
        self._longest = longest

    @property
    def virtual(self) -> bool:
        """Whether it can be stopped and moved."""
        return self._clock.virtual

    @property
    def patience(self) -> float:
        """Real seconds after which what is only eventually so should be so: AWS says a minute."""
        return 5.0 if self.virtual else 90.0

    def now(self) -> float:
        """Epoch seconds."""
        return self._clock.now()

    def freeze(self) -> None:
        """Stop it; where that cannot be, time goes on."""
        if self.virtual:
            self._clock.freeze()

    def resume(self) -> None:
        """Let it run on."""
        if self.virtual:
            self._clock.resume()

    def takes(self, seconds: float) -> None:
        """Skip a test that takes so much real time with any clock, where that is too long."""
        if seconds > self._longest:
            pytest.skip(f"takes {seconds:g} s")

    def advance(self, seconds: float) -> None:
        """Move it forward; where that cannot be, wait, or skip the test where it would wait too long."""
        if not self.virtual and seconds > self._longest:
            pytest.skip(f"needs {seconds:g} s of real time")
        self._clock.advance(seconds)


class Deliveries:
    """What functions have told: documents in an output queue, in the order in which they came.

    Args:
        sqs: A client.
        queue_url: The output queue.
    """

    def __init__(self, sqs: Any, queue_url: str) -> None:
        self._sqs = sqs
        self.queue_url = queue_url

    def __call__(self, count: int = 1) -> list[Any]:
        """The next `count` documents; fails where they do not come."""
        found: list[Any] = []
        deadline = time.monotonic() + 30
        while len(found) < count and time.monotonic() < deadline:
            found += self._receive(min(10, count - len(found)), 5)
        assert len(found) == count, f"{len(found)} of {count} were told: {found}"
        return found

    def rest(self, seconds: int = 1) -> list[Any]:
        """All that comes until nothing has come for so many seconds."""
        found: list[Any] = []
        while more := self._receive(10, seconds):
            found += more
        return found

    def _receive(self, maximum: int, seconds: int) -> list[Any]:
        answer = self._sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=maximum, WaitTimeSeconds=seconds
        )
        messages = answer.get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]
