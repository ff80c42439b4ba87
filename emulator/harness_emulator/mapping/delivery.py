"""What a mapping delivers: known to everything that its invocation comes through, in the same thread."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from harness_emulator.sqs.events import Deletion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness_emulator.mapping.settings import MappingSettings
    from harness_emulator.sqs.in_process import Received


@dataclass(frozen=True)
class Delivery:
    """A batch, on its way to a function.

    Attributes:
        batch_id: The batch's id.
        settings: The mapping's.
        received: Its messages.
    """

    batch_id: str
    settings: MappingSettings
    received: Sequence[Received]

    @property
    def deletion(self) -> Deletion:
        """In whose name its messages are deleted."""
        return Deletion(self.settings.function_name, self.batch_id)

    @cached_property
    def messages(self) -> tuple[tuple[str, int, str], ...]:
        """Id, receive count and body of each message."""
        return tuple(
            (entry.id, int(entry.message["Attributes"]["ApproximateReceiveCount"]), entry.message["Body"])
            for entry in self.received
        )

    @cached_property
    def near(self) -> tuple[tuple[str, str, int], ...]:
        """Queue, id and receive count of each message."""
        name = self.settings.queue_name
        return tuple((name, message_id, count) for message_id, count, _ in self.messages)


_current: ContextVar[Delivery | None] = ContextVar("delivery", default=None)


def current() -> Delivery | None:
    """What is delivered with the invocation of this thread; None where no mapping asked for it."""
    return _current.get()


@contextmanager
def delivering(delivery: Delivery) -> Iterator[None]:
    """Within the block, the invocations of this thread are for that batch."""
    token = _current.set(delivery)
    try:
        yield
    finally:
        _current.reset(token)
