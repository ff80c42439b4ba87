"""The clock of an environment: where the emulator is the harness's own, a test can stop it and move it."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from harness.client.deadline import Deadline, until
from harness.model.errors import HarnessError, UsageError, WaitTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.client.control import ControlApi
    from harness.client.function import Function

ADVANCE_SECONDS = 600.0
"""How long one advance may take: whatever becomes due on the way is done before it answers."""
SETTLE_SECONDS = 60.0
"""How long `settle` waits where no time-out is given."""
ANSWER_SECONDS = 10.0
"""How long an answer may take besides what it waits for."""


class Clock:
    """The time of one account: visibility timeouts, delays, retention and all else that waits follow it.

    Where the environment has no clock to move (a LocalStack as it comes, AWS), `advance` waits, `now` is the
    machine's time, and what needs a clock that stands is refused.

    Args:
        control: Of the account; None where there is no clock to move.
        wait: What waits where there is no clock to move, by default the machine's `time.sleep`.
        still_moving: What tells, where there is no clock to move, after how many seconds what still moves.
        pause: Seconds between two looks at a predicate where there is no clock to move.
    """

    def __init__(
        self,
        control: ControlApi | None,
        wait: Callable[[float], object] = time.sleep,
        *,
        still_moving: Callable[[float], list[str]] = lambda _: [],
        pause: float = 0.05,
    ) -> None:
        self._control = control
        self._wait = wait
        self._still_moving = still_moving
        self._pause = pause

    @property
    def virtual(self) -> bool:
        """Whether it can be stopped and moved (the capability `virtual_clock`)."""
        return self._control is not None

    def now(self) -> float:
        """Epoch seconds."""
        return float(self._control.call("GET", "clock")["now"]) if self._control else time.time()

    @property
    def frozen(self) -> bool:
        """Whether it stands."""
        return bool(self._control.call("GET", "clock")["frozen"]) if self._control else False

    def freeze(self) -> float:
        """Stop it; returns the time at which it stands, in epoch seconds. A frozen clock stays as it is.

        Raises:
            HarnessError: There is no clock to stop.
        """
        return float(self._move("freeze")["now"])

    def resume(self) -> float:
        """Let it run on from the time at which it stands; returns that time, in epoch seconds.

        Raises:
            HarnessError: There is no clock that could have been stopped.
        """
        return float(self._move("resume")["now"])

    def advance(self, seconds: float) -> float:
        """Move it forward, frozen or not; returns the time then, in epoch seconds.

        What becomes due on the way is done in the order of its deadlines, each at its own time, and all that
        follows from it before time moves on to the next. Where there is no clock to move, it waits.

        Args:
            seconds: 0 or more.

        Raises:
            UsageError: It would go back, or never end.
        """
        _refuse_backwards(seconds, "advance")
        if self._control is None:
            self._wait(seconds)
            return self.now()
        return float(self._move("advance", seconds=float(seconds))["now"])

    def advance_to_next(self) -> float | None:
        """Move it to the next moment at which something becomes due, do that, and let what follows settle.

        Returns:
            The time then, in epoch seconds; None where nothing waits for time: then it has not moved.

        Raises:
            HarnessError: There is no clock to move.
        """
        answer = self._move("next")
        return float(answer["now"]) if answer["fired"] else None

    def run_until(self, predicate: Callable[[], object], limit: float) -> float:
        """Move it from one deadline to the next until `predicate` says something true.

        It is asked first before time moves, and then after each deadline, when all has settled. Where there
        is no clock to move, it is asked again and again.

        Args:
            predicate: What is waited for; it must not move the clock.
            limit: Seconds of the account's time, 0 or more.

        Returns:
            The time at which it held, in epoch seconds.

        Raises:
            UsageError: The limit is negative, or no number.
            WaitTimeoutError: It did not hold within the limit, or the account did not settle.
        """
        _refuse_backwards(limit, "run_until", what="limit")
        if self._control is None:
            if until(lambda: predicate() or None, Deadline(limit), every=self._pause) is None:
                raise _not_within(limit)
            return self.now()
        end = self.now() + limit
        while True:
            self.settle()
            if predicate():
                return self.now()
            left = end - self.now()
            if left <= 0:
                raise _not_within(limit)
            self._move("next", seconds=left)

    @contextmanager
    def followed_by(self, *functions: Function) -> Iterator[None]:
        """Let the clocks that these functions' handlers look at follow it inside the block.

        `time.time()`, `datetime.now()` and `context.get_remaining_time_in_millis()` then tell its time. Those
        that the setting `virtual_time` names follow it always. New processes run the functions afterwards, at
        both ends of the block. Where there is no clock to move, handlers have the one time that there is.

        Args:
            functions: As `stack.function(...)` gives them.
        """
        if self._control is None:
            yield
            return
        before = self._control.call("GET", "virtual-time")["functions"]
        self._follow([*before, *(function.arn for function in functions)])
        try:
            yield
        finally:
            self._follow(before)

    def _follow(self, functions: list[str]) -> None:
        if self._control is not None:
            self._control.call("POST", "virtual-time", {"functions": functions})

    def settle(self, timeout: float = SETTLE_SECONDS) -> None:
        """Wait until nothing can move unless time moves.

        With a clock that can be moved this is exact: no mapping would take a visible message, no batch is
        being formed that does not wait for its window, no function runs. Elsewhere the counters of the mapped
        queues say so, as well as they can: nothing visible, nothing in flight.

        Args:
            timeout: Seconds of real time, 0 or more.

        Raises:
            UsageError: The time-out is negative, or no number.
            WaitTimeoutError: It has not settled in time; `detail` says what still moves.
        """
        _refuse_backwards(timeout, "settle", what="time-out")
        moving = self._still_moving(timeout) if self._control is None else self._settled_by(timeout)
        if moving:
            raise WaitTimeoutError(
                f"Not settled after {timeout:g} s. What still moves:",
                hint="A function that takes longer needs a longer time-out; is a debugger stopped in one?",
                detail="\n".join(moving),
            )

    def _settled_by(self, timeout: float) -> list[str]:
        from harness.client.control import RefusedError  # noqa: PLC0415 - whoever has a control API has it loaded

        assert self._control is not None  # noqa: S101 - for the type checker
        try:
            self._control.call("POST", "settle", {"timeout": timeout}, timeout=timeout + ANSWER_SECONDS)
        except RefusedError as error:
            if not isinstance(error.answer, dict) or not error.answer.get("moving"):
                raise
            return [str(sentence) for sentence in error.answer["moving"]]
        return []

    def _move(self, action: str, **more: float) -> dict[str, Any]:
        if self._control is None:
            raise HarnessError(
                f"Cannot {_MEANINGS[action]} the clock: this environment has none of its own, "
                "its time is the real one.",
                hint='`@pytest.mark.needs("virtual_clock")` skips the test there; `advance` waits.',
            )
        answer: dict[str, Any] = self._control.call(
            "POST", "clock", {"action": action, **more}, timeout=ADVANCE_SECONDS
        )
        return answer


_MEANINGS = {"freeze": "freeze", "resume": "resume", "advance": "advance", "next": "advance"}


def _refuse_backwards(seconds: float, call: str, what: str = "") -> None:
    if math.isfinite(seconds) and seconds >= 0:
        return
    if what:
        raise UsageError(
            f"{call}: the {what} is {seconds}.", hint="Say how many seconds it may take: 0 or more."
        )
    raise UsageError(
        f"A clock does not go back: {call}({seconds}).",
        hint="Say how many seconds shall pass: 0 or more.",
    )


def _not_within(limit: float) -> WaitTimeoutError:
    return WaitTimeoutError(f"What was waited for did not happen within {limit:g} s.")
