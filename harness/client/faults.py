"""Faults of an environment: rules that say what goes wrong, where, when and how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from harness.client.control import RefusedError
from harness.model.errors import HarnessError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.client.control import ControlApi

KINDS = (
    *("crash", "time_out", "raise", "throttle", "latency"),
    *("lose_delete", "delay_delete", "duplicate", "reorder", "short_receive", "empty_receive", "fail_send"),
)
"""What can go wrong; the emulator's own list, which is not imported where it does not run."""
AIMS = ("function", "queue", "nth_invoke", "nth_delivery", "nth_receive", "nth_send", "body")
"""By what rules are aimed, in the order in which it is told."""


ADVERSARY = "adversary"
"""What the emulator lists besides the rules: a seed that decides what goes wrong."""


class Named(Protocol):
    """A queue or a function."""

    @property
    def name(self) -> str:
        """Its AWS name."""
        ...


@dataclass(frozen=True)
class Fault:
    """A rule.

    Attributes:
        id: `fault-1`, ...
        kind: What goes wrong.
        aim: By what it is aimed: AWS names, numbers, text.
        options: What its kind takes besides, and `always`.
        fired: How often it had struck when this was asked.
    """

    id: str
    kind: str
    aim: Mapping[str, Any]
    options: Mapping[str, Any]
    fired: int
    _control: ControlApi = field(repr=False, compare=False)

    def __str__(self) -> str:
        told = [f"{name}={value!r}" for name, value in {**self.aim, **self.options}.items()]
        return f"{self.id}: {self.kind}({', '.join(told)})"

    @property
    def times(self) -> int:
        """How often it has struck by now; 0 where it has been removed."""
        found = [rule for rule in self._control.call("GET", "faults") if rule["id"] == self.id]
        return int(found[0]["fired"]) if found else 0

    def remove(self) -> None:
        """Let it strike no more."""
        self._control.call("DELETE", "faults", id=self.id)


@dataclass(frozen=True)
class Deed:
    """What the adversary did once.

    Attributes:
        key: By which it can be done again.
        fault: A kind of fault.
        said: What happened, in a sentence.
    """

    key: str
    fault: str
    said: str


