"""Settings: `[tool.harness]` in the project's pyproject.toml, each overridden by `HARNESS_<NAME>`."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from harness.model.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from harness.project.workspace import Workspace


@dataclass(frozen=True)
class PackageSettings:
    """One deployment package that the harness makes before it synthesizes the stack.

    Attributes:
        output: The zip to write, relative to the project's root.
        sources: Files and folders that go into it, relative to the project's root; a folder's contents keep
            their place below the folder's own name.
        requirements: A requirements file whose packages are installed into the zip's root, or None.
        runtime: The Lambda runtime for which the requirements are installed.
    """

    output: str
    sources: tuple[str, ...]
    requirements: str | None = None
    runtime: str = "python3.13"


@dataclass(frozen=True)
class Settings:
    """A project's settings.

    Attributes:
        target: Where the stack runs: `embedded`, `container`, `endpoint`; `aws` on the command line only.
        app: The command that synthesizes the CDKTF app; default: `app` in cdktf.json.
        directory: The folder of the CDKTF app or of the Terraform files, relative to the project's root;
            default: the root, or a folder there with a usual name (`terraform`, `infra`).
        stack: The stack to deploy, where the app has more than one.
        port: The emulator's port on 127.0.0.1; None takes a free one.
        image: The container target's image; None: the harness's own.
        endpoint: The endpoint target's URL.
        aws_account: The 12-digit account that the target `aws` may use.
        terraform: Path of the Terraform binary; None looks on PATH and in `.harness/bin`.
        roles: IAM roles to make before the apply, with Lambda's trust and all rights; None: those that the
            stack names and does not create. An empty list makes none.
        strict_runtime: Fail where a function's own Python is not on this machine, instead of warning.
        environment: Environment variables for the CDKTF app.
        virtual_time: Functions, by construct id or AWS name, whose handlers have the time of the stack's
            clock where that can be moved; the others have the machine's.
        packages: Deployment packages to make before the synth (`[[tool.harness.package]]`).
    """

    target: str = "embedded"
    app: str | None = None
    directory: str | None = None
    stack: str | None = None
    port: int | None = None
    image: str | None = None
    endpoint: str | None = None
    aws_account: str | None = None
    terraform: str | None = None
    roles: tuple[str, ...] | None = None
    strict_runtime: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    virtual_time: tuple[str, ...] = ()
    packages: tuple[PackageSettings, ...] = ()

    @classmethod
    def load(cls, workspace: Workspace, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the project's settings.

        Raises:
            UsageError: pyproject.toml cannot be read, or holds an unknown or wrongly typed setting.
        """
        path = workspace.root / "pyproject.toml"
        table = _read_table(path)
        packages = tuple(_package(entry, path) for entry in table.pop("package", []))
        known = {f.name for f in fields(cls)} - {"packages"}
        for name in table:
            if name not in known:
                raise UsageError(
                    f"{path}: [tool.harness] has no setting {name!r}.",
                    hint="Settings: " + ", ".join(sorted(known | {"package"})) + ".",
                )
        values = {**table, **_from_environment(known, os.environ if environ is None else environ)}
        return cls(**{name: _checked(name, value, path) for name, value in values.items()}, packages=packages)


def _read_table(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    table = document.get("tool", {}).get("harness", {})
    if not isinstance(table, dict):
        raise UsageError(f"{path}: [tool.harness] must be a table.")
    return dict(table)


def _from_environment(known: set[str], environ: Mapping[str, str]) -> dict[str, Any]:
    return {name: environ[key] for name in known if (key := f"HARNESS_{name.upper()}") in environ}


def _package(entry: Any, path: Path) -> PackageSettings:
    names = {f.name for f in fields(PackageSettings)}
    if (
        not isinstance(entry, dict)
        or not {"output", "sources"} <= set(entry) <= names
        or not isinstance(entry["sources"], list)
        or not all(isinstance(source, str) for source in entry["sources"])
        or not all(isinstance(value, str) for name, value in entry.items() if name != "sources")
    ):
        raise UsageError(
            f'{path}: a [[tool.harness.package]] needs output = "….zip" and sources = ["…"], '
            "and may have requirements and runtime.",
        )
    return PackageSettings(**{**entry, "sources": tuple(entry["sources"])})


def _checked(name: str, value: Any, path: Path) -> Any:
    """`value` in the type of the setting `name`; environment variables arrive as text."""
    try:
        convert: Callable[[Any], Any] = _CONVERTERS.get(name, _text)
        return convert(value)
    except ValueError:
        raise UsageError(
            f"{path} or HARNESS_{name.upper()}: {value!r} is not a valid value for the setting {name!r}.",
        ) from None


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def _port(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError
    port = int(value)
    if not 0 <= port <= 65535:  # noqa: PLR2004 - a TCP port's range
        raise ValueError
    return port or None


def _flag(value: Any) -> bool:
    named = {"0": False, "false": False, "1": True, "true": True}
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.lower() not in named:
        raise ValueError
    return named[value.lower()]


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError
    return tuple(value)


def _variables(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        value = json.loads(value)
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise ValueError
    return dict(value)


def _account(value: Any) -> str:
    if not isinstance(value, str) or re.fullmatch(r"[0-9]{12}", value) is None:
        raise ValueError
    return value


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "port": _port,
    "aws_account": _account,
    "strict_runtime": _flag,
    "roles": _names,
    "virtual_time": _names,
    "environment": _variables,
}
