"""Where the emulator comes from: the package index, the working tree, or `HARNESS_EMULATOR_FROM`."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from harness.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE_VARIABLE = "HARNESS_EMULATOR_FROM"
DISTRIBUTION = "sqs-lambda-harness-emulator"
_WHEELS = "sqs_lambda_harness_emulator-*.whl"
_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Source:
    """Where the emulator comes from.

    Attributes:
        shown: For people: `working tree /path`, `package index`.
        requirement: What `uv pip install` is asked for.
        fingerprint: Changes when an environment made from the source would be another one.
        options: Options of `uv pip install`, for the emulator and for what it depends on.
    """

    shown: str
    requirement: tuple[str, ...]
    fingerprint: str
    options: tuple[str, ...] = ()


def emulator_source(environ: Mapping[str, str] = os.environ, package: Path = _PACKAGE) -> Source:
    """`HARNESS_EMULATOR_FROM`, else the repository that this client lies in, else the package index.

    Args:
        environ: The process's environment variables.
        package: The folder of the package `harness`.

    Raises:
        UsageError: `HARNESS_EMULATOR_FROM` is neither a wheel, nor a source tree, nor a folder of wheels.
    """
    if chosen := environ.get(SOURCE_VARIABLE):
        return _named(Path(chosen).expanduser().absolute())
    beside = package.parent / "emulator"
    if (beside / "pyproject.toml").is_file():
        return _tree(beside)
    release = client_version()
    return Source("package index", (f"{DISTRIBUTION}=={release}",), f"index {release}")


def client_version() -> str:
    """The version of this client."""
    return version("sqs-lambda-harness")


def _named(path: Path) -> Source:
    if path.suffix == ".whl" and path.is_file():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return Source(f"wheel {path}", (str(path),), f"wheel {digest}")
    if (path / "pyproject.toml").is_file():
        return _tree(path)
    if any(path.glob(_WHEELS)):
        return Source(
            f"wheels in {path}",
            (DISTRIBUTION,),
            f"wheels {path} {_listing(path)}",
            ("--no-index", "--find-links", str(path)),
        )
    raise UsageError(
        f"{SOURCE_VARIABLE} is {path}: that is neither a wheel, nor a source tree with a pyproject.toml, "
        f"nor a folder that holds {_WHEELS}.",
        hint=f"Correct it, or `unset {SOURCE_VARIABLE}` to install the emulator from the package index.",
    )


def _tree(folder: Path) -> Source:
    """A source tree is installed editable: its modules are live, its metadata is what was installed."""
    digest = hashlib.sha256((folder / "pyproject.toml").read_bytes()).hexdigest()
    return Source(f"working tree {folder}", ("--editable", str(folder)), f"tree {folder} {digest}")


def _listing(folder: Path) -> str:
    """Names, sizes and times of the wheels: reading 150 MB at each start would take too long."""
    entries = sorted((path.name, path.stat()) for path in folder.glob("*.whl"))
    return " ".join(f"{name} {status.st_size} {status.st_mtime_ns}" for name, status in entries)
