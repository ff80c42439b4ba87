"""Many entries in few calls: at most ten entries and one MiB in each, a few calls at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from harness.model.errors import MessageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

LARGEST_BATCH = 10
LARGEST_BYTES = 1024 * 1024  # of a message, and of all messages of a batch together
# More threads than this only take turns: one client process keeps one core busy.
_CALLS_AT_A_TIME = 3
_calls_at_a_time = _CALLS_AT_A_TIME


def one_call_at_a_time() -> None:
    """From now on no calls run side by side: their order is the same each time."""
    global _calls_at_a_time  # noqa: PLW0603 - for the whole process, as it is a matter of what a run is for
    _calls_at_a_time = 1


@dataclass(frozen=True)
class Outgoing:
    """A message before it is sent.

    Attributes:
        body: The text.
        options: What SendMessage takes besides the body: MessageAttributes, DelaySeconds, MessageGroupId, ...
    """

    body: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes as SQS counts them: the body, and each attribute's name, type and value."""
        attributes = self.options.get("MessageAttributes", {})
        return _bytes(self.body) + sum(
            _bytes(name) + sum(_bytes(part) for part in attribute.values())
            for name, attribute in attributes.items()
        )


def in_batches(messages: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
    """`messages` in their order, in batches that SendMessageBatch takes.

    Raises:
        UsageError: One message alone is larger than SQS allows.
    """
    batch: list[Outgoing] = []
    size = 0
    for number, message in enumerate(messages, start=1):
        if message.size > LARGEST_BYTES:
            raise UsageError(
                f"Message {number} of {len(messages)} has {message.size} bytes; "
                f"SQS takes {LARGEST_BYTES} (1 MiB) at most, attributes included.",
            )
        if batch and (len(batch) == LARGEST_BATCH or size + message.size > LARGEST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += message.size
    if batch:
        yield batch


T = TypeVar("T")
R = TypeVar("R")


def tens(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """`items` ten at a time."""
    return (items[start : start + LARGEST_BATCH] for start in range(0, len(items), LARGEST_BATCH))


def in_parallel(action: Callable[[T], R], parts: Iterable[T], *, ordered: bool = False) -> list[R]:
    """What `action` returns for each of `parts`, in their order; the first error ends it.

    Args:
        action: Called in a few threads at a time.
        parts: One argument each.
        ordered: One call after the other, where the order of the calls matters (FIFO).
    """
    waiting = list(parts)
    if ordered or len(waiting) <= 1 or _calls_at_a_time == 1:
        return [action(part) for part in waiting]
    with ThreadPoolExecutor(_calls_at_a_time, thread_name_prefix="harness-batch") as pool:
        calls = [pool.submit(action, part) for part in waiting]
        try:
            return [call.result() for call in calls]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def refuse_failures(operation: str, queue: str, failed: Sequence[Any], entries: Sequence[Any]) -> None:
    """Raise when AWS's answer to a batch call names entries in `Failed`.

    Raises:
        MessageError: It names each entry, with AWS's code and text.
    """
    if failed:
        reasons = "; ".join(
            f"entry {entry['Id']}: {entry.get('Code')}: {entry.get('Message', 'no reason given')}"
            for entry in failed
        )
        raise MessageError(
            f"{operation} on {queue}: {len(failed)} of {len(entries)} entries were refused: {reasons}",
        )


def _bytes(value: str | bytes) -> int:
    return len(value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass"))
