"""One account of the run's environment whose clock stands still, unless a machine moves it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from harness.client.control import ControlApi
from tests.properties.model import Seen

if TYPE_CHECKING:
    from collections.abc import Sequence

REGION = "us-east-1"
SERVER_ERROR = 500


@dataclass
class World:
    """The account, seen through boto3 and the control API.

    Attributes:
        url: The environment's.
        account: 12 digits.
        sqs: A client of SQS.
        functions: A client of Lambda.
    """

    url: str
    account: str
    sqs: Any
    functions: Any
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self._control = ControlApi(self.url, self.account)
        self._began = float(self._control.call("POST", "clock", {"action": "freeze"})["now"])

    # Time.

    def now(self) -> float:
        """Seconds since the clock was frozen first."""
        return float(self._control.call("GET", "clock")["now"]) - self._began

    def advance(self, seconds: float) -> float:
        """Move the clock; returns the time then."""
        return (
            float(self._control.call("POST", "clock", {"action": "advance", "seconds": seconds})["now"])
            - self._began
        )

    def settle(self) -> None:
        """Wait until nothing moves any more unless time does."""
        self._control.call("POST", "settle", {"timeout": 30})

    # Queues.

    def queue(self, *, fifo: bool, **attributes: int | str) -> str:
        """Create a queue; its URL."""
        name = f"q{next(self._numbers)}" + (".fifo" if fifo else "")
        kind = {"FifoQueue": "true"} if fifo else {}
        texts = {**kind, **{key: str(value) for key, value in attributes.items()}}
        return str(self.sqs.create_queue(QueueName=name, Attributes=texts)["QueueUrl"])

    def arn(self, url: str) -> str:
        """A queue's ARN."""
        return f"arn:aws:sqs:{REGION}:{self.account}:{url.rpartition('/')[2]}"

    def counts(self, url: str) -> tuple[int, int, int]:
        """Visible, in flight, delayed, as the queue says."""
        names = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        visible, in_flight, delayed = (int(found[name]) for name in names)
        return visible, in_flight, delayed

    def receive(self, url: str, maximum: int, **more: int) -> list[Seen]:
        """ReceiveMessage, once, without waiting."""
        names = ["ApproximateReceiveCount", "MessageGroupId"]
        answer = self.sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=maximum,
            MessageSystemAttributeNames=names,
            WaitTimeSeconds=0,
            **more,
        )
        return [
            Seen(
                message["MessageId"],
                message["Body"],
                int(message["Attributes"]["ApproximateReceiveCount"]),
                message["ReceiptHandle"],
                message["Attributes"].get("MessageGroupId"),
            )
            for message in answer.get("Messages", ())
        ]

    def delete_all(self, url: str, seen: Sequence[Seen]) -> None:
        """DeleteMessageBatch."""
        entries = [{"Id": str(index), "ReceiptHandle": one.handle} for index, one in enumerate(seen)]
        if entries:
            answer = self.sqs.delete_message_batch(QueueUrl=url, Entries=entries)
            assert not answer.get("Failed"), answer["Failed"]

    def is_refused(self, call: str, **arguments: Any) -> bool:
        """Whether SQS refuses a call as the client's fault."""
        try:
            getattr(self.sqs, call)(**arguments)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= SERVER_ERROR:
                raise
            return True
        return False
