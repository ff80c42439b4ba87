"""Handler sources are checked before they are deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.model.errors import PackageError
from harness.project.packaging import check_sources


def check(folder: Path, source: bytes | str, *, runtime: str = "python3.9", name: str = "handler.py") -> None:
    path = folder / name
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    check_sources({name: path}, runtime)


def test_the_calculator_is_python_3_9(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "lambda_function.py"
    check(tmp_path, source.read_bytes())


def test_a_syntax_error_is_named_with_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(PackageError) as caught:
        check(tmp_path, "def handler(event, context):\n    return event[\n")
    assert f"{tmp_path / 'handler.py'}:2 is not valid Python" in caught.value.message
    assert caught.value.detail == "    return event["


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("A = 1\nmatch A:\n    case 1:\n        pass\n", 2),
        ("try:\n    pass\nexcept* ValueError:\n    pass\n", 3),
        ("def first[T](items: list[T]) -> T: ...\n", 1),
    ],
)
def test_syntax_newer_than_the_runtime_is_refused(tmp_path: Path, source: str, line: int) -> None:
    check(tmp_path, source, runtime="python3.13")
    with pytest.raises(PackageError, match=rf"handler\.py:{line} is not valid Python for python3\.9"):
        check(tmp_path, source)


@pytest.mark.parametrize(
    "source",
    [
        "return 1\n",
        "def handler():\n    nonlocal x\n",
        b"A = '\xff'\n",
        b"A = 1\x00\n",
        "(" * 100_000,
        "\tif 1:\n  pass",
    ],
)
def test_whatever_python_cannot_compile_is_refused(tmp_path: Path, source: bytes | str) -> None:
    with pytest.raises(PackageError, match=r"handler\.py"):
        check(tmp_path, source)


def test_warnings_and_other_files_are_left_alone(tmp_path: Path) -> None:
    check(tmp_path, "A = '\\d'\nassert (A, 'always')\n")
    check(tmp_path, "{", name="data.json")


def test_a_runtime_that_is_not_python_is_read_with_this_python(tmp_path: Path) -> None:
    check(tmp_path, "match 1:\n    case 1:\n        pass\n", runtime="provided.al2023")
