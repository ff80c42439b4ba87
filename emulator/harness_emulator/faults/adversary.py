"""The adversary: a seed that decides what goes wrong, within what AWS allows.

A decision is a hash of the seed, the kind of fault and the place: the message's number among those that came
into its queue, and which delivery it is. It knows no time and no thread, so that one seed decides the same
each time. What it decided has a key, and a replay can be confined to some keys.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.model.faults import ADVERSARY, KINDS, InvalidFaultError
from harness_emulator.faults.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness_emulator.faults.rules import Moment, Strike

LEVELS = (0.0, 0.0, 0.0, 0.1, 0.3, 0.6)
"""How often a kind of fault strikes; the seed chooses for each kind. Half of the kinds never strike under one
seed: what is only seen where nothing else is in its way is found, too."""
LEVELS_OF_BATCHES = (0.0, 0.0, 0.0, 0.05, 0.15, 0.4)
"""The same for what strikes a batch because of one message in it: each of them may be the one."""
LEVELS_OF_CRASHES = (0.0, 0.0, 0.0, 0.02, 0.06, 0.2)
"""The same for crashes: after each of them a process has to start, which takes half a second."""
DELIVERIES = 2
"""So many deliveries of a message may be struck. The next one goes through, with the batch that it is in:
nothing fails forever."""
_SCALE = float(1 << 64)


@dataclass(frozen=True)
class Whim:
    """What the adversary does with a kind of fault.

    Attributes:
        said: What happened, in a sentence; names the place and the rule's options.
        single: It strikes single messages, not all that go the same way together.
        levels: How often, of which the seed chooses one.
        options: The rule's options, from the name of one to its possible values.
    """

    said: str
    single: bool = False
    levels: Sequence[float] = LEVELS
    options: Mapping[str, Sequence[Any]] | None = None


WHIMS = {
    "crash": Whim(
        "the process of {function} died {when} the handler, with {place} in the batch.",
        levels=LEVELS_OF_CRASHES,
        options={"when": ("before", "during", "after")},
    ),
    "throttle": Whim("{function} was throttled, with {place} in the batch.", levels=LEVELS_OF_BATCHES),
    "latency": Whim(
        "the invocation of {function} began {seconds:g} s later, with {place} in the batch.",
        levels=LEVELS_OF_BATCHES,
        options={"seconds": (0.5, 1.0, 2.0)},
    ),
    "lose_delete": Whim("{place} was handled, and its delete was lost.", single=True),
    "duplicate": Whim("{place} was handled and deleted, and delivered once more.", single=True),
    "reorder": Whim("the receive from {queue} that would have begun with {place} took another order."),
    "short_receive": Whim(
        "the receive from {queue} that began with {place} gave no more than {messages}.",
        options={"messages": (1, 2, 3)},
    ),
    "empty_receive": Whim("a receive from {queue} gave nothing, although {place} was there to be received."),
    "fail_send": Whim(
        "a send of {function} to {queue} failed for {entries} of its messages ({code}), with {place} in the "
        "batch.",
        levels=LEVELS_OF_BATCHES,
        options={"entries": (1, 2)},
    ),
}
"""What may happen on AWS to who has done nothing wrong. A handler's own errors and timeouts are not in it."""


@dataclass(frozen=True)
class Fired:
    """Something that the adversary did.

    Attributes:
        key: By which it can be done again.
        fault: The kind.
        said: What happened, in a sentence.
    """

    key: str
    fault: str
    said: str

    def as_json(self) -> dict[str, str]:
        """As the control API gives it."""
        return {"key": self.key, "fault": self.fault, "said": self.said}


@dataclass(frozen=True)
class Place:
    """Where something can be done.

    Attributes:
        name: The same in each run.
        said: The same in words.
        delivery: Which delivery of the message it is.
        ids: The message, where it is one's.
    """

    name: str
    said: str
    delivery: int
    ids: frozenset[str]


