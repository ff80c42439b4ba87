"""What mappings report to the ledger: their batches.

A batch's events are in the ledger of its queue's account and in that of its function's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness_emulator.account import ACCOUNTS
from harness_emulator.functions.events import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness_emulator.mapping.batches import Batch


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
            error=one_line(error),
            detail=None if message_ids is None else {"message_ids": message_ids},
        )
