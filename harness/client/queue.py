"""A queue of the stack: send, receive, look, count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.client import services
from harness.client.batches import LARGEST_BATCH, Outgoing, in_batches, in_parallel, refuse_failures, tens
from harness.client.deadline import Deadline
from harness.client.gathering import gather
from harness.client.message import Message, from_aws, text_of, to_aws
from harness.client.peeking import peek
from harness.model.errors import UsageError, WaitTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mypy_boto3_sqs.client import SQSClient

    from harness.client.ledger import Ledger
    from harness.client.message import Attribute
    from harness.model.environment import Endpoint


@dataclass(frozen=True)
class QueueCounts:
    """SQS's own counters, `ApproximateNumberOfMessages...`."""

    visible: int
    in_flight: int
    delayed: int

    @property
    def total(self) -> int:
        """All messages in the queue."""
        return self.visible + self.in_flight + self.delayed

    def __str__(self) -> str:
        return f"{self.visible} visible, {self.in_flight} in flight, {self.delayed} delayed"


@dataclass(frozen=True)
class Queue:
    """A queue, as a test or a command holds it. It may be used from several threads.

    Attributes:
        name: Its AWS name.
        url: Its URL.
        arn: Its ARN.
        fifo: Whether it is a FIFO queue.
        endpoint: Where it is.
        diagnose: What is known when nothing comes out of it (a function's last errors), or None.
        ledger: What happened to its messages; None where the queue is no stack's.
    """

    name: str
    url: str
    arn: str
    fifo: bool
    endpoint: Endpoint = field(repr=False)
    diagnose: Callable[[], str | None] = field(default=lambda: None, repr=False, compare=False)
    ledger: Ledger | None = field(default=None, repr=False, compare=False)

    def send(
        self,
        body: object,
        *,
        attributes: Mapping[str, Attribute] | None = None,
        delay: int | None = None,
        group: str | None = None,
        deduplication_id: str | None = None,
    ) -> Message:
        """Send one message (SendMessage).

        Args:
            body: Text is sent as it is, anything else as JSON.
            attributes: Message attributes: text, numbers or bytes.
            delay: Seconds until it can be received.
            group: Message group id; a FIFO queue needs one.
            deduplication_id: For a FIFO queue without content-based deduplication.

        Raises:
            UsageError: A FIFO queue without a group, or a body that is neither text nor JSON.
            MessageError: SQS refused it.
        """
        message = self._outgoing(body, attributes, delay, group, deduplication_id)
        with services.plain_errors(f"queue {self.name}"):
            sent = self._client.send_message(QueueUrl=self.url, MessageBody=message.body, **message.options)
        return Message(id=sent["MessageId"], body=message.body, queue=self, attributes=dict(attributes or {}))

    def send_all(
        self,
        bodies: Iterable[object],
        *,
        group: str | None = None,
        deduplication_ids: Sequence[str] | None = None,
    ) -> list[Message]:
        """Send many messages, ten and at most one MiB to a call, a few calls at a time (FIFO: one by one).

        Args:
            bodies: As `send` takes them.
            group: Message group id of all of them; a FIFO queue needs one.
            deduplication_ids: One for each body.

        Returns:
            The messages in the order of `bodies`.

        Raises:
            UsageError: As `send`, or a body is too large; nothing was sent.
            MessageError: SQS refused some; those of other calls may have been sent.
        """
        bodies = list(bodies)
        ids = [None] * len(bodies) if deduplication_ids is None else list(deduplication_ids)
        if len(ids) != len(bodies):
            raise UsageError(f"{len(bodies)} bodies, but {len(ids)} deduplication ids.")
        messages = [
            self._outgoing(body, None, None, group, known) for body, known in zip(bodies, ids, strict=True)
        ]
        sent = in_parallel(self._send_batch, list(in_batches(messages)), ordered=self.fifo)
        return [message for batch in sent for message in batch]

    def receive(
        self, maximum: int = LARGEST_BATCH, wait: int = 0, visibility: int | None = None
    ) -> list[Message]:
        """One ReceiveMessage; what it returns stays in the queue until deleted.

        Args:
            maximum: 1 to 10 messages.
            wait: Seconds of long polling, 0 to 20.
            visibility: Seconds for which the messages are hidden; None: as the queue says.
        """
        options: dict[str, Any] = {} if visibility is None else {"VisibilityTimeout": visibility}
        with services.plain_errors(f"queue {self.name}"):
            answer = self._client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=maximum,
                WaitTimeSeconds=wait,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
                **options,
            )
        return [self.message(entry) for entry in answer.get("Messages", ())]

    def receive_one(self, timeout: float = 30) -> Message:
        """The next message, received and deleted.

        Raises:
            WaitTimeoutError: None came within `timeout` seconds.
        """
        return self.collect(1, timeout)[0]

    def collect(self, count: int, timeout: float = 60) -> list[Message]:
        """Exactly `count` messages, received and deleted, in the order in which they came.

        Raises:
            WaitTimeoutError: Fewer came within `timeout` seconds. Those are deleted, and in `.received`.
        """
        came = gather(self, count, Deadline(timeout)).taken
        if len(came) < count:
            raise WaitTimeoutError(
                f"{len(came)} of {count} messages came out of {self.name} in {timeout:g} s; "
                f"it holds {self.counts()}.",
                detail=self.diagnose(),
                received=tuple(came),
            )
        return came

    def peek(self, maximum: int | None = None) -> list[Message]:
        """The messages that could be received now, left where they are.

        The emulator shows them without touching them. Where the target cannot, they are received and made
        visible again at once, which raises their receive count.
        """
        return peek(self, maximum)

    def delete(self, messages: Sequence[Message]) -> None:
        """Delete received messages (DeleteMessageBatch).

        Raises:
            MessageError: SQS refused some.
        """
        for part in tens(messages):
            entries = [{"Id": str(n), "ReceiptHandle": m.receipt()} for n, m in enumerate(part)]
            with services.plain_errors(f"queue {self.name}"):
                answer = self._client.delete_message_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type] # TypedDicts
            refuse_failures("DeleteMessageBatch", self.name, answer.get("Failed", ()), entries)

    def change_visibility(self, messages: Sequence[Message], seconds: int) -> None:
        """Hide received messages for `seconds` from now on; 0 shows them again.

        Raises:
            MessageError: SQS refused some.
        """
        for part in tens(messages):
            entries = [
                {"Id": str(n), "ReceiptHandle": m.receipt(), "VisibilityTimeout": seconds}
                for n, m in enumerate(part)
            ]
            with services.plain_errors(f"queue {self.name}"):
                answer = self._client.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type] # TypedDicts
            refuse_failures("ChangeMessageVisibilityBatch", self.name, answer.get("Failed", ()), entries)

    def purge(self) -> None:
        """Delete every message (PurgeQueue)."""
        with services.plain_errors(f"queue {self.name}"):
            self._client.purge_queue(QueueUrl=self.url)

    def counts(self) -> QueueCounts:
        """How many messages it holds."""
        with services.plain_errors(f"queue {self.name}"):
            answer = self._client.get_queue_attributes(
                QueueUrl=self.url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                ],
            )["Attributes"]
        return QueueCounts(
            int(answer["ApproximateNumberOfMessages"]),
            int(answer["ApproximateNumberOfMessagesNotVisible"]),
            int(answer["ApproximateNumberOfMessagesDelayed"]),
        )

    def message(self, entry: Mapping[str, Any], *, received: bool = True) -> Message:
        """A message of this queue from ReceiveMessage's answer."""
        return Message(
            id=entry["MessageId"],
            body=entry["Body"],
            queue=self,
            attributes=from_aws(entry.get("MessageAttributes")),
            system=dict(entry.get("Attributes", {})),
            receipt_handle=entry["ReceiptHandle"] if received else None,
        )

    @property
    def _client(self) -> SQSClient:
        return services.sqs(self.endpoint)

    def _outgoing(
        self,
        body: object,
        attributes: Mapping[str, Attribute] | None,
        delay: int | None,
        group: str | None,
        deduplication_id: str | None,
    ) -> Outgoing:
        if self.fifo and group is None:
            raise UsageError(
                f"{self.name} is a FIFO queue: each message needs a message group id.",
                hint='Name one: `send(body, group="...")`, on the command line `--group ID`.',
            )
        options = {
            "MessageAttributes": to_aws(attributes),
            "DelaySeconds": delay,
            "MessageGroupId": group,
            "MessageDeduplicationId": deduplication_id,
        }
        return Outgoing(
            text_of(body), {name: value for name, value in options.items() if value not in (None, {})}
        )

    def _send_batch(self, batch: list[Outgoing]) -> list[Message]:
        entries = [
            {"Id": str(number), "MessageBody": message.body, **message.options}
            for number, message in enumerate(batch)
        ]
        with services.plain_errors(f"queue {self.name}"):
            answer = self._client.send_message_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type] # TypedDicts
        refuse_failures("SendMessageBatch", self.name, answer.get("Failed", ()), entries)
        ids = {entry["Id"]: entry["MessageId"] for entry in answer["Successful"]}
        return [
            Message(id=ids[str(number)], body=message.body, queue=self)
            for number, message in enumerate(batch)
        ]
