"""The emulator's SQS queues from inside the process: no HTTP, no polling."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localstack.aws.api.sqs import MessageSystemAttributeName
from localstack.services.sqs.models import FifoQueue, SqsMessage, SqsQueue, sqs_stores, to_sqs_api_message
from localstack.utils.aws.arns import parse_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LOG = logging.getLogger(__name__)


def find_queue(arn: str) -> SqsQueue | None:
    """The queue of that ARN, or None where it does not exist (any more)."""
    parts = parse_arn(arn)
    return sqs_stores[parts["account"]][parts["region"]].queues.get(parts["resource"])


def wait_for_message(queue: SqsQueue, given_up: Callable[[], bool], timeout: float | None = None) -> bool:
    """Block until `queue` may have a visible message.

    Args:
        queue: The queue.
        given_up: Ends the wait when it says True; looked at whenever `wake` is called.
        timeout: Seconds; None waits for as long as it takes.

    Returns:
        False when given up, timed out, or when the queue was deleted.
    """
    signal = _signal(queue)
    with signal.not_empty:
        signal.not_empty.wait_for(lambda: given_up() or signal.is_shutdown or signal._qsize(), timeout)  # noqa: SLF001 - the lock is held, which qsize() would take again
        if given_up() or signal.is_shutdown:
            # A message's one notification may have come here: hand it on.
            signal.not_empty.notify()
            return False
        return bool(signal._qsize())  # noqa: SLF001 - as above


def wake(queue: SqsQueue) -> None:
    """Let every waiter look again."""
    signal = _signal(queue)
    with signal.not_empty:
        signal.not_empty.notify_all()


def _signal(queue: SqsQueue) -> Any:
    """What gets an item whenever a message (FIFO: a message group) becomes visible."""
    return queue.message_group_queue if isinstance(queue, FifoQueue) else queue.visible


@dataclass(frozen=True)
class Received:
    """A received message.

    Attributes:
        message: As ReceiveMessage returns it, with all attributes and the receipt handle.
        group: The message group id; None on a standard queue.
    """

    message: dict[str, Any]
    group: str | None

    @property
    def id(self) -> str:
        """The message id."""
        return str(self.message["MessageId"])


def receive(queue: SqsQueue, maximum: int) -> list[Received]:
    """Receive up to `maximum` visible messages; those received too often go to the dead-letter queue."""
    # SendMessageBatch holds this lock while it puts its messages: they are received together.
    with queue.mutex:
        result = queue.receive(maximum, 0)
        _move_to_dead_letter_queue(queue, result.dead_letter_messages)
    received = []
    for item, handle in zip(result.successful, result.receipt_handles, strict=True):
        message = to_sqs_api_message(item, ["All"], ["All"])
        message["ReceiptHandle"] = handle
        received.append(Received(message, item.message_group_id))
    return received


def _move_to_dead_letter_queue(queue: SqsQueue, messages: list[SqsMessage]) -> None:
    for item in messages:
        target = find_queue(queue.redrive_policy["deadLetterTargetArn"])
        if target is None:
            LOG.warning(
                "The dead-letter queue of %s does not exist; message %s stays.", queue.arn, item.message_id
            )
            queue.add_inflight_message(item)
            continue
        item.message["Attributes"][MessageSystemAttributeName.DeadLetterQueueSourceArn] = queue.arn
        target.put(
            message=item.message,
            message_deduplication_id=item.message_deduplication_id,
            message_group_id=item.message_group_id,
        )
        if isinstance(queue, FifoQueue):
            queue.update_message_group_visibility(queue.get_message_group(item.message_group_id))


def delete(queue: SqsQueue, messages: Iterable[Received]) -> None:
    """Delete messages; one whose handle has expired (FIFO) stays, as on AWS, and is logged."""
    for received in messages:
        try:
            queue.remove(received.message["ReceiptHandle"])
        except Exception as error:  # noqa: BLE001 - LocalStack's errors have no narrower common class
            LOG.warning("Message %s was not deleted from %s: %s", received.id, queue.arn, error)


def empty(account: str | None) -> int:
    """Empty all queues of an account, or of all: visible, delayed and in-flight messages, deduplication.

    Returns:
        How many queues there were.
    """
    emptied = 0
    for store_account, _, store in sqs_stores.iter_stores():
        if account in {None, store_account}:
            for queue in list(store.queues.values()):
                queue.clear()
                queue.purge_timestamp = None
                emptied += 1
    return emptied
