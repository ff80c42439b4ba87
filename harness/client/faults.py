"""The faults of a stack: rules that say what goes wrong, where, when and how often."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from harness.client.control import RefusedError
from harness.model.errors import HarnessError, UsageError
from harness.model.faults import ADVERSARY, SELECTORS, FaultMethods, InvalidFaultError, read_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.client.control import ControlApi


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
        selectors: Where it applies: AWS names, numbers, text.
        options: What its kind takes besides, and `always`.
        fired: How often it had triggered when this was read.
    """

    id: str
    kind: str
    selectors: Mapping[str, Any]
    options: Mapping[str, Any]
    fired: int
    _control: ControlApi = field(repr=False, compare=False)

    def __str__(self) -> str:
        told = [f"{name}={value!r}" for name, value in {**self.selectors, **self.options}.items()]
        return f"{self.id}: {self.kind}({', '.join(told)})"

    @property
    def aim(self) -> Mapping[str, Any]:
        """The former name of `selectors`."""
        warnings.warn("Fault.aim is now Fault.selectors.", DeprecationWarning, stacklevel=2)
        return self.selectors

    @property
    def times(self) -> int:
        """How often it has triggered by now; 0 once it has been removed."""
        found = [rule for rule in self._control.call("GET", "faults") if rule["id"] == self.id]
        return int(found[0]["fired"]) if found else 0

    def remove(self) -> None:
        """Remove the rule."""
        self._control.call("DELETE", "faults", id=self.id)


@dataclass(frozen=True)
class InjectedFault:
    """One fault that the adversary injected.

    Attributes:
        key: By which it can be done again.
        fault: A kind of fault.
        said: What happened, in a sentence.
    """

    key: str
    fault: str
    said: str


class Faults(FaultMethods[Fault]):
    """The faults of a stack: `crash`, `throttle` and the other methods of `FaultMethods` add rules.

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
        self._opposed = False

    # A seed's choice.

    def adversary(self, seed: int, only: Sequence[str] | None = None) -> None:
        """Let a seed decide what goes wrong, within what AWS allows; in place of the adversary before.

        It stays until `no_adversary`, or until the stack is reset: `clear` leaves it alone.

        Args:
            seed: From 0 on.
            only: Keys of what may happen, as `adversary_did` gives them; None for all that the seed decides.
        """
        chosen = None if only is None else list(only)
        self._opposed = True
        self._controlled().call("POST", "faults", {"kind": ADVERSARY, "seed": seed, "only": chosen})

    def no_adversary(self) -> None:
        """Send away the adversary that was called here, unless a reset has done so."""
        if self._opposed and self.adversary_seed() is not None:
            self._controlled().call("DELETE", "faults", id=ADVERSARY)
        self._opposed = False

    def adversary_seed(self) -> int | None:
        """The seed of the adversary that is there, whoever called it; None where there is none."""
        rules = self._controlled().call("GET", "faults")
        return next((int(rule["seed"]) for rule in rules if rule["kind"] == ADVERSARY), None)

    def adversary_did(self) -> tuple[InjectedFault, ...]:
        """What the adversary has done so far, in order; empty where there is none."""
        return tuple(
            InjectedFault(did["key"], did["fault"], did["said"])
            for rule in self._controlled().call("GET", "faults")
            if rule["kind"] == ADVERSARY
            for did in rule["did"]
        )

    # Any of them.

    def add(self, kind: str, **document: Any) -> Fault:
        """Add a rule of any kind.

        Raises:
            NotFoundInStackError: The stack has no such queue or function.
            UsageError: An unknown kind or selector, or an invalid value; the message lists what is allowed.
            HarnessError: The environment has no faults.
        """
        control = self._controlled()
        given = {name: value for name, value in document.items() if value is not None}
        try:
            read_fault({"kind": kind, **given})
        except InvalidFaultError as error:
            raise UsageError(str(error)) from None
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
        """The rules that never triggered; asks for them only if one was added since the last `clear`."""
        return tuple(fault for fault in self.list() if not fault.fired) if self._used else ()

    def _controlled(self) -> ControlApi:
        if self._control is None:
            raise HarnessError(
                "This environment injects no faults: it has no capability `faults`.",
                hint='`@pytest.mark.needs("faults")` skips a test there. `embedded` and `container` have it.',
            )
        return self._control


def _fault(rule: Mapping[str, Any], control: ControlApi) -> Fault:
    rest = {name: value for name, value in rule.items() if name not in {"id", "kind", "fired", *SELECTORS}}
    selectors = {name: rule[name] for name in SELECTORS if name in rule}
    return Fault(str(rule["id"]), str(rule["kind"]), selectors, rest, int(rule["fired"]), control)


def _said(error: RefusedError) -> str:
    """The emulator's own words."""
    answer = error.answer
    return str(answer["message"]) if isinstance(answer, dict) and "message" in answer else error.message
