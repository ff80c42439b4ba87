"""The part of Terraform's expressions that needs no Terraform to work out: literals, references, JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>-?\d+(?:\.\d+)?)
      | (?P<name>[A-Za-z_][\w-]*)
      | (?P<quote>")
      | (?P<mark>[.,:=\[\]{}()])
    )""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_WORDS = {"true": True, "false": False, "null": None}


class UnresolvedError(Exception):
    """Only Terraform can say what this is."""


def resolve(value: Any, reference: Callable[[str], Any]) -> Any:
    """`value` with all its expressions worked out.

    Args:
        value: A value of a synthesized document: a literal, a string with `${...}`, a list or an object.
        reference: Gives the value of a reference such as `aws_sqs_queue.Dead.arn`; raises UnresolvedError.

    Raises:
        UnresolvedError: An expression is beyond this.
    """
    match value:
        case str():
            return _Template(value, reference).value()
        case list():
            return [resolve(item, reference) for item in value]
        case dict():
            return {name: resolve(item, reference) for name, item in value.items()}
        case _:
            return value


class _Template:
    """A string with interpolations, read once from left to right."""

    def __init__(self, text: str, reference: Callable[[str], Any]) -> None:
        self._text = text
        self._at = 0
        self._reference = reference

    def value(self) -> Any:
        """The string; or, where it is one interpolation and nothing else, that expression's value."""
        parts = self._parts(end=None)
        if len(parts) == 1 and parts[0][0]:
            return parts[0][1]
        return "".join(_text_of(part) for _, part in parts)

    def _parts(self, end: str | None) -> list[tuple[bool, Any]]:  # noqa: C901 - one case per kind of piece
        """Pieces up to `end` (a closing quote) or the text's end: whether interpolated, and the value."""
        parts: list[tuple[bool, Any]] = []
        literal: list[str] = []
        while True:
            rest = self._text[self._at :]
            if not rest or (end is not None and rest.startswith(end)):
                if not rest and end is not None:
                    self._fail()
                self._at += len(end or "")
                if literal or not parts:
                    parts.append((False, "".join(literal)))
                return parts
            if rest.startswith(("$${", "%%{")):
                literal.append(rest[1:3])
                self._at += 3
            elif rest.startswith("%{"):
                self._fail()
            elif rest.startswith("${"):
                self._at += 2
                if literal:
                    parts.append((False, "".join(literal)))
                    literal = []
                parts.append((True, self._expression()))
                self._expect("}")
            elif end is not None and rest[0] == "\\":
                if rest[1:2] not in _ESCAPES:
                    self._fail()
                literal.append(_ESCAPES[rest[1]])
                self._at += 2
            else:
                literal.append(rest[0])
                self._at += 1

    def _expression(self) -> Any:  # noqa: PLR0911 - one result per kind of expression
        kind, token = self._next()
        match kind, token:
            case "number", text:
                return float(text) if "." in text else int(text)
            case "quote", _:
                parts = self._parts(end='"')
                return parts[0][1] if len(parts) == 1 else "".join(_text_of(part) for _, part in parts)
            case "mark", "[":
                return self._list()
            case "mark", "{":
                return self._object()
            case "mark", "(":
                value = self._expression()
                self._expect(")")
                return value
            case "name", name:
                return self._named(name)
        return self._fail()

    def _named(self, name: str) -> Any:
        if self._peek() == "(":
            self._expect("(")
            argument = self._expression()
            self._expect(")")
            if name == "jsonencode":
                return json.dumps(argument, separators=(",", ":"))
            if name == "toset" and isinstance(argument, list):
                return sorted(set(map(_text_of, argument)))
            if name == "tostring":
                return _text_of(argument)
            self._fail()
        steps = [name]
        while self._peek() == ".":
            self._expect(".")
            kind, step = self._next()
            if kind != "name":
                self._fail()
            steps.append(step)
        if len(steps) == 1:
            if name in _WORDS:
                return _WORDS[name]
            self._fail()
        if self._peek() not in {"}", ",", "]", ")", ""}:
            self._fail()
        return self._reference(".".join(steps))

    def _list(self) -> list[Any]:
        items = []
        while self._peek() != "]":
            items.append(self._expression())
            if self._peek() != "]":
                self._expect(",")
        self._expect("]")
        return items

    def _object(self) -> dict[str, Any]:
        items = {}
        while self._peek() != "}":
            kind, name = self._next()
            if kind == "quote":
                name = "".join(_text_of(part) for _, part in self._parts(end='"'))
            elif kind != "name":
                self._fail()
            if self._next()[1] not in {"=", ":"}:
                self._fail()
            items[name] = self._expression()
            if self._peek() == ",":
                self._expect(",")
        self._expect("}")
        return items

    def _next(self) -> tuple[str, str]:
        match = _TOKEN.match(self._text, self._at)
        if match is None or match.lastgroup is None:
            self._fail()
        self._at = match.end()
        return match.lastgroup, match[match.lastgroup]

    def _peek(self) -> str:
        match = _TOKEN.match(self._text, self._at)
        return match[match.lastgroup] if match and match.lastgroup else ""

    def _expect(self, mark: str) -> None:
        if self._next()[1] != mark:
            self._fail()

    def _fail(self) -> NoReturn:
        raise UnresolvedError(self._text)


def _text_of(value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return json.dumps(value)
        case _:
            raise UnresolvedError(repr(value))
