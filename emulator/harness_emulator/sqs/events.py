"""What queues tell the ledger. Called with the account's lock held, so that a queue's events are in order."""

from __future__ import annotations

from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from harness_emulator.sqs.message import StoredMessage
    from harness_emulator.sqs.store import MessageStore

LONGEST_BODY = 4096
"""Characters of a body that the ledger keeps."""


class Deletion(NamedTuple):
    """On whose behalf a message is deleted; by default a client's.

    Attributes:
        function: The function of the mapping that deletes.
        batch_id: Its batch.
        kind: `deleted`, or `filtered` where it matches no filter of the mapping.
    """

    function: str | None = None
    batch_id: str | None = None
    kind: str = "deleted"


BY_A_CLIENT = Deletion()


def sent(queue: MessageStore, message: StoredMessage, hidden_until: float | None) -> None:
    """A message entered its first queue; `hidden_until` where it is delayed."""
    if not queue.account.ledger.recording:
        return
    detail = f'{{"body": {encode_basestring_ascii(message.body[:LONGEST_BODY])}'
    if message.group is not None:
        detail += f', "group": {encode_basestring_ascii(message.group)}'
    if message.deduplication_id is not None:
        detail += f', "deduplication_id": {encode_basestring_ascii(message.deduplication_id)}'
    queue.account.ledger.record(
        "sent",
        region=queue.region,
        queue=queue.name,
        message_id=message.id,
        visible_at=hidden_until,
        detail=detail + "}",
    )


def deduplicated(queue: MessageStore, message_id: str, message: StoredMessage) -> None:
    """A message was dropped: it repeats the one of that id."""
    queue.account.ledger.record(
        "deduplicated",
        region=queue.region,
        queue=queue.name,
        message_id=message_id,
        detail={"body": message.body[:LONGEST_BODY], "deduplication_id": message.deduplication_id},
    )


def received(queue: MessageStore, message: StoredMessage, visible_at: float, function: str | None) -> None:
    """A message was handed out: to the mapping to `function`, or to a client."""
    queue.account.ledger.record(
        "received",
        region=queue.region,
        queue=queue.name,
        message_id=message.id,
        receive_count=message.receive_count,
        function=function,
        visible_at=visible_at,
    )


def visibility_changed(queue: MessageStore, message: StoredMessage, visible_at: float) -> None:
    """ChangeMessageVisibility; `visible_at` is now where it ended the flight."""
    queue.account.ledger.record(
        "visibility_changed",
        region=queue.region,
        queue=queue.name,
        message_id=message.id,
        receive_count=message.receive_count,
        visible_at=visible_at,
    )


def visible(queue: MessageStore, message: StoredMessage, why: str | None) -> None:
    """A message is visible (again), because its visibility timeout has ended, or `why`."""
    queue.account.ledger.record(
        "visible",
        region=queue.region,
        queue=queue.name,
        message_id=message.id,
        receive_count=message.receive_count,
        error=why,
    )


def deleted(queue: MessageStore, message: StoredMessage, deletion: Deletion) -> None:
    """A message was deleted by its receipt handle."""
    queue.account.ledger.record(
        deletion.kind,
        region=queue.region,
        queue=queue.name,
        message_id=message.id,
        receive_count=message.receive_count,
        function=deletion.function,
        batch_id=deletion.batch_id,
    )


def gone(queue: MessageStore, message: StoredMessage, kind: str, why: str | None = None) -> None:
    """A message is no more without having been deleted: `expired` or `purged`."""
    queue.account.ledger.record(
        kind,
        region=queue.region,
        queue=queue.name,
        message_id=message.id,
        receive_count=message.receive_count,
        error=why,
    )


def moved(queue: MessageStore, message: StoredMessage, target: MessageStore, kind: str) -> None:
    """A message went to another queue: `moved_to_dlq`, or `moved` by a message move task."""
    queue.account.ledger.record(
        kind,
        region=queue.region,
        queue=queue.name,
        message_id=message.id,
        receive_count=message.receive_count,
        detail={"to": target.name},
    )
