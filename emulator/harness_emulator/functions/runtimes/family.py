"""What a family of Lambda runtimes is asked for, and which family a runtime belongs to.

A new family is one module in `families/`.
"""

from __future__ import annotations

import pkgutil
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from harness.model.errors import RuntimeMissingError
from harness_emulator.functions.runtimes import families

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class ReadyRuntime:
    """A runtime that can run functions on this machine.

    Attributes:
        name: The Lambda runtime: `python3.9`.
        language: As the log's first line names it: `python`.
        version: The version of the interpreter that runs its functions: `3.9`.
        interpreter: That interpreter.
        exact: Whether it is the runtime's own version.
        warning: What to tell the user where it is not.
        fresh: Whether this call made the runtime's environment, or has to.
        folder: What stands for /var/runtime.
        command: Starts the runtime client, which gets its settings on standard input.
        debug_command: The same, for a process that a debugger attaches to.
    """

    name: str
    language: str
    version: str
    interpreter: Path
    exact: bool
    warning: str | None
    fresh: bool
    folder: Path
    command: tuple[str, ...]
    debug_command: tuple[str, ...]


class RuntimeFamily(Protocol):
    """A family: `python3.9`, `python3.10`, ..."""

    @property
    def names(self) -> str:
        """Its runtimes, for people: `python3.8 to python3.14`."""
        ...

    def runs(self, runtime: str) -> bool:
        """Whether the runtime is one of its own, whatever its version."""
        ...

    def find(self, runtime: str, folder: Path, *, strict: bool) -> ReadyRuntime:
        """Look for what runs it, and make nothing.

        Args:
            runtime: One of its own.
            folder: The folder of all runtimes' environments.
            strict: Accept no other version than the runtime's own.

        Raises:
            RuntimeMissingError: It is unknown, or nothing on this machine runs it.
        """
        ...

    def make(self, runtime: str, folder: Path, *, strict: bool) -> ReadyRuntime:
        """Make its environment unless it is there; otherwise as `find`."""
        ...


def all_families() -> list[RuntimeFamily]:
    """Every family, by the names of their modules."""
    names = sorted(module.name for module in pkgutil.iter_modules(families.__path__))
    return [import_module(f"{families.__name__}.{name}").FAMILY for name in names]


def family_of(runtime: str) -> RuntimeFamily:
    """The family of a runtime.

    Raises:
        RuntimeMissingError: No family has such runtimes.
    """
    known = all_families()
    for family in known:
        if family.runs(runtime):
            return family
    raise RuntimeMissingError(
        f"Functions with runtime {runtime!r} cannot run here: only these runtimes can: "
        f"{', '.join(family.names for family in known)}.",
        hint="Set the function's runtime to one of those, or test this function on AWS.",
    )
