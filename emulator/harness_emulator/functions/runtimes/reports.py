"""What clients are told of Lambda runtimes: which interpreter runs each, and what is wrong, as JSON types."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.model.errors import HarnessError
from harness_emulator.functions.runtimes.family import family_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from harness_emulator.functions.runtimes.family import ReadyRuntime

AT_ONCE = 4
"""Environments that are made side by side."""


def made(runtimes: Sequence[str], folder: Path, *, strict: bool) -> list[dict[str, Any]]:
    """Make the environments of `runtimes` in `folder`, side by side; one report each, in the same order.

    A report has `runtime`, `interpreter`, `exact`, `warning`, `fresh` (made by this call), or, if it failed,
    `runtime` and `error` with `message`, `hint` and `detail`.
    """
    return _reports(runtimes, partial(_made, folder=folder, strict=strict))


def found(runtimes: Sequence[str], folder: Path, *, strict: bool) -> list[dict[str, Any]]:
    """Look for interpreters of `runtimes`; reports as from `made`, `fresh` if an environment is missing."""
    return _reports(runtimes, partial(_found, folder=folder, strict=strict))


def _reports(runtimes: Sequence[str], report: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]]:
    def safely(runtime: str) -> dict[str, Any]:
        try:
            return report(runtime)
        except HarnessError as error:
            told = {"message": error.message, "hint": error.hint, "detail": error.detail}
            return {"runtime": runtime, "error": told}

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="runtimes") as pool:
        return list(pool.map(safely, runtimes))


def _made(runtime: str, *, folder: Path, strict: bool) -> dict[str, Any]:
    return _report(family_of(runtime).make(runtime, folder, strict=strict))


def _found(runtime: str, *, folder: Path, strict: bool) -> dict[str, Any]:
    return _report(family_of(runtime).find(runtime, folder, strict=strict))


def _report(ready: ReadyRuntime) -> dict[str, Any]:
    return {
        "runtime": ready.name,
        "interpreter": str(ready.interpreter),
        "exact": ready.exact,
        "warning": ready.warning,
        "fresh": ready.fresh,
    }
