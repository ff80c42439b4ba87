"""Private names of LocalStack's that must behave differently for functions that run as processes."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from localstack.services.lambda_.invocation.assignment import AssignmentService
from localstack.services.lambda_.invocation.version_manager import LambdaVersionManager

if TYPE_CHECKING:
    from collections.abc import Iterable

_lock = threading.Lock()


class Environments(defaultdict[str, dict[str, Any]]):
    """Environments by version, whose values can be walked while others are added."""

    def __init__(self, entries: dict[str, dict[str, Any]]) -> None:
        super().__init__(_Versions)
        for key, value in entries.items():
            self[key] = _Versions(value)


class _Versions(dict[str, Any]):
    def values(self) -> Iterable[Any]:  # type: ignore[override] # a list is all that its callers need
        return list(super().values())


def apply() -> None:
    """Apply every patch, once."""
    with _lock:
        if not hasattr(LambdaVersionManager.store_logs, "__wrapped__"):
            _patch_logs()
            _patch_environments()


def _patch_logs() -> None:
    """The sandbox writes each line when it is printed, with its own time (rows C-15, C-16).

    LocalStack's version manager would write all lines of an invocation again, all with the time of its end.
    """
    original = LambdaVersionManager.store_logs

    def store_logs(self: Any, invocation_result: Any, execution_env: Any) -> None:
        del self, invocation_result, execution_env

    store_logs.__wrapped__ = original  # type: ignore[attr-defined]
    LambdaVersionManager.store_logs = store_logs


def _patch_environments() -> None:
    """Concurrent invocations walk the same dictionary that they add environments to (row C-26).

    Python raises `RuntimeError: dictionary changed size during iteration` there, and the invocation fails.
    """
    original = AssignmentService.get_environment

    def get_environment(self: Any, *arguments: Any, **named: Any) -> Any:
        with _lock:
            if not isinstance(self.environments, Environments):
                self.environments = Environments(self.environments)
        return original(self, *arguments, **named)

    get_environment.__wrapped__ = original  # type: ignore[attr-defined]
    AssignmentService.get_environment = get_environment
