"""Private names of LocalStack's that must behave differently for functions that run as processes."""

from __future__ import annotations

import threading
from collections import defaultdict
from functools import wraps
from typing import Any

from localstack.aws.api.lambda_ import InvocationType, TooManyRequestsException
from localstack.services.lambda_.invocation.assignment import AssignmentService
from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment
from localstack.services.lambda_.invocation.logs import LogHandler
from localstack.services.lambda_.invocation.version_manager import LambdaVersionManager

from harness_emulator.functions import client_context, throttling
from harness_emulator.functions import events as ledger
from harness_emulator.localstack.patching import Patch, replace_all

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


def _nothing(original: Any) -> Any:
    @wraps(original)
    def do_nothing(*_: Any, **__: Any) -> None:
        return

    return do_nothing


def _with_all_throttles(original: Any) -> Any:
    @wraps(original)
    def invoke(self: Any, *, invocation: Any) -> Any:
        try:
            with throttling.throttled(self, invocation):
                return original(self, invocation=invocation)
        except TooManyRequestsException as error:
            ledger.refused(self.function_version.id, invocation, error)
            raise

    return invoke


def _with_client_context(original: Any) -> Any:
    @wraps(original)
    def invoke(self: Any, invocation: Any) -> Any:
        waits = invocation.invocation_type != InvocationType.Event
        with client_context.passing(invocation.client_context if waits else None):
            return original(self, invocation)

    return invoke


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
        LogHandler,
        "add_logs",
        _nothing,
        "The sandbox writes each line when it is printed, with its own time (C-15, C-16); this would write "
        "all lines of an invocation again, all with the time of its end.",
    ),
    Patch(
        LogHandler,
        "start_subscriber",
        _nothing,
        "The thread that would write those, one for each function version, which assumes the function's role "
        "over HTTP when it starts.",
    ),
    Patch(
        LambdaVersionManager,
        "invoke",
        _with_all_throttles,
        "It names the function's reserved concurrency as the reason also where the account's is used up "
        "(C-24), and knows no limit of requests per second (C-26).",
    ),
    Patch(
        ExecutionEnvironment,
        "invoke",
        _with_client_context,
        "It leaves out the client context, which a handler finds in its context (C-18).",
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
