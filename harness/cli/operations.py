"""Operations files: one JSON value to a line, checked as a whole before any of it is sent."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import NoReturn

from harness.client.batches import LARGEST_BYTES
from harness.model.errors import OperationsFileError, UsageError

_SHOWN_BAD_LINES = 5
# What SQS takes besides tab, line feed and carriage return.
_REFUSED = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_operations(source: str) -> list[str]:
    """The lines of an operations file, each as it will be sent.

    Args:
        source: Its path, or `-` for standard input. Lines are UTF-8; each is one JSON value. Empty lines, and
            white space around a line, are ignored.

    Raises:
        UsageError: It cannot be read.
        OperationsFileError: A line cannot be sent (its number and why), or there is none.
    """
    name = "standard input" if source == "-" else source
    operations: list[str] = []
    bad: list[str] = []
    for number, line in enumerate(_bytes(source).removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            operations.append(_checked(line))
        except ValueError as error:
            bad.append(f"line {number}: {error}")
    if bad:
        _refuse(name, bad)
    if not operations:
        raise OperationsFileError(f"{name} holds no operation; nothing was sent.")
    return operations


def _bytes(source: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise UsageError(f"The operations file {source} cannot be read: {error.strerror}.") from error


def _checked(line: bytes) -> str:
    """The line as text.

    Raises:
        ValueError: It cannot be sent; the text says why.
    """
    try:
        text = line.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 (byte {error.start + 1})") from None
    try:
        # Numbers are not read: any that JSON allows may be sent.
        json.loads(text, parse_int=str, parse_float=str, parse_constant=_no_json)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} (column {error.colno}): {text[:60]}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if (size := len(text.encode())) > LARGEST_BYTES:
        raise ValueError(f"{size} bytes; a message has {LARGEST_BYTES} (1 MiB) at most")
    if refused := _REFUSED.search(text):
        raise ValueError(f"holds the character U+{ord(refused[0]):04X}, which SQS does not take")
    return text


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"not JSON: {constant} is no JSON number")


def _refuse(name: str, bad: list[str]) -> NoReturn:
    more = bad[1:_SHOWN_BAD_LINES]
    rest = len(bad) - 1 - len(more)
    raise OperationsFileError(
        f"{name}, {bad[0]}. Nothing was sent.",
        detail="\n".join([*more, *([f"and {rest} more bad lines"] if rest else [])]) or None,
    )