class Adversary:
    """Decides for one account.

    Args:
        seed: Any whole number from 0 on.
        only: The keys of all that may happen; None for whatever the seed decides.
    """

    def __init__(self, seed: int, only: Sequence[str] | None = None) -> None:
        self.seed = seed
        self.only = None if only is None else frozenset(only)
        self._lock = threading.Lock()
        self._fired: dict[str, Fired] = {}
        self._numbers: dict[str, dict[str, int]] = {}
        self._turns = itertools.count(1)
        self._rates = {kind: self._rate(kind, whim) for kind, whim in WHIMS.items()}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Adversary:
        """The one that `{"kind": "adversary", "seed": 7, "only": [keys]}` asks for; `only` may be left out.

        Raises:
            InvalidFaultError: It cannot mean anything.
        """
        seed, only = document.get("seed"), document.get("only")
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise InvalidFaultError(f'"seed" must be a whole number from 0 on; it is {seed!r}.')
        if only is not None and not (isinstance(only, list) and all(isinstance(key, str) for key in only)):
            raise InvalidFaultError('"only" must be a list of keys, as GET faults shows them under "did".')
        if unknown := sorted(document.keys() - {"account", "kind", "seed", "only"}):
            raise InvalidFaultError(f'"adversary" does not take {", ".join(unknown)}; it takes: seed, only.')
        return cls(seed, only)

    def as_json(self) -> dict[str, Any]:
        """As the control API lists it, with what it has done so far, in order."""
        with self._lock:
            did = [done.as_json() for done in self._fired.values()]
        only = None if self.only is None else sorted(self.only)
        return {
            "id": ADVERSARY,
            "kind": ADVERSARY,
            "seed": self.seed,
            "only": only,
            "fired": len(did),
            "did": did,
        }

    # What happens in the account.

    def entered(self, queue: str, message_id: str) -> None:
        """A message came into a queue: it has the next number there."""
        with self._lock:
            self._place_in(queue, message_id)

    def strike(self, moment: Moment) -> list[Strike]:
        """What goes wrong at this moment; each key strikes once."""
        kinds = [kind for kind in WHIMS if self._may(kind, moment)]
        if not kinds:
            return []
        with self._lock:
            places = self._places(moment)
            late = any(place.delivery > DELIVERIES for place in places)
            return [
                strike
                for kind in kinds
                if WHIMS[kind].single or not late
                for strike in self._struck(kind, moment, places)
            ]

    def choose(self, among: Sequence[str]) -> str:
        """Which of these names has the next turn."""
        names = sorted(among)
        return names[self._number("turn", str(next(self._turns))) % len(names)]

    # Decisions.

    def _may(self, kind: str, moment: Moment) -> bool:
        of = KINDS[kind]
        return of.point == moment.point and self._rates[kind] > 0 and not (of.standard_only and moment.fifo)

    def _struck(self, kind: str, moment: Moment, places: Sequence[Place]) -> list[Strike]:
        found: list[Strike] = []
        for place in places:
            key = f"{kind}:{place.name}"
            if place.delivery > DELIVERIES or not self._decides(kind, key):
                continue
            rule = Rule(key, kind, {}, self._options(kind, key), always=False, fired=1)
            said = WHIMS[kind].said.format(
                **rule.options,
                place=place.said,
                function=moment.function,
                queue=moment.queue,
            )
            self._fired[key] = Fired(key, kind, said[:1].upper() + said[1:])
            if not WHIMS[kind].single:
                return [(rule, frozenset(message_id for message_id, *_ in moment.messages))]
            found.append((rule, place.ids))
        return found

    def _rate(self, kind: str, whim: Whim) -> float:
        return whim.levels[self._number("level", kind) % len(whim.levels)]

    def _decides(self, kind: str, key: str) -> bool:
        if key in self._fired or (self.only is not None and key not in self.only):
            return False
        return self._number("strike", key) / _SCALE < self._rates[kind]

    def _options(self, kind: str, key: str) -> dict[str, Any]:
        chosen: dict[str, Any] = dict(KINDS[kind].defaults)
        for name, values in (WHIMS[kind].options or {}).items():
            chosen[name] = values[self._number(name, key) % len(values)]
        if kind == "reorder":
            chosen["seed"] = self._number("order", key) >> 32
        return chosen

    # Places.

    def _places(self, moment: Moment) -> list[Place]:
        """Where it can strike: at each message, by its number."""
        at = moment.near or ((str(moment.queue), *message[:2]) for message in moment.messages)
        numbered = sorted(
            (queue, self._place_in(queue, message_id), count, message_id) for queue, message_id, count in at
        )
        return [
            Place(
                f"{queue}:{number}.{count}",
                f"message {number} of {queue} in its {_nth(count)} delivery",
                count,
                frozenset({message_id}),
            )
            for queue, number, count, message_id in numbered
        ]

    def _place_in(self, queue: str, message_id: str) -> int:
        numbers = self._numbers.setdefault(queue, {})
        return numbers.setdefault(message_id, len(numbers) + 1)

    def _number(self, *parts: str) -> int:
        """64 bits that depend on the seed and on nothing but `parts`."""
        text = "\x1f".join((str(self.seed), *parts))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


def _nth(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")
