"""The batch operations: what fails whole, and what fails by entry (A-26 to A-31, A-56)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from localstack.aws.api import ServiceException
from localstack.aws.api.sqs import (
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    TooManyEntriesInBatchRequest,
)

from harness_emulator.sqs import checks, quotas, send_faults
from harness_emulator.sqs.errors import batch_failure, invalid_parameter
from harness_emulator.sqs.locating import queue_of
from harness_emulator.sqs.message_operations import check_deduplication, send

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness_emulator.sqs.queue import HarnessQueue

Entry = dict[str, Any]
_ENTRY_ID = re.compile("[A-Za-z0-9_-]{1,80}")


class BatchOperations:
    """The batch operations."""

    def send_message_batch(
        self, context: Any, entries: Sequence[Entry], queue_url: str, **_: Any
    ) -> dict[str, Any]:
        """SendMessageBatch: all that are sent are there at once."""
        queue = queue_of(context, queue_url)
        check_entries(entries, "SendMessageBatchRequestEntry")
        if queue.fifo:
            _check_fifo(queue, entries)
        sizes = [
            checks.size_of(entry.get("MessageBody") or "", entry.get("MessageAttributes"))
            for entry in entries
        ]
        if sum(sizes) > quotas.LARGEST_MESSAGE:
            raise BatchRequestTooLong(
                f"Batch requests cannot be longer than {quotas.LARGEST_MESSAGE} bytes. "
                f"You have sent {sum(sizes)} bytes."
            )
        failing = send_faults.failing(
            context, queue, {entry["Id"]: entry.get("MessageBody") or "" for entry in entries}
        )
        by_id = dict(zip((entry["Id"] for entry in entries), sizes, strict=True))

        def send_one(entry: Entry) -> Entry:
            if (error := failing.get(entry["Id"])) is not None:
                raise error
            if by_id[entry["Id"]] > queue.maximum_message_size:
                raise invalid_parameter(
                    "One or more parameters cannot be validated. "
                    f"Reason: Message must be shorter than {queue.maximum_message_size} bytes."
                )
            return send(
                queue,
                context,
                entry.get("MessageBody") or "",
                delay=entry.get("DelaySeconds"),
                attributes=entry.get("MessageAttributes"),
                system_attributes=entry.get("MessageSystemAttributes"),
                deduplication_id=entry.get("MessageDeduplicationId"),
                group=entry.get("MessageGroupId"),
            )

        return _each(queue, entries, send_one)

    def delete_message_batch(
        self, context: Any, entries: Sequence[Entry], queue_url: str, **_: Any
    ) -> dict[str, Any]:
        """DeleteMessageBatch."""
        queue = queue_of(context, queue_url)
        check_entries(entries, "DeleteMessageBatchRequestEntry")

        def delete(entry: Entry) -> None:
            queue.remove(entry["ReceiptHandle"])

        return _each(queue, entries, delete)

    def change_message_visibility_batch(
        self, context: Any, entries: Sequence[Entry], queue_url: str, **_: Any
    ) -> dict[str, Any]:
        """ChangeMessageVisibilityBatch; an entry without a timeout takes the queue's."""
        queue = queue_of(context, queue_url)
        check_entries(entries, "ChangeMessageVisibilityBatchRequestEntry")

        def change(entry: Entry) -> None:
            timeout = entry.get("VisibilityTimeout")
            queue.update_visibility_timeout(
                entry["ReceiptHandle"], queue.visibility_timeout if timeout is None else timeout
            )

        return _each(queue, entries, change)


def check_entries(entries: Sequence[Entry], kind: str) -> None:
    """Refuse a batch that has too many entries, none, or ids that do not tell them apart (A-28, A-29).

    Raises:
        ServiceException: It is so.
    """
    if not entries:
        raise EmptyBatchRequest(f"There should be at least one {kind} in the request.")
    if len(entries) > quotas.MOST_ENTRIES:
        raise TooManyEntriesInBatchRequest(
            f"Maximum number of entries per request are {quotas.MOST_ENTRIES}. You have sent {len(entries)}."
        )
    seen = set()
    for entry in entries:
        entry_id = entry["Id"]
        if not _ENTRY_ID.fullmatch(entry_id):
            raise InvalidBatchEntryId(
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
                "It can be at most 80 letters long."
            )
        if entry_id in seen:
            raise BatchEntryIdsNotDistinct(f"Id {entry_id} repeated.")
        seen.add(entry_id)


def _check_fifo(queue: HarnessQueue, entries: Sequence[Entry]) -> None:
    for entry in entries:
        check_deduplication(queue, entry.get("MessageDeduplicationId"))
        if entry.get("MessageGroupId") is None:
            raise invalid_parameter("The request must contain the parameter MessageGroupId.")


def _each(
    queue: HarnessQueue, entries: Sequence[Entry], act: Callable[[Entry], Entry | None]
) -> dict[str, Any]:
    successful, failed = [], []
    with queue.mutex:
        for entry in entries:
            try:
                successful.append({"Id": entry["Id"], **(act(entry) or {})})
            except ServiceException as error:
                # An empty body has a code of its own here.
                code = "EmptyValue" if "MessageBody" in str(error) else None
                failed.append(batch_failure(entry["Id"], error, code))
    answer = {"Successful": successful, "Failed": failed}
    return {name: found for name, found in answer.items() if found}
