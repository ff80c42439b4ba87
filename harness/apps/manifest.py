"""What a synth read, so that it can be skipped while nothing of it has changed."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.machine.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ABSENT = "absent"
ALL_VARIABLES = "*"
_VOLATILE = frozenset({"COLUMNS", "LINES", "OLDPWD", "PWD", "SHLVL", "WINDOWID", "_"})
_VOLATILE_PREFIXES = ("HARNESS_", "PYTEST_", "TERM_", "VSCODE_")
"""They say where and how a command was typed. An app that walks over its environment does not mean them."""
FORMAT = 2

WRITTEN_BY_TOOLS = frozenset(
    {".git", ".harness", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv", "__pycache__"}
)
"""What appears in folders while Python and its tools run: whether it is there is no input of an app."""


@dataclass(frozen=True)
class Asset:
    """A file that cdktf copied to `assets/ID/HASH/NAME`; `source` is where it lies."""

    source: str
    hash: str
    target: str


@dataclass(frozen=True)
class Manifest:
    """Fingerprints of all that a synth read.

    Attributes:
        key: Fingerprint of what is no file and no variable: the command, the bindings' versions.
        paths: Path to fingerprint; see `path_fingerprint`.
        variables: Environment variable to the hash of its value, or `absent`; `*` stands for all of them.
            Values are
            never kept.
        assets: Files that were copied as Terraform assets; their sources are in `paths` too.
        complete: Whether these are all inputs. False after, say, the app started another program.
    """

    key: str
    paths: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    assets: tuple[Asset, ...] = ()
    complete: bool = True

    def changed(self, environ: Mapping[str, str], key: str) -> set[str] | None:
        """The paths that changed; None when something else did, or when not all inputs are known."""
        if not self.complete or key != self.key:
            return None
        if any(variable_fingerprint(environ, name) != known for name, known in self.variables.items()):
            return None
        return {path for path, known in self.paths.items() if path_fingerprint(path) != known}

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        write_atomically(path, json.dumps({"format": FORMAT, **asdict(self)}, indent=1))

    @classmethod
    def read(cls, path: Path) -> Manifest | None:
        """The manifest at `path`; None where there is none of this format."""
        try:
            record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if record.pop("format") != FORMAT:
                return None
            assets = tuple(Asset(**asset) for asset in record.pop("assets"))
            return cls(**record, assets=assets)
        except (OSError, ValueError, KeyError, TypeError):
            return None


def fingerprinted(paths: Iterable[str]) -> dict[str, str]:
    """Each path with its fingerprint."""
    return {path: path_fingerprint(path) for path in sorted(set(paths))}


def path_fingerprint(path: str) -> str:
    """A file's content, `folder`, or `absent`; the names in a folder for a path that ends in a slash."""
    try:
        if path.endswith("/"):
            return "names:" + _digest("\n".join(_names(path)).encode())
        if os.path.isdir(path):  # noqa: PTH112 - called for every input of every command; Path costs twice
            return "folder"
        return "file:" + _digest(Path(path).read_bytes())
    except OSError:
        return ABSENT


def variable_fingerprint(environ: Mapping[str, str], name: str) -> str:
    """The hash of a variable's value, or `absent`; for `*`, of all variables but volatile ones."""
    if name == ALL_VARIABLES:
        return _digest("\0".join(f"{n}={environ[n]}" for n in sorted(environ) if not is_volatile(n)).encode())
    value = environ.get(name)
    return ABSENT if value is None else _digest(f"{name}={value}".encode())


def is_volatile(name: str) -> bool:
    """Whether a variable differs between two commands that mean the same."""
    return name in _VOLATILE or name.startswith(_VOLATILE_PREFIXES)


def _names(path: str) -> list[str]:
    return sorted(name for name in os.listdir(path) if name not in WRITTEN_BY_TOOLS)  # noqa: PTH208 - names suffice


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
