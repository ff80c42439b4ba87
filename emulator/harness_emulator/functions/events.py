"""What mappings and execution environments tell the ledger: batches, invocations, environments.

A batch's events stand in the ledger of its queue's account and in that of its function's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness_emulator.account import ACCOUNTS
from harness_emulator.mapping import delivery

if TYPE_CHECKING:
    from collections.abc import Iterable

    from localstack.services.lambda_.invocation.lambda_models import (
        Invocation,
        InvocationResult,
        VersionIdentifier,
    )

    from harness_emulator.mapping.batches import Batch

LONGEST_LOG = 4096
"""Characters of an invocation's log that the ledger keeps: its last."""
LONGEST_ERROR = 500

# What a mapping tells.


def batch_formed(batch: Batch) -> None:
    """A batch is about to be handled."""
    if not ACCOUNTS.of(batch.settings.account).ledger.recording:
        return
    _of_batch(batch, "batch_formed", message_ids=[entry.received.id for entry in batch.entries])


def throttled(batch: Batch, error: Exception) -> None:
    """A batch's function was not invoked: it has no concurrency left."""
    _of_batch(batch, "throttled", error=str(error))


def not_invoked(batch: Batch, error: Exception) -> None:
    """A batch's function could not be invoked: it does not exist, or is not active."""
    _of_batch(batch, "invoke_failed", error=f"It was not invoked: {error}")


def partial_failures(batch: Batch, message_ids: Iterable[str]) -> None:
    """What the function named in `batchItemFailures`."""
    for message_id in message_ids:
        _of_batch(batch, "partial_failure", message_id=message_id)


def _of_batch(
    batch: Batch,
    kind: str,
    *,
    error: str | None = None,
    message_id: str | None = None,
    message_ids: list[str] | None = None,
) -> None:
    settings = batch.settings
    for account in {settings.account, settings.queue_account}:
        ACCOUNTS.of(account).ledger.record(
            kind,
            region=settings.region,
            queue=settings.queue_name,
            batch_id=batch.id,
            function=settings.function_name,
            message_id=message_id,
            error=_line(error),
            detail=None if message_ids is None else {"message_ids": message_ids},
        )


# What an execution environment tells.


def environment(version: VersionIdentifier, environment_id: str, kind: str) -> None:
    """`environment_started` or `environment_stopped`."""
    ACCOUNTS.of(version.account).ledger.record(
        kind,
        region=version.region,
        function=version.function_name,
        environment_id=environment_id,
    )


def invoke_started(version: VersionIdentifier, environment_id: str, request_id: str) -> None:
    """An invocation begins."""
    _of_invocation(version, environment_id, request_id, "invoke_started")


def invoke_ended(
    version: VersionIdentifier,
    environment_id: str,
    result: InvocationResult,
    milliseconds: float,
    status: str,
) -> None:
    """An invocation has ended.

    Args:
        version: The function's version.
        environment_id: Where it ran.
        result: What its caller gets.
        milliseconds: How long it took.
        status: `timeout`, `error` where the process broke, or nothing.
    """
    if not ACCOUNTS.of(version.account).ledger.recording:
        return
    kind = "invoke_succeeded"
    if result.is_error:
        kind = "invoke_timed_out" if status == "timeout" else "invoke_failed"
    _of_invocation(
        version,
        environment_id,
        result.request_id,
        kind,
        error=_error_of(result.payload) if result.is_error else None,
        detail={"duration_ms": round(milliseconds, 3), "log": (result.logs or "")[-LONGEST_LOG:]},
    )


def _of_invocation(
    version: VersionIdentifier,
    environment_id: str,
    request_id: str,
    kind: str,
    *,
    error: str | None = None,
    detail: dict[str, object] | None = None,
) -> None:
    delivered = delivery.current()
    accounts = {version.account} if delivered is None else {version.account, delivered.settings.queue_account}
    for account in accounts:
        ACCOUNTS.of(account).ledger.record(
            kind,
            region=version.region,
            function=version.function_name,
            batch_id=None if delivered is None else delivered.batch_id,
            request_id=request_id,
            environment_id=environment_id,
            error=error,
            detail=detail,
        )


def refused(version: VersionIdentifier, invocation: Invocation, error: Exception) -> None:
    """An invocation that no mapping asked for was throttled; of a batch, its mapping tells."""
    if delivery.current() is None:
        ACCOUNTS.of(version.account).ledger.record(
            "throttled",
            region=version.region,
            function=version.function_name,
            request_id=invocation.request_id,
            error=_line(str(error)),
        )


def _error_of(payload: bytes) -> str | None:
    """`Type: message` of an error's payload, in one line."""
    try:
        document = json.loads(payload)
        parts = [document.get("errorType"), document.get("errorMessage")]
    except (ValueError, AttributeError):
        return _line(payload.decode(errors="replace"))
    return _line(": ".join(str(part) for part in parts if part))


def _line(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())[:LONGEST_ERROR]
