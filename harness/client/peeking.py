"""Looking into a queue without taking anything out of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.client import services
from harness.model.errors import MessageError, NotFoundInStackError

if TYPE_CHECKING:
    from harness.client.message import Message
    from harness.client.queue import Queue

# LocalStack answers ReceiveMessage there without side effects.
_ROUTE = "/_aws/sqs/messages"
_HIDDEN_SECONDS = 60


def peek(queue: Queue, maximum: int | None) -> list[Message]:
    """The visible messages of `queue`, at most `maximum`."""
    if queue.endpoint.on_aws:
        return _received_and_released(queue, maximum)[:maximum]
    try:
        messages = _shown_by_emulator(queue)
    except NotFoundInStackError:
        raise
    except MessageError:
        messages = _received_and_released(queue, maximum)
    return messages if maximum is None else messages[:maximum]


def _shown_by_emulator(queue: Queue) -> list[Message]:
    client = services.sqs(replace(queue.endpoint, url=queue.endpoint.url + _ROUTE))
    with services.plain_errors(f"queue {queue.name}"):
        answer = client.receive_message(QueueUrl=queue.url)
    return [queue.message(entry, received=False) for entry in answer.get("Messages", ())]


def _received_and_released(queue: Queue, maximum: int | None) -> list[Message]:
    """The messages received, hidden until there are no more, and then made visible again."""
    found: dict[str, Message] = {}
    # Without waiting, AWS asks a part of its servers only, and may say that there is nothing.
    wait = 1 if queue.endpoint.on_aws else 0
    try:
        while maximum is None or len(found) < maximum:
            new = {m.id: m for m in queue.receive(wait=wait, visibility=_HIDDEN_SECONDS) if m.id not in found}
            if not new:
                break
            found.update(new)
    finally:
        queue.change_visibility(list(found.values()), 0)
    return list(found.values())