class Faults:
    """What is to go wrong in a stack: each method adds a rule, which strikes once unless it says `always`.

    Aims, all of them optional, and each one narrows: `function` and `queue`, by CDKTF construct id or AWS
    name; `nth_invoke`, `nth_receive`, `nth_send`: the nth of those that the other aims leave, counted from 1
    since the rule was added; `nth_delivery`: messages that are received for the nth time; `body`: messages
    that hold this text.

    Args:
        control: Of the account; None where the environment has no faults.
        queue: Finds a queue by construct id or name.
        function: Finds a function.
    """

    def __init__(
        self,
        control: ControlApi | None,
        queue: Callable[[str], Named],
        function: Callable[[str], Named],
    ) -> None:
        self._control = control
        self._find: dict[str, Callable[[str], Named]] = {"queue": queue, "function": function}
        self._used = False

    # What breaks an invocation.

    def crash(self, *, when: Literal["before", "during", "after"] = "during", **aim: Any) -> Fault:
        """The function's process is killed.

        Args:
            when: `before` the handler runs; `during`: when its first call to AWS has been carried out, before
                it learns of it, or at its end where it makes none; `after`: when it has ended, before its
                answer is taken.
            aim: `function`, `queue`, `nth_invoke`, `nth_delivery`, `body`, `always`.
        """
        return self.add("crash", when=when, **aim)

    def time_out(self, **aim: Any) -> Fault:
        """The invocation ends as if its timeout had passed, before the handler did anything; nobody waits.

        Args:
            aim: As of `crash`.
        """
        return self.add("time_out", **aim)

    def raise_(self, error: str = "InjectedFault", **aim: Any) -> Fault:
        """The handler raises before it does anything.

        Args:
            error: The exception's type.
            aim: As of `crash`.
        """
        return self.add("raise", error=error, **aim)

    def throttle(self, **aim: Any) -> Fault:
        """The invocation is refused with TooManyRequestsException; a mapping asks again, after a pause.

        Args:
            aim: As of `crash`; `nth_invoke` counts the requests for an invocation.
        """
        return self.add("throttle", **aim)

    def latency(self, seconds: float = 1.0, **aim: Any) -> Fault:
        """A mapping's batch waits for so much of the stack's time before its function is asked for.

        Args:
            seconds: 0 or more.
            aim: As of `crash`; `nth_invoke` counts batches.
        """
        return self.add("latency", seconds=seconds, **aim)

    # What breaks the way of a message.

    def lose_delete(self, **aim: Any) -> Fault:
        """A mapping's delete is lost: the function has handled the messages, and they come again.

        Args:
            aim: `function`, `queue`, `nth_delivery`, `body`, `always`.
        """
        return self.add("lose_delete", **aim)

    def delay_delete(self, seconds: float = 1.0, **aim: Any) -> Fault:
        """A mapping's delete comes so much of the stack's time later.

        Args:
            seconds: 0 or more.
            aim: As of `lose_delete`.
        """
        return self.add("delay_delete", seconds=seconds, **aim)

    def duplicate(self, **aim: Any) -> Fault:
        """Messages are delivered once more, at once, although their mapping has deleted them.

        Args:
            aim: As of `lose_delete`; standard queues alone.
        """
        return self.add("duplicate", **aim)

    def reorder(self, *, seed: int = 0, **aim: Any) -> Fault:
        """A receive takes of all visible messages in another order.

        Args:
            seed: 0: the newest first; any other: shuffled, the same way each time.
            aim: `queue`, `nth_receive`, `always`; standard queues alone.
        """
        return self.add("reorder", seed=seed, **aim)

    def short_receive(self, messages: int = 1, **aim: Any) -> Fault:
        """A receive gives fewer messages than it could.

        Args:
            messages: At most so many, from 1 on.
            aim: `queue`, `nth_receive`, `always`.
        """
        return self.add("short_receive", messages=messages, **aim)

    def empty_receive(self, **aim: Any) -> Fault:
        """A receive gives nothing although messages are there; a mapping looks again a second later.

        Args:
            aim: As of `short_receive`.
        """
        return self.add("empty_receive", **aim)

    def fail_send(
        self, entries: int | Literal["all"] = "all", *, code: str = "InternalError", **aim: Any
    ) -> Fault:
        """SendMessage or SendMessageBatch of a function fails; nobody else's does.

        Args:
            entries: `all`: the call fails; a number: so many entries of a batch do, the others are sent.
            code: The error's.
            aim: `function` (that sends), `queue` (to which), `nth_send`, `body`, `always`.
        """
        return self.add("fail_send", entries=entries, code=code, **aim)

    # A seed's choice.

    def adversary(self, seed: int, only: Sequence[str] | None = None) -> None:
        """Let a seed decide what goes wrong, within what AWS allows; in place of the adversary before.

        It stays until the stack is reset: `clear` leaves it alone.

        Args:
            seed: From 0 on.
            only: Keys of what may happen, as `adversary_did` gives them; None for all that the seed decides.
        """
        chosen = None if only is None else list(only)
        self._controlled().call("POST", "faults", {"kind": ADVERSARY, "seed": seed, "only": chosen})

    def adversary_did(self) -> tuple[Deed, ...]:
        """What the adversary has done so far, in order; empty where there is none."""
        return tuple(
            Deed(did["key"], did["fault"], did["said"])
            for rule in self._controlled().call("GET", "faults")
            if rule["kind"] == ADVERSARY
            for did in rule["did"]
        )

    # Any of them.

    def add(self, kind: str, **document: Any) -> Fault:
        """Add a rule of that kind.

        Raises:
            NotFoundInStackError: The stack has no such queue or function.
            UsageError: The rule cannot mean anything; the message says what is allowed.
            HarnessError: The environment has no faults.
        """
        control = self._controlled()
        given = {name: value for name, value in document.items() if value is not None}
        for name, find in self._find.items():
            if isinstance(given.get(name), str):
                given[name] = find(given[name]).name
        try:
            rule = control.call("POST", "faults", {"kind": kind, **given})
        except RefusedError as error:
            raise UsageError(_said(error)) from None
        self._used = True
        return _fault(rule, control)

    def list(self) -> tuple[Fault, ...]:
        """All rules, in the order in which they were added; the adversary is none."""
        control = self._controlled()
        rules = control.call("GET", "faults")
        return tuple(_fault(rule, control) for rule in rules if rule["kind"] != ADVERSARY)

    def clear(self) -> None:
        """Remove all rules."""
        self._controlled().call("DELETE", "faults")
        self._used = False

    def remove(self, fault_id: str) -> None:
        """Remove one rule.

        Raises:
            UsageError: There is none of that id.
        """
        try:
            self._controlled().call("DELETE", "faults", id=fault_id)
        except RefusedError as error:
            raise UsageError(_said(error), hint="`harness faults list` shows those there are.") from None

    def unfired(self) -> tuple[Fault, ...]:
        """The rules that have not struck; asks for them only if one was added since the last `clear`."""
        return tuple(fault for fault in self.list() if not fault.fired) if self._used else ()

    def _controlled(self) -> ControlApi:
        if self._control is None:
            raise HarnessError(
                "This environment injects no faults: it has no capability `faults`.",
                hint='`@pytest.mark.needs("faults")` skips a test there. `embedded` and `container` have it.',
            )
        return self._control


def _fault(rule: Mapping[str, Any], control: ControlApi) -> Fault:
    rest = {name: value for name, value in rule.items() if name not in {"id", "kind", "fired", *AIMS}}
    aim = {name: rule[name] for name in AIMS if name in rule}
    return Fault(str(rule["id"]), str(rule["kind"]), aim, rest, int(rule["fired"]), control)


def _said(error: RefusedError) -> str:
    """The emulator's own words."""
    answer = error.answer
    return str(answer["message"]) if isinstance(answer, dict) and "message" in answer else error.message
