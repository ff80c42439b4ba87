"""Private names of LocalStack's that must behave differently for functions that run as processes."""

from __future__ import annotations

import threading
from collections import defaultdict
from functools import wraps
from typing import Any

from localstack.services.lambda_.invocation.assignment import AssignmentService
from localstack.services.lambda_.invocation.version_manager import LambdaVersionManager

from harness.emulator.patching import Patch, replace_all

_lock = threading.Lock()
_applied = threading.Event()


class Environments(defaultdict[str, dict[str, Any]]):
    """Environments by version, whose values can be walked while others are added."""

    def __init__(self, entries: dict[str, dict[str, Any]]) -> None:
        super().__init__(_OfVersion)
        for key, value in entries.items():
            self[key] = _OfVersion(value)


class _OfVersion(dict[str, Any]):
    def values(self) -> list[Any]:  # type: ignore[override] # its callers only walk it
        return list(super().values())


def _log_once(original: Any) -> Any:
    @wraps(original)
    def store_logs(*_: Any, **__: Any) -> None:
        return

    return store_logs


def _walk_a_copy(original: Any) -> Any:
    @wraps(original)
    def get_environment(self: Any, *arguments: Any, **named: Any) -> Any:
        with _lock:
            if not isinstance(self.environments, Environments):
                self.environments = Environments(self.environments)
        return original(self, *arguments, **named)

    return get_environment


PATCHES = (
    Patch(
        LambdaVersionManager,
        "store_logs",
        _log_once,
        "The sandbox writes each line when it is printed, with its own time (C-15, C-16); this would write "
        "all lines of an invocation again, all with the time of its end.",
    ),
    Patch(
        AssignmentService,
        "get_environment",
        _walk_a_copy,
        "Concurrent invocations walk the dictionary that they add environments to (C-26): Python raises "
        "'dictionary changed size during iteration', and the invocation fails.",
    ),
)


def apply() -> None:
    """Apply every patch, once."""
    with _lock:
        if not _applied.is_set():
            replace_all(PATCHES)
            _applied.set()
