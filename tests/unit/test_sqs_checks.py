"""What a message may be; a test's rows stand behind its name."""

from __future__ import annotations

from typing import Any

import pytest
from localstack.aws.api import ServiceException

from harness_emulator.sqs import checks

TEXT = {"DataType": "String", "StringValue": "x"}


def refused(action: Any, *arguments: Any) -> str:
    with pytest.raises(ServiceException) as caught:
        action(*arguments)
    return f"{caught.value.code}: {caught.value}"


def test_what_counts_for_the_size() -> None:
    assert checks.size_of("abc", None) == 3
    assert checks.size_of("é", None) == 2
    assert checks.size_of("", {"name": {"DataType": "Binary", "BinaryValue": b"\xff\xfe"}}) == 4 + 6 + 2
    assert checks.size_of("", {"é": TEXT}) == 2 + 6 + 1


@pytest.mark.parametrize("text", ["\t\n\r ", "\ud7ff", "\ue000\ufffd", "\U00010000\U0010ffff", "plain"])
def test_characters_that_are_allowed(text: str) -> None:
    checks.check_content(text)


@pytest.mark.parametrize("text", ["\x00", "a\x0bb", "\x1f", "\ufffe", "\uffff", "a\ud800"])
def test_characters_that_are_not(text: str) -> None:
    said = refused(checks.check_content, text)
    assert said.startswith("InvalidMessageContents: Invalid characters found.")
    assert refused(checks.check_attributes, {"a": {**TEXT, "StringValue": text}}).startswith(
        "InvalidParameterValueException: Invalid characters found."
    )


@pytest.mark.parametrize("name", ["a", "A-b_c.9", "x" * 256, "awsome", "ö"])
def test_names_that_are_allowed(name: str) -> None:
    checks.check_attributes({name: TEXT})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x" * 257, "must be shorter than 256 Bytes"),
        ("", "can only contain"),
        ("a b", "can only contain"),
        ("a..b", "can only contain"),
        ("a\n", "can only contain"),
        (".a", "cannot start or end with '.'"),
        ("a.", "cannot start or end with '.'"),
        ("aws.a", "beginning with 'AWS.' or 'Amazon.'"),
        ("AMAZON.a", "beginning with 'AWS.' or 'Amazon.'"),
    ],
)
def test_names_that_are_not(name: str, words: str) -> None:
    assert words in refused(checks.check_attributes, {name: TEXT})


def test_ten_attributes_and_no_more() -> None:
    checks.check_attributes({f"a{number}": TEXT for number in range(10)})
    assert "[11] exceeds the allowed maximum [10]" in refused(
        checks.check_attributes, {f"a{number}": TEXT for number in range(11)}
    )


@pytest.mark.parametrize(
    "attribute",
    [
        TEXT,
        {"DataType": "String.custom", "StringValue": "x"},
        {"DataType": "Number", "StringValue": "-1.5e10"},
        {"DataType": "Number.int", "StringValue": "9" * 38},
        {"DataType": "Number", "StringValue": "1" + "0" * 60},
        {"DataType": "Binary", "BinaryValue": b"\x00"},
        {"DataType": "Binary.gif", "BinaryValue": b"x", "StringListValues": []},
    ],
)
def test_values_that_are_allowed(attribute: dict[str, Any]) -> None:
    checks.check_attributes({"a": attribute})


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        ({}, "must contain a non-empty message attribute type"),
        ({"DataType": "", "StringValue": "x"}, "must contain a non-empty message attribute type"),
        ({"DataType": "String"}, "'a' must contain a non-empty value of type 'String'."),
        ({"DataType": "String", "StringValue": ""}, "'a' must contain a non-empty value of type 'String'."),
        ({"DataType": "Number"}, "'a' must contain a non-empty value of type 'Number'."),
        ({"DataType": "Binary", "StringValue": "x"}, "'a' must contain a non-empty value of type 'Binary'."),
        ({"DataType": "Stringy", "StringValue": "x"}, "supported type prefixes: Binary, Number, String."),
        ({"DataType": "string", "StringValue": "x"}, "supported type prefixes: Binary, Number, String."),
        ({"DataType": "String." + "x" * 250, "StringValue": "x"}, "must be shorter than 256 Bytes"),
        ({"DataType": "Number", "StringValue": "x"}, "Can't cast"),
        ({"DataType": "Number", "StringValue": "1e"}, "Can't cast"),
        ({"DataType": "Number", "StringValue": "."}, "Can't cast"),
        ({"DataType": "Number", "StringValue": "9" * 39}, "at most 38 digits"),
        ({**TEXT, "StringListValues": ["x"]}, "list values in SendMessage operation are not supported"),
    ],
)
def test_values_that_are_not(attribute: dict[str, Any], words: str) -> None:
    assert words in refused(checks.check_attributes, {"a": attribute})


def test_one_system_attribute_can_be_sent() -> None:
    checks.check_system_attributes({"AWSTraceHeader": TEXT})
    assert "Use AWSTraceHeader" in refused(checks.check_system_attributes, {"SenderId": TEXT})
    for value in ({"DataType": "String"}, {"DataType": "Number", "StringValue": "1"}, {}):
        assert "'AWSTraceHeader' must contain" in refused(
            checks.check_system_attributes, {"AWSTraceHeader": value}
        )


def test_group_and_deduplication_ids() -> None:
    punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
    for good in (None, "a", "x" * 128, punctuation, "Az09"):
        checks.check_fifo_id(good, "MessageGroupId")
    for bad in ("", "x" * 129, "a b", "é", "a\n", "\x7f"):
        assert refused(checks.check_fifo_id, bad, "MessageGroupId") == (
            f"InvalidParameterValueException: Value {bad} for parameter MessageGroupId is invalid. Reason: "
            "MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length."
        )


def test_delays() -> None:
    for good in (None, 0, 900):
        checks.check_delay(good)
    assert refused(checks.check_delay, 1000) == (
        "InvalidParameterValueException: Value 1000 for parameter DelaySeconds is invalid. "
        "Reason: DelaySeconds must be >= 0 and <= 900."
    )
    refused(checks.check_delay, -1)
