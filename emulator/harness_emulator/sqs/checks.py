"""What a message may be (A-24 to A-35, A-56 to A-58)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from localstack.aws.api.sqs import InvalidMessageContents, UnsupportedOperation

from harness_emulator.sqs import quotas
from harness_emulator.sqs.errors import invalid, invalid_parameter

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORBIDDEN = re.compile("[^\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FORBIDDEN_TEXT = (
    "Invalid characters found. Valid unicode characters are "
    "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
)
# Umlauts are taken, though no page says so: LocalStack's observation.
_NAME = re.compile("[\u00c0-\u017fA-Za-z0-9_.-]+")
_RESERVED = ("aws.", "amazon.")
_TYPES = ("String", "Number", "Binary")
_FIFO_ID = re.compile("[0-9A-Za-z!-/:-@\\[-`{-~]{1,128}")
_NUMBER = re.compile("[+-]?([0-9]*)\\.?([0-9]*)([eE][+-]?[0-9]{1,3})?")
TRACE_HEADER = "AWSTraceHeader"


def size_of(body: str, attributes: Mapping[str, Any] | None) -> int:
    """Bytes that count: the body, and each message attribute's name, type and value (A-24)."""
    size = _bytes(body)
    for name, attribute in (attributes or {}).items():
        size += _bytes(name) + sum(_bytes(value) for value in attribute.values() if value is not None)
    return size


def _bytes(value: Any) -> int:
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode(errors="surrogatepass"))
    return len(value) if isinstance(value, bytes) else sum(_bytes(item) for item in value)


def check_content(text: str) -> None:
    """Refuse characters that XML does not have (A-31).

    Raises:
        InvalidMessageContents: There is one.
    """
    if _FORBIDDEN.search(text):
        raise InvalidMessageContents(_FORBIDDEN_TEXT)


def check_attributes(attributes: Mapping[str, Any] | None) -> None:
    """Refuse message attributes that are none (A-32, A-33).

    Raises:
        InvalidParameterValueException: A name, type or value is not allowed, or there are too many.
        UnsupportedOperation: A list of values.
    """
    if not attributes:
        return
    if len(attributes) > quotas.MOST_ATTRIBUTES:
        raise invalid_parameter(
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum "
            f"[{quotas.MOST_ATTRIBUTES}]."
        )
    for name, attribute in attributes.items():
        _check_name(name)
        _check_attribute(name, attribute)


def _check_name(name: str) -> None:
    if len(name) > quotas.LONGEST_ATTRIBUTE_NAME:
        raise invalid_parameter("Message (user) attribute names must be shorter than 256 Bytes")
    if not _NAME.fullmatch(name) or ".." in name:
        raise invalid_parameter(
            "Message (user) attributes name can only contain upper and lower score characters, digits, "
            "periods, hyphens and underscores. "
        )
    if name.lower().startswith(_RESERVED) or name.startswith(".") or name.endswith("."):
        raise invalid_parameter(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. "
            "These strings are reserved for internal use. Additionally, they cannot start or end with '.'."
        )


def _check_attribute(name: str, attribute: Mapping[str, Any]) -> None:
    if attribute.get("StringListValues") or attribute.get("BinaryListValues"):
        raise UnsupportedOperation(
            "Message attribute list values in SendMessage operation are not supported."
        )
    kind = attribute.get("DataType") or ""
    if not kind:
        raise invalid_parameter(
            f"The message (user) attribute '{name}' must contain a non-empty message attribute type."
        )
    if len(kind) > quotas.LONGEST_ATTRIBUTE_NAME:
        raise invalid_parameter("Message (user) attribute types must be shorter than 256 Bytes")
    base, _, _ = kind.partition(".")
    if base not in _TYPES:
        raise invalid_parameter(
            f"The type of message (user) attribute '{name}' is invalid. You must use only the following "
            "supported type prefixes: Binary, Number, String."
        )
    value = attribute.get("BinaryValue" if base == "Binary" else "StringValue")
    if not value or not isinstance(value, bytes if base == "Binary" else str):
        raise invalid_parameter(
            f"Message (user) attribute '{name}' must contain a non-empty value of type '{base}'."
        )
    if isinstance(value, str) and _FORBIDDEN.search(value):
        raise invalid_parameter(_FORBIDDEN_TEXT)
    if base == "Number":
        _check_number(name, str(value))


def _check_number(name: str, value: str) -> None:
    match = _NUMBER.fullmatch(value.strip())
    digits = (match[1] + match[2]) if match else ""
    if not digits:
        raise invalid_parameter(f"Can't cast the value of message (user) attribute '{name}' to a number.")
    if len(digits.strip("0")) > quotas.MOST_DIGITS:
        raise invalid_parameter(
            f"Message (user) attribute '{name}' must have at most {quotas.MOST_DIGITS} digits."
        )


def check_system_attributes(attributes: Mapping[str, Any] | None) -> None:
    """Refuse all but the one system attribute that can be sent (A-35).

    Raises:
        InvalidParameterValueException: It is another, or no text.
    """
    for name, attribute in (attributes or {}).items():
        if name != TRACE_HEADER:
            raise invalid_parameter(f"Message system attribute name '{name}' is invalid. Use {TRACE_HEADER}.")
        value = attribute.get("StringValue")
        if attribute.get("DataType") != "String" or not value:
            raise invalid_parameter(
                f"Message system attribute '{name}' must contain a non-empty value of type 'String'."
            )
        if _FORBIDDEN.search(value):
            raise invalid_parameter(_FORBIDDEN_TEXT)


def check_fifo_id(value: str | None, parameter: str) -> None:
    """Refuse a group or deduplication id that is none (A-58).

    Raises:
        InvalidParameterValueException: It has other characters, or not 1 to 128.
    """
    if value is not None and not _FIFO_ID.fullmatch(value):
        raise invalid(
            value,
            parameter,
            f"{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.",
        )


def check_delay(value: int | None) -> None:
    """Refuse a message's delay that is out of range (A-18).

    Raises:
        InvalidParameterValueException: It is.
    """
    if value is not None and not 0 <= value <= quotas.LONGEST_DELAY:
        raise invalid(value, "DelaySeconds", f"DelaySeconds must be >= 0 and <= {quotas.LONGEST_DELAY}.")
