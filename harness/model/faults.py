"""The catalogue of faults: what can go wrong, where a rule of each kind applies, and what it takes.

The emulator's rules, the client's methods, the command line and the documentation are made from it. A new
kind is an entry in `KINDS` and a method of `FaultMethods` here, and its effect in the emulator.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypedDict, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Unpack

ADVERSARY = "adversary"
"""Id and kind of what is listed after the rules where a seed decides what goes wrong."""

LONGEST_SECONDS = 1_209_600
"""The longest delay of anything: no message is kept for longer."""


class InvalidFaultError(ValueError):
    """A rule that cannot apply anywhere; the message says what is allowed."""


class InvocationSelectors(TypedDict, total=False):
    """Selectors of kinds that break an invocation."""

    function: str
    queue: str
    nth_invoke: int
    nth_delivery: int
    body: str
    always: bool


class DeliverySelectors(TypedDict, total=False):
    """Selectors of kinds that break what a mapping does with a message."""

    function: str
    queue: str
    nth_delivery: int
    body: str
    always: bool


class ReceiveSelectors(TypedDict, total=False):
    """Selectors of kinds that change a receive."""

    queue: str
    nth_receive: int
    always: bool


class SendSelectors(TypedDict, total=False):
    """Selectors of kinds that break a send of a function."""

    function: str
    queue: str
    nth_send: int
    body: str
    always: bool


SELECTORS: dict[str, str] = {
    "function": "Only this function: construct id or AWS name.",
    "queue": "Only this queue: construct id or AWS name.",
    "nth_invoke": "Only the nth invocation from now on.",
    "nth_delivery": "Only messages that are received for the nth time.",
    "nth_receive": "Only the nth receive that finds messages, from now on.",
    "nth_send": "Only the nth send of functions, from now on.",
    "body": "Only messages whose body contains this text.",
}
"""Every selector, in the order in which a rule shows them. They are combined with AND."""

COUNTING = ("nth_invoke", "nth_receive", "nth_send")
"""Selectors that name one single time."""

POINTS: dict[str, str] = {
    "dispatch": "A mapping has a batch, and is about to ask for its function; once for each batch.",
    "request": "Somebody asks for an invocation: a mapping, each time that it tries, or a client.",
    "invoke": "An invocation begins in an execution environment.",
    "delete": "A mapping is about to delete what its function has handled.",
    "delivered": "A mapping has deleted what its function has handled.",
    "receive": "A receive is about to return messages, to a mapping or to a client.",
    "send": "A function sends messages; once for each call.",
}
"""Where in the emulator faults apply."""


@dataclass(frozen=True)
class Option:
    """What a rule of some kind takes besides selectors.

    Attributes:
        default: Its value where none is given.
        meaning: For the command line's help.
        choices: The only values, where there are few.
        least: The smallest number; None where the value is text.
        whole: Whether the number must be whole.
        most: The largest number, in seconds.
        word: A text that may stand in place of the number.
    """

    default: object
    meaning: str
    choices: tuple[str, ...] = ()
    least: int | None = None
    whole: bool = True
    most: int | None = None
    word: str | None = None

    def check(self, name: str, kind: str, value: object) -> None:
        """Validate a value.

        Raises:
            InvalidFaultError: It is not allowed.
        """
        if self.choices:
            if value not in self.choices:
                *others, last = self.choices
                raise InvalidFaultError(f'"{name}" must be {", ".join(others)} or {last}; it is {value!r}.')
        elif self.least is None:
            if not isinstance(value, str) or not value:
                raise InvalidFaultError(f'"{name}" of "{kind}" must be text; it is {value!r}.')
        elif self.word is not None and value == self.word:
            return
        elif (
            isinstance(value, bool)
            or not isinstance(value, int if self.whole else (int, float))
            or not self.least <= value < math.inf
        ):
            wanted = f'"{self.word}", or ' if self.word is not None else ""
            raise InvalidFaultError(
                f'"{name}" of "{kind}" must be {wanted}a number from {self.least} on; it is {value!r}.'
            )
        elif self.most is not None and value > self.most:
            raise InvalidFaultError(f'"{name}" of "{kind}" must be {self.most} (14 days) at most.')


@dataclass(frozen=True)
class FaultKind:
    """One way in which AWS, or a function, fails.

    Attributes:
        point: Where in the emulator it applies: a key of `POINTS`.
        takes: The selectors that it takes, as a `TypedDict`.
        meaning: What happens, in one sentence.
        outcome: What the ledger and the story say when it applied; names its options.
        options: What else a rule of this kind takes.
        standard_only: Whether it contradicts the guarantees of FIFO queues.
        once_per_message: Whether a rule applies to a message once, also with `always`.
    """

    point: str
    takes: type
    meaning: str
    outcome: str
    options: Mapping[str, Option] = field(default_factory=dict)
    standard_only: bool = False
    once_per_message: bool = False

    @property
    def selectors(self) -> tuple[str, ...]:
        """The names of its selectors, in the order of `SELECTORS`."""
        return tuple(name for name in SELECTORS if name in self.takes.__annotations__)

    @property
    def defaults(self) -> dict[str, object]:
        """Its options with their defaults."""
        return {name: option.default for name, option in self.options.items()}


_SECONDS = Option(1.0, "Seconds of the stack's time.", least=0, whole=False, most=LONGEST_SECONDS)

KINDS: dict[str, FaultKind] = {
    "crash": FaultKind(
        "invoke",
        InvocationSelectors,
        "The function's process is killed: before, during or after the handler.",
        "crash {when} the handler",
        {"when": Option("during", "When, relative to the handler.", ("before", "during", "after"))},
    ),
    "time_out": FaultKind(
        "invoke",
        InvocationSelectors,
        "The invocation ends as if the function's timeout had passed.",
        "a timeout",
    ),
    "raise": FaultKind(
        "invoke",
        InvocationSelectors,
        "The handler raises before it does anything.",
        "the handler raises {error}",
        {"error": Option("InjectedFault", "The exception's type.")},
    ),
    "throttle": FaultKind(
        "request",
        InvocationSelectors,
        "The invocation is refused: Rate Exceeded.",
        "the invocation is throttled",
    ),
    "latency": FaultKind(
        "dispatch",
        InvocationSelectors,
        "The invocation begins some seconds later.",
        "the invocation begins {seconds:g} s later",
        {"seconds": _SECONDS},
    ),
    "lose_delete": FaultKind(
        "delete",
        DeliverySelectors,
        "The batch succeeded, but its messages are not deleted.",
        "the delete is lost",
    ),
    "delay_delete": FaultKind(
        "delete",
        DeliverySelectors,
        "The messages are deleted some seconds later.",
        "the delete comes {seconds:g} s later",
        {"seconds": _SECONDS},
    ),
    "duplicate": FaultKind(
        "delivered",
        DeliverySelectors,
        "The message is delivered once more although it was deleted.",
        "delivered once more although deleted",
        standard_only=True,
        once_per_message=True,
    ),
    "reorder": FaultKind(
        "receive",
        ReceiveSelectors,
        "The messages come in another order.",
        "the messages come in another order",
        {"seed": Option(0, "Chooses the order; 0 is the newest first.", least=0)},
        standard_only=True,
    ),
    "short_receive": FaultKind(
        "receive",
        ReceiveSelectors,
        "A receive returns fewer messages than it could.",
        "the receive gives {messages} at most",
        {"messages": Option(1, "The most messages that it returns.", least=1)},
    ),
    "empty_receive": FaultKind(
        "receive",
        ReceiveSelectors,
        "A receive returns nothing although messages are there.",
        "the receive gives nothing",
    ),
    "fail_send": FaultKind(
        "send",
        SendSelectors,
        "SendMessage or SendMessageBatch of a handler fails: all, or some entries.",
        "the send fails with {code}",
        {
            "entries": Option("all", "The whole call, or how many entries of a batch.", least=1, word="all"),
            "code": Option("InternalError", "The error code."),
        },
    ),
}


@dataclass(frozen=True)
class FaultSpec:
    """A valid description of a rule.

    Attributes:
        kind: A key of `KINDS`.
        selectors: Where it applies.
        options: All options of its kind.
        always: Whether it applies each time, or once.
    """

    kind: str
    selectors: dict[str, Any]
    options: dict[str, Any]
    always: bool


def read_fault(document: Mapping[str, Any]) -> FaultSpec:
    """Validate `{"kind": ..., selectors and options, "always": ...}`.

    Raises:
        InvalidFaultError: The kind, a name or a value is not allowed.
    """
    given = dict(document)
    name = given.pop("kind", None)
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise InvalidFaultError(f'"kind" must be one of {", ".join(KINDS)}; it is {name!r}.')
    always = given.pop("always", False)
    if not isinstance(always, bool):
        raise InvalidFaultError('"always" must be true or false.')
    selectors = {key: given.pop(key) for key in list(given) if key in kind.selectors}
    options = {key: given.pop(key, default) for key, default in kind.defaults.items()}
    if given:
        allowed = sorted(kind.selectors) + list(kind.options) + ["always"]
        raise InvalidFaultError(
            f'"{name}" does not take {", ".join(sorted(given))}; it takes: {", ".join(allowed)}.'
        )
    for key, value in selectors.items():
        if key.startswith("nth_") and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise InvalidFaultError(f'"{key}" counts from 1; it is {value!r}.')
        if not key.startswith("nth_") and not (isinstance(value, str) and value):
            raise InvalidFaultError(f'"{key}" must be text; it is {value!r}.')
    if always and (counted := [key for key in COUNTING if key in selectors]):
        raise InvalidFaultError(f'"{counted[0]}" names one time: "always" does not go with it.')
    for key, value in options.items():
        kind.options[key].check(key, str(name), value)
    return FaultSpec(str(name), selectors, options, always)


RuleT = TypeVar("RuleT")


class FaultMethods(ABC, Generic[RuleT]):
    """A method for each kind; each adds a rule, which applies once unless it says `always`.

    Selectors are optional and combined with AND; a rule without selectors triggers on the first matching
    operation. `function` and `queue`: construct id or AWS name. `nth_invoke`, `nth_receive`, `nth_send`: the
    nth operation that the other selectors match, counted from 1 since the rule was added. `nth_delivery`:
    messages that are received for the nth time. `body`: messages whose body contains this text.
    """

    @abstractmethod
    def add(self, kind: str, **document: Any) -> RuleT:
        """Add a rule of any kind."""

    def crash(
        self,
        *,
        when: Literal["before", "during", "after"] = "during",
        **selectors: Unpack[InvocationSelectors],
    ) -> RuleT:
        """The function's process is killed.

        Args:
            when: `before` the handler runs; `during`: when its first call to AWS has been carried out, before
                it receives the answer, or at its end where it makes none; `after`: when it has ended, before
                its answer is taken.
            selectors: `function`, `queue`, `nth_invoke`, `nth_delivery`, `body`, `always`.
        """
        return self.add("crash", when=when, **selectors)

    def time_out(self, **selectors: Unpack[InvocationSelectors]) -> RuleT:
        """The invocation ends as if its timeout had passed, before the handler did anything; nobody waits.

        Args:
            selectors: As of `crash`.
        """
        return self.add("time_out", **selectors)

    def raise_(self, error: str = "InjectedFault", **selectors: Unpack[InvocationSelectors]) -> RuleT:
        """The handler raises before it does anything.

        Args:
            error: The exception's type.
            selectors: As of `crash`.
        """
        return self.add("raise", error=error, **selectors)

    def throttle(self, **selectors: Unpack[InvocationSelectors]) -> RuleT:
        """The invocation is refused with TooManyRequestsException; a mapping asks again, after a pause.

        Args:
            selectors: As of `crash`; `nth_invoke` counts the requests for an invocation.
        """
        return self.add("throttle", **selectors)

    def latency(self, seconds: float = 1.0, **selectors: Unpack[InvocationSelectors]) -> RuleT:
        """A mapping's batch waits before its function is invoked.

        Args:
            seconds: Of the stack's time, 0 or more.
            selectors: As of `crash`; `nth_invoke` counts batches.
        """
        return self.add("latency", seconds=seconds, **selectors)

    def lose_delete(self, **selectors: Unpack[DeliverySelectors]) -> RuleT:
        """A mapping's delete is lost: the function has handled the messages, and they come again.

        Args:
            selectors: `function`, `queue`, `nth_delivery`, `body`, `always`.
        """
        return self.add("lose_delete", **selectors)

    def delay_delete(self, seconds: float = 1.0, **selectors: Unpack[DeliverySelectors]) -> RuleT:
        """A mapping's delete comes later.

        Args:
            seconds: Of the stack's time, 0 or more.
            selectors: As of `lose_delete`.
        """
        return self.add("delay_delete", seconds=seconds, **selectors)

    def duplicate(self, **selectors: Unpack[DeliverySelectors]) -> RuleT:
        """Messages are delivered once more, at once, although their mapping has deleted them.

        Args:
            selectors: As of `lose_delete`; standard queues only.
        """
        return self.add("duplicate", **selectors)

    def reorder(self, *, seed: int = 0, **selectors: Unpack[ReceiveSelectors]) -> RuleT:
        """A receive returns the visible messages in another order.

        Args:
            seed: 0: the newest first; any other: shuffled, the same way each time.
            selectors: `queue`, `nth_receive`, `always`; standard queues only.
        """
        return self.add("reorder", seed=seed, **selectors)

    def short_receive(self, messages: int = 1, **selectors: Unpack[ReceiveSelectors]) -> RuleT:
        """A receive returns fewer messages than it could.

        Args:
            messages: The most that it returns, 1 or more.
            selectors: `queue`, `nth_receive`, `always`.
        """
        return self.add("short_receive", messages=messages, **selectors)

    def empty_receive(self, **selectors: Unpack[ReceiveSelectors]) -> RuleT:
        """A receive returns nothing although messages are there; a mapping receives again a second later.

        Args:
            selectors: As of `short_receive`.
        """
        return self.add("empty_receive", **selectors)

    def fail_send(
        self,
        entries: int | Literal["all"] = "all",
        *,
        code: str = "InternalError",
        **selectors: Unpack[SendSelectors],
    ) -> RuleT:
        """SendMessage or SendMessageBatch of a function fails; other callers' sends do not.

        Args:
            entries: `all`: the call fails; a number: so many entries of a batch fail, the others are sent.
            code: The error code.
            selectors: `function` (that sends), `queue` (to which), `nth_send`, `body`, `always`.
        """
        return self.add("fail_send", entries=entries, code=code, **selectors)
