"""The emulator's SQS queues from inside the process: no HTTP, no polling."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localstack.aws.api import ServiceException
from localstack.services.sqs.models import sqs_stores

from harness_emulator.sqs.events import BY_A_CLIENT, Deletion
from harness_emulator.sqs.locating import find
from harness_emulator.sqs.queue import HarnessQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = (
    "Deletion",
    "HarnessQueue",
    "Received",
    "WithheldError",
    "delete",
    "delete_and_repeat",
    "empty",
    "find_queue",
    "forget_deleted",
    "listen",
    "receivable",
    "receive",
    "unlisten",
    "wait_for_message",
    "wake",
)

LOG = logging.getLogger(__name__)

_ALL = ("All",)


@dataclass(frozen=True)
class Received:
    """A received message.

    Attributes:
        message: As ReceiveMessage returns it, with all attributes and the receipt handle.
        group: The message group id; None where the message was sent without one.
    """

    message: dict[str, Any]
    group: str | None

    @property
    def id(self) -> str:
        """The message id."""
        return str(self.message["MessageId"])


class WithheldError(Exception):
    """A receive gave nothing, although there were messages: a fault that a test asked for."""


def find_queue(arn: str) -> HarnessQueue | None:
    """The queue of that ARN, or None where it does not exist (any more)."""
    return find(arn)


def receive(queue: HarnessQueue, maximum: int, function: str | None = None) -> list[Received]:
    """Receive up to `maximum` messages; those received too often go to the dead-letter queue.

    On a FIFO queue they may be of several groups: all that one group has to give, then the next (A-63). It
    waits for nothing, and it returns nothing when the in-flight quota is reached (A-12). `function` is the
    mapping's that receives.

    Raises:
        WithheldError: It gives nothing, although there is something.
    """
    with queue.mutex:
        messages = queue.receive(maximum, function=function)
        if not messages and queue.receivable():
            raise WithheldError
    return [
        Received({**message.show(_ALL, _ALL), "ReceiptHandle": message.handle}, message.group)
        for message in messages
    ]


def receivable(queue: HarnessQueue) -> bool:
    """Whether `receive` would now take, or move to the dead-letter queue, at least one message."""
    return queue.receivable()


def listen(queue: HarnessQueue, callback: Callable[[], object]) -> None:
    """Have `callback` called whenever a message may have become receivable, or the queue was deleted.

    It is called by whoever caused that, without the queue's lock, and must wait for nothing.
    """
    queue.listen(callback)


def unlisten(queue: HarnessQueue, callback: Callable[[], object]) -> None:
    """Call it no more; a call may be under way."""
    queue.unlisten(callback)


def wait_for_message(queue: HarnessQueue, given_up: Callable[[], bool], timeout: float | None = None) -> bool:
    """Block until a message is receivable.

    Args:
        queue: The queue.
        given_up: Ends the wait when it says True; looked at whenever `wake` is called.
        timeout: Seconds of the account's clock; None waits for as long as it takes.

    Returns:
        False when given up, timed out, or when the queue was deleted.
    """
    queue.wait(lambda: given_up() or queue.deleted or queue.receivable(), timeout)
    return not given_up() and queue.receivable()


def wake(queue: HarnessQueue) -> None:
    """Let every waiter and listener look again."""
    queue.wake()


def delete(queue: HarnessQueue, messages: Iterable[Received], deletion: Deletion = BY_A_CLIENT) -> None:
    """Delete messages; one whose handle has expired (FIFO) stays, as on AWS, and is logged (A-10)."""
    with queue.mutex:
        for received in messages:
            try:
                queue.remove(received.message["ReceiptHandle"], deletion)
            except ServiceException as error:
                LOG.warning("Message %s was not deleted from %s: %s", received.id, queue.queue_arn, error)


def delete_and_repeat(queue: HarnessQueue, received: Received, deletion: Deletion) -> None:
    """Delete a message, and have it delivered once more, which happens on standard queues (A-67)."""
    with queue.mutex:
        message = queue.remove(received.message["ReceiptHandle"], deletion)
        if message is not None:
            queue.repeat(message)


def empty(account: str | None) -> int:
    """Make the queues of an account, or of all, as new: without messages, and as if never purged.

    Returns:
        How many queues there were.
    """
    emptied = 0
    forget_deleted(account)
    for store_account, _, store in sqs_stores.iter_stores():
        if account in {None, store_account}:
            for task in store.move_tasks.values():
                task.cancel()
            for queue in list(store.queues.values()):
                queue.clear()
                queue.purged = None
                emptied += 1
    return emptied


def forget_deleted(account: str | None) -> int:
    """Let the names of deleted queues be used again at once (A-52).

    Returns:
        How many there were.
    """
    forgotten = 0
    for store_account, _, store in sqs_stores.iter_stores():
        if account in {None, store_account}:
            forgotten += len(store.deleted)
            store.deleted.clear()
    return forgotten
