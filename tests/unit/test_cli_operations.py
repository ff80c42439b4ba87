from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli.operations import _checked, read_operations
from harness.client.batches import LARGEST_BYTES
from harness.model.errors import OperationsFileError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def read(folder: Path, content: bytes) -> list[str]:
    path = folder / "ops.jsonl"
    path.write_bytes(content)
    return read_operations(str(path))


def test_each_line_is_sent_as_it_stands(tmp_path: Path) -> None:
    assert read(tmp_path, b'{"a" : 1}\n[1,2]\n"text"\n1e999\n') == ['{"a" : 1}', "[1,2]", '"text"', "1e999"]


def test_empty_lines_white_space_line_ends_and_a_byte_order_mark_are_ignored(tmp_path: Path) -> None:
    assert read(tmp_path, b'\xef\xbb\xbf{"a":1}\r\n\r\n \t\n  {"b":2}  ') == ['{"a":1}', '{"b":2}']


def test_line_separators_of_unicode_do_not_end_a_line(tmp_path: Path) -> None:
    text = '{"a":"\u2028 \u0085"}'
    assert read(tmp_path, text.encode()) == [text]


def test_numbers_too_long_for_python_are_sent(tmp_path: Path) -> None:
    digits = "9" * 10_000
    assert read(tmp_path, digits.encode()) == [digits]


@given(JSON_VALUES)
def test_whatever_is_json_is_sent(value: object) -> None:
    text = json.dumps(value)
    assert _checked(text.encode()) == text


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"add 5 3", "not JSON: Expecting value (column 1): add 5 3"),
        (b'{"a": 1', "not JSON: Expecting ',' delimiter (column 8)"),
        (b'{"a": 1} {"b": 2}', "not JSON: Extra data (column 10)"),
        (b'{"a": NaN}', "not JSON: NaN is no JSON number"),
        (b"-Infinity", "not JSON: -Infinity is no JSON number"),
        (b'{"a": "\xff"}', "not UTF-8 (byte 8)"),
        (b"[" * 100_000, "nested too deeply"),
        (b'"' + b"x" * LARGEST_BYTES + b'"', "1048578 bytes; a message has 1048576 (1 MiB) at most"),
        ('"\uffff"'.encode(), "holds the character U+FFFF, which SQS does not take"),
    ],
)
def test_a_bad_line_is_named_with_its_number_and_why(tmp_path: Path, line: bytes, why: str) -> None:
    with pytest.raises(OperationsFileError) as failed:
        read(tmp_path, b'{"fine": 1}\n\n' + line + b'\n{"fine": 2}\n')
    assert f"ops.jsonl, line 3: {why}" in failed.value.message
    assert failed.value.message.endswith("Nothing was sent.")
    assert failed.value.exit_code == 2


def test_several_bad_lines_are_listed_up_to_a_point(tmp_path: Path) -> None:
    with pytest.raises(OperationsFileError) as failed:
        read(tmp_path, b"x\n" * 8)
    assert "line 1:" in failed.value.message
    assert str(failed.value.detail).splitlines()[-1] == "and 3 more bad lines"
    assert "line 5:" in str(failed.value.detail)


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_a_file_without_operations_is_said_so(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(OperationsFileError, match="holds no operation"):
        read(tmp_path, content)


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"a":1}\nx\n')))
    with pytest.raises(OperationsFileError, match="standard input, line 2"):
        read_operations("-")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UsageError, match="cannot be read") as failed:
            read_operations(str(path))
        assert str(path) in failed.value.message
