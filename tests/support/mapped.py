"""Queues, a function and a mapping between them, made with the AWS API alone: no Terraform, no stack."""

from __future__ import annotations

import io
import json
import secrets
import textwrap
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.terraform.roles import PERMISSIONS, TRUST
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

REGION = "us-east-1"
RECEIVE_SECONDS = 20
RECEIVES = 4
"""Long polls in a row that may end empty before a test gives up."""

# Handlers: each defines `on(event)`; `tell` sends to the output queue. An event without records is a warm-up.
PRELUDE = """
import json, os, boto3
sqs = boto3.client("sqs")

def tell(document):
    sqs.send_message(QueueUrl=os.environ["OUTPUT"], MessageBody=json.dumps(document))

def wait_for_gate():
    while not (got := sqs.receive_message(QueueUrl=os.environ["GATE"], WaitTimeSeconds=20).get("Messages")):
        pass
    sqs.delete_message(QueueUrl=os.environ["GATE"], ReceiptHandle=got[0]["ReceiptHandle"])

def back_at_once(record):
    sqs.change_message_visibility(
        QueueUrl=os.environ["INPUT"], ReceiptHandle=record["receiptHandle"], VisibilityTimeout=0
    )

def handler(event, context):
    return on(event) if "Records" in event else None

"""
ECHO = """
def on(event):
    tell(event["Records"])
"""
"""One message per invocation: its records."""


def new_account() -> str:
    """Twelve digits that nothing else uses: no other worker, no other run in an environment that is kept."""
    return str(10**11 + secrets.randbelow(9 * 10**11))


@dataclass
class Mapped:
    """A function that is fed by one queue and tells another.

    Attributes:
        client: Makes a boto3 client of an account.
        handler: Source of the function's `on(event)`.
        fifo: Whether the input queue is a FIFO queue.
        input_attributes: Attributes of the input queue.
        mapping: Arguments of CreateEventSourceMapping; None makes no mapping.
        timeout: The function's, in seconds; at most the input queue's visibility timeout.
    """

    client: Callable[..., Any]
    handler: str = ECHO
    fifo: bool = False
    input_attributes: dict[str, str] = field(default_factory=dict)
    mapping: dict[str, Any] | None = field(default_factory=dict)
    account: str = field(default_factory=new_account)
    timeout: int = 30

    def __post_init__(self) -> None:
        self.sqs = self.client("sqs", self.account)
        self.functions = self.client("lambda", self.account)
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if self.fifo else {}
        self.input = self.queue("in.fifo" if self.fifo else "in", {**attributes, **self.input_attributes})
        self.output = self.queue("out")
        self.gate = self.queue("gate")
        self._make_role("any")
        self.functions.create_function(
            FunctionName="mapped",
            Runtime="python3.13",
            Role=f"arn:aws:iam::{self.account}:role/any",
            Handler="code.handler",
            Timeout=self.timeout,
            Code={"ZipFile": _zip({"code.py": PRELUDE + textwrap.dedent(self.handler)})},
            Environment={"Variables": {"INPUT": self.input, "OUTPUT": self.output, "GATE": self.gate}},
        )
        self.functions.get_waiter("function_active_v2").wait(
            FunctionName="mapped", WaiterConfig={"Delay": 0.05, "MaxAttempts": 1200}
        )
        # So that no message's visibility timeout is spent on a cold start.
        assert "FunctionError" not in self.functions.invoke(FunctionName="mapped", Payload=b"{}")
        self.uuid = "" if self.mapping is None else self.map(**self.mapping)

    def _make_role(self, name: str) -> None:
        iam = self.client("iam", self.account)
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(PERMISSIONS))

    def close(self) -> None:
        """Delete the mapping and the function: its processes end."""
        for mapping in self.functions.list_event_source_mappings()["EventSourceMappings"]:
            assert eventually(lambda uuid=mapping["UUID"]: self._deleted(uuid))  # type: ignore[misc]
        self.functions.delete_function(FunctionName="mapped")

    def _deleted(self, uuid: str) -> bool:
        """Whether a mapping is gone, or going; one in transition cannot be deleted yet."""
        try:
            self.functions.delete_event_source_mapping(UUID=uuid)
        except self.functions.exceptions.ResourceInUseException:
            return bool(self.functions.get_event_source_mapping(UUID=uuid)["State"] == "Deleting")
        except self.functions.exceptions.ResourceNotFoundException:
            pass
        return True

    def map(self, **arguments: Any) -> str:
        """Create the mapping; returns its UUID."""
        created = self.functions.create_event_source_mapping(
            FunctionName="mapped", EventSourceArn=self.arn(self.input), **arguments
        )
        return str(created["UUID"])

    def queue(self, name: str, attributes: dict[str, str] | None = None) -> str:
        """Create a queue; returns its URL."""
        return str(self.sqs.create_queue(QueueName=name, Attributes=attributes or {})["QueueUrl"])

    def arn(self, url: str) -> str:
        """A queue's ARN."""
        return f"arn:aws:sqs:{REGION}:{self.account}:{url.rpartition('/')[2]}"

    def send(self, *bodies: str, group: str | None = None) -> list[str]:
        """Send bodies in one SendMessageBatch; returns the message ids."""
        more = {} if group is None else {"MessageGroupId": group}
        entries = [{"Id": str(n), "MessageBody": body, **more} for n, body in enumerate(bodies)]
        answer = self.sqs.send_message_batch(QueueUrl=self.input, Entries=entries)
        return [sent["MessageId"] for sent in answer["Successful"]]

    def told(self, count: int) -> list[Any]:
        """The next `count` documents that the function told, in the order in which they came."""
        return [json.loads(body) for body in self.received(self.output, count)]

    def received(self, url: str, count: int) -> list[str]:
        """The bodies of the next `count` messages of a queue; they are deleted."""
        bodies: list[str] = []
        for _ in range(RECEIVES + count):
            if len(bodies) >= count:
                break
            answer = self.sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=min(10, count - len(bodies)),
                WaitTimeSeconds=RECEIVE_SECONDS,
            )
            for message in answer.get("Messages", []):
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                bodies.append(message["Body"])
        assert len(bodies) == count, f"{len(bodies)} messages of {count} came: {bodies}"
        return bodies

    def open_gate(self, times: int) -> None:
        """Let that many invocations pass `wait_for_gate`."""
        for _ in range(times):
            self.sqs.send_message(QueueUrl=self.gate, MessageBody="pass")

    def counts(self, url: str) -> tuple[int, int]:
        """Visible messages, and messages in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return int(found[names[0]]), int(found[names[1]])

    def until(self, state: str) -> None:
        """Wait until the mapping has a state: in transition it can be neither updated nor deleted."""
        assert eventually(lambda: self.state() == state), f"the mapping is {self.state()}"

    def state(self) -> str:
        """The mapping's state."""
        return str(self.functions.get_event_source_mapping(UUID=self.uuid)["State"])


type MakeMapped = Callable[..., Mapped]
"""The fixture `make_mapped`: takes what `Mapped` takes, but for the client."""


def bodies_of(records: Iterable[dict[str, Any]]) -> list[str]:
    """The bodies of an event's records."""
    return [record["body"] for record in records]


def _zip(files: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return stream.getvalue()
