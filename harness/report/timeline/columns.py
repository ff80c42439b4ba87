"""Events as the page carries them: a column per field, each text once, gzip and base64 around it.

Sentences come from `harness.model.story` alone. They are not embedded one by one, for there are as many as
events: each is cut into what many sentences share, kept once, and the event's own texts, which are there
already. What the page puts together is compared with the sentence here; where it is not the same, the whole
sentence is embedded.
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from harness.model.events import LONGEST_BODY
from harness.model.story import sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Part: TypeAlias = str | int

TEXTS = (
    *("queue", "message_id", "batch_id", "function", "request_id", "environment_id", "error"),
    *("body", "group", "log", "to", "fault", "rule"),
)
"""Fields that hold text; the page has a column of each."""

MARKS = VISIBLE_AT, BODY, ERROR, REQUEST, BATCH = 0, 1, 2, 3, 4
"""What stands in a template in place of an event's own text; events.js puts it in."""

_SHORT = 8
_MICROSECONDS = 1_000_000


T = TypeVar("T")


class _Table(Generic[T]):
    """Values, each once, by the order in which they came."""

    def __init__(self) -> None:
        self._numbers: dict[T, int] = {}

    def number(self, value: T) -> int:
        return self._numbers.setdefault(value, len(self._numbers))

    def values(self) -> list[T]:
        return list(self._numbers)


def columns_of(events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The events as columns.

    Returns:
        `size`; `begin` and `wall` (epoch seconds of the first event); tables `kinds`, `strings`, `templates`;
        `columns`, of numbers: `at`, `wall` (microseconds since the event before), `visible_at` (since
        `begin`, or null), `kind`, `told` (templates), `receive_count`, and the `TEXTS` (0: none, else one
        more than the place in `strings`); `members`, the messages of each `batch_formed` by its place.
    """
    kinds, strings, templates = _Table[str](), _Table[str](), _Table[tuple[Part, ...]]()
    begin, wall = (float(events[0]["at"]), float(events[0]["wall"])) if events else (0.0, 0.0)
    numbers: dict[str, list[int | None]] = {
        name: [] for name in ("at", "wall", "visible_at", "kind", "told", "receive_count", *TEXTS)
    }
    members: dict[int, list[int]] = {}
    before = {"at": 0, "wall": 0}
    for place, event in enumerate(events):
        for name, origin in (("at", begin), ("wall", wall)):
            since = round((event[name] - origin) * _MICROSECONDS)
            numbers[name].append(since - before[name])
            before[name] = since
        visible_at = event.get("visible_at")
        numbers["visible_at"].append(
            None if visible_at is None else round((visible_at - begin) * _MICROSECONDS)
        )
        numbers["kind"].append(kinds.number(event["kind"]))
        numbers["told"].append(templates.number(template_of(event)))
        numbers["receive_count"].append(event.get("receive_count") or 0)
        for name in TEXTS:
            value = event.get(name)
            numbers[name].append(0 if value is None else 1 + strings.number(_text(value)))
        if "message_ids" in event:
            members[place] = [strings.number(_text(message)) for message in event["message_ids"]]
    return {
        "size": len(events),
        "begin": begin,
        "wall": wall,
        "kinds": kinds.values(),
        "strings": strings.values(),
        "templates": templates.values(),
        "columns": {name: column for name, column in numbers.items() if any(column)},
        "members": members,
    }


def packed(document: Mapping[str, Any]) -> str:
    """A document in letters, digits, `+`, `/` and `=` alone; the same each time."""
    text = json.dumps(document, separators=(",", ":")).encode("ascii")
    return base64.b64encode(gzip.compress(text, compresslevel=6, mtime=0)).decode("ascii")


def template_of(event: Mapping[str, Any]) -> tuple[Part, ...]:
    """The event's sentence: texts, and numbers (`VISIBLE_AT`, ...) where texts of its own stand."""
    told = sentence(event)
    parts: list[Part] = [told]
    own = own_texts(event)
    for mark, text in own.items():
        parts = [piece for part in parts for piece in _cut(part, text, mark)]
    template = tuple(parts)
    return template if filled(template, own) == told else (told,)


def own_texts(event: Mapping[str, Any]) -> dict[int, str]:
    """What can stand in the event's sentence and in no other's, times from the epoch on."""
    texts = {
        BODY: _text(event.get("body", ""))[:LONGEST_BODY],
        ERROR: _text(event.get("error", "")),
        REQUEST: _text(event.get("request_id", ""))[:_SHORT],
        BATCH: _text(event.get("batch_id", ""))[:_SHORT],
    }
    if event.get("visible_at") is not None:
        texts[VISIBLE_AT] = f"+{event['visible_at']:.3f} s"
    return {mark: text for mark, text in texts.items() if text}


def filled(template: Sequence[Part], own: Mapping[int, str]) -> str:
    """The sentence that a template and an event's own texts make."""
    return "".join(part if isinstance(part, str) else own[part] for part in template)


def _cut(part: Part, text: str, mark: int) -> list[Part]:
    if isinstance(part, int) or text not in part:
        return [part]
    # A sentence ends with what is the event's own; what stands before may be the same by chance.
    before, _, after = part.rpartition(text)
    return [piece for piece in (before, mark, after) if piece != ""]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
