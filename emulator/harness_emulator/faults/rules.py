"""Rules: read, matched, counted. Nothing here knows what is struck."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.model.faults import KINDS, FaultKind, InvalidFaultError, read_fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COUNTED = {
    **dict.fromkeys(("dispatch", "request", "invoke"), "nth_invoke"),
    "receive": "nth_receive",
    "send": "nth_send",
}
"""By which number a rule counts what happens at a point; deliveries bring their own."""


@dataclass(frozen=True)
class Moment:
    """Something that is about to happen.

    Attributes:
        point: A key of `POINTS`.
        queue: Name of the queue, where one is concerned.
        function: Name of the function, where one is.
        fifo: Whether the queue is a FIFO queue.
        messages: The messages concerned: id, receive count, body.
        region: The queue's, else the function's.
        batch_id: The mapping's batch, where it is one's.
        request_id: The invocation, where there is one.
        environment_id: Where it runs.
        near: Messages that tell where it happens, where it is about none that has an id: queue, id, receive
            count. Of a receive the first that is there, of a send those that its function is handling.
    """

    point: str
    queue: str | None = None
    function: str | None = None
    fifo: bool = False
    messages: tuple[tuple[str, int, str], ...] = ()
    region: str | None = None
    batch_id: str | None = None
    request_id: str | None = None
    environment_id: str | None = None
    near: tuple[tuple[str, str, int], ...] = ()


type Strike = tuple[Rule, frozenset[str]]
"""A rule that strikes, and the ids of the messages that it takes: all of them, where it aims at none."""


@dataclass
class Rule:
    """One rule of an account.

    Attributes:
        id: `fault-1`, `fault-2`, ...
        kind: A key of `KINDS`.
        selectors: Where it applies.
        options: What its kind takes besides.
        always: Whether it strikes each time, or once.
        fired: How often it has struck.
        seen: How often something happened that it counts.
    """

    id: str
    kind: str
    selectors: dict[str, Any]
    options: dict[str, Any]
    always: bool
    fired: int = 0
    seen: int = field(default=0, repr=False)
    _struck: set[str] = field(default_factory=set, repr=False)

    @property
    def told(self) -> str:
        """What is told about it when it has struck."""
        return self.of.outcome.format(**self.options)

    @property
    def of(self) -> FaultKind:
        """Its kind."""
        return KINDS[self.kind]

    def as_json(self) -> dict[str, Any]:
        """As the control API gives it."""
        return {
            "id": self.id,
            "kind": self.kind,
            **self.selectors,
            **self.options,
            "always": self.always,
            "fired": self.fired,
        }

    def takes(self, moment: Moment) -> frozenset[str] | None:
        """The ids of the messages that it strikes; None where it does not strike. Counts."""
        if moment.point != self.of.point or (self.of.standard_only and moment.fifo):
            return None
        if any(
            name in self.selectors and self.selectors[name] != getattr(moment, name)
            for name in ("queue", "function")
        ):
            return None
        struck = [message for message in moment.messages if self._takes_message(*message)]
        if not struck and (moment.messages or {"nth_delivery", "body"} & set(self.selectors)):
            return None
        self.seen += 1
        counted = self.selectors.get(COUNTED.get(moment.point, ""))
        if counted is not None and counted != self.seen:
            return None
        if self.fired and not self.always:
            return None
        self.fired += 1
        taken = frozenset(message[0] for message in struck)
        if self.of.once_per_message:
            self._struck |= taken
        return taken

    def _takes_message(self, message_id: str, receive_count: int, body: str) -> bool:
        if message_id in self._struck:
            return False
        if self.selectors.get("nth_delivery", receive_count) != receive_count:
            return False
        return str(self.selectors.get("body", "")) in body


class RuleBook:
    """An account's rules."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def add(self, document: Mapping[str, Any], *, queues: Iterable[str], functions: Iterable[str]) -> Rule:
        """Add the rule that `document` describes.

        Args:
            document: `kind`, selectors, its kind's options, `always`.
            queues: The account's queues, by name.
            functions: Its functions, by name.

        Raises:
            InvalidFaultError: It cannot mean anything.
        """
        spec = read_fault(document)
        number = next(self._numbers)
        rule = Rule(f"fault-{number}", spec.kind, spec.selectors, spec.options, spec.always)
        for name, known in (("queue", queues), ("function", functions)):
            if name in rule.selectors and rule.selectors[name] not in (there := sorted(known)):
                raise InvalidFaultError(
                    f"There is no {name} {rule.selectors[name]!r}; there are: {', '.join(there) or 'none'}."
                )
        if rule.of.standard_only and str(rule.selectors.get("queue", "")).endswith(".fifo"):
            raise InvalidFaultError(
                f'"{rule.kind}" cannot happen on a FIFO queue: {rule.selectors["queue"]}.'
            )
        with self._lock:
            self._rules.append(rule)
        return rule

    def strike(self, moment: Moment) -> list[Strike]:
        """What goes wrong at this moment: the rules that strike, each with the messages that it takes."""
        if not self._rules:
            return []
        with self._lock:
            return [(rule, taken) for rule in self._rules if (taken := rule.takes(moment)) is not None]

    @property
    def empty(self) -> bool:
        """Whether there is no rule."""
        return not self._rules

    def rules(self) -> list[Rule]:
        """All of them, in the order in which they were added."""
        with self._lock:
            return list(self._rules)

    def remove(self, rule_id: str | None = None) -> list[Rule]:
        """Remove one, or all; returns what was removed.

        Raises:
            InvalidFaultError: There is no such rule.
        """
        with self._lock:
            gone = [rule for rule in self._rules if rule_id in {None, rule.id}]
            if rule_id is not None and not gone:
                raise InvalidFaultError(f"There is no fault {rule_id!r}.")
            self._rules = [rule for rule in self._rules if rule not in gone]
            return gone
