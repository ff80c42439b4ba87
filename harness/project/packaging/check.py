"""Handler sources, checked before they are deployed."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from typing import TYPE_CHECKING

from harness.model.errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NEWER = tuple(getattr(ast, name) for name in ("Match", "TryStar", "TypeAlias") if hasattr(ast, name))
"""Syntax that Python 3.9 does not have, as far as this Python knows it."""


def check_sources(sources: Mapping[str, Path], runtime: str) -> None:
    """Parse a package's own Python files as its runtime would.

    Args:
        sources: Name in the zip to source file.
        runtime: The Lambda runtime, such as `python3.12`.

    Syntax newer than the runtime's Python is refused as far as Python's `ast` can tell (`match`, `except*`,
    type parameters); the rest shows when the function starts. A runtime that is newer than this Python is not
    checked.

    Raises:
        PackageError: A file has a syntax error; the message names file and line.
    """
    for name, path in sorted(sources.items()):
        if name.endswith(".py"):
            _check(path, runtime)


def _check(path: Path, runtime: str) -> None:
    version = _version(runtime)
    if version is not None and version > sys.version_info[:2]:
        return  # this Python cannot parse what a newer one accepts
    try:
        source = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a SyntaxWarning is the author's business
            tree = ast.parse(source, str(path))
            compile(tree, str(path), "exec", dont_inherit=True)
            try:
                ast.parse(source, str(path), feature_version=version)
            except SyntaxError as error:
                # Python puts this one at the construct's end.
                error.lineno, error.text = _first_newer_line(tree) or error.lineno, None
                raise
    except SyntaxError as error:
        line = f":{error.lineno}" if error.lineno else ""
        text = (error.text or "").strip()
        raise PackageError(
            f"{path}{line} is not valid Python for {runtime}: {error.msg}.",
            detail=f"    {text}" if text else None,
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise PackageError(f"{path} is not valid Python for {runtime}: {error}.") from None
    except OSError as error:
        raise PackageError(f"{path} cannot be read: {error.strerror}.") from error


def _first_newer_line(tree: ast.Module) -> int | None:
    """The line of the first construct that an older Python does not have."""
    return min(
        (
            # The line of `except*` is its first handler's.
            (getattr(node, "handlers", None) or [node])[0].lineno
            for node in ast.walk(tree)
            if isinstance(node, _NEWER) or (isinstance(node, ast.stmt) and getattr(node, "type_params", None))
        ),
        default=None,
    )


def _version(runtime: str) -> tuple[int, int] | None:
    match = re.fullmatch(r"python(\d+)\.(\d+)", runtime)
    return (int(match[1]), int(match[2])) if match else None
