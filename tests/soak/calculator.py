"""The calculator between two queues, made with AWS's API in an account of its own."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from harness.client.control import ControlApi
from harness.model.environment import Endpoint
from harness.terraform.roles import ensure_roles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HANDLER = Path(__file__).parents[2] / "lambda_function.py"
REGION = "us-east-1"
VISIBILITY = 60
"""Seconds, of the account's time, after which the messages of a killed handler come back."""
DELIVERIES = 2
"""After so many a message is a dead letter."""
BATCHES_AT_ONCE = 5
"""What AWS begins with; more only wait for the machine."""


@dataclass(frozen=True)
class Calculator:
    """What was made.

    Attributes:
        account: 12 digits.
        sqs: A client of SQS; threads may share it.
        functions: A client of Lambda.
        control: The environment's control API, for the account.
        input: The URL of the queue for operations.
        output: That of the queue for results.
        dead: That of the dead-letter queue.
        mapping: The mapping's UUID.
    """

    account: str
    sqs: Any
    functions: Any
    control: ControlApi
    input: str
    output: str
    dead: str
    mapping: str

    def send(self, operations: Sequence[dict[str, Any]]) -> list[str]:
        """SendMessageBatch of up to ten operations; their message ids."""
        entries = [{"Id": str(n), "MessageBody": json.dumps(one)} for n, one in enumerate(operations)]
        answer = self.sqs.send_message_batch(QueueUrl=self.input, Entries=entries)
        assert not answer.get("Failed"), answer["Failed"]
        ids = {one["Id"]: one["MessageId"] for one in answer["Successful"]}
        return [ids[str(number)] for number in range(len(operations))]

    def drain(self, url: str, wait: int = 0) -> Iterator[dict[str, Any]]:
        """The messages of a queue, until a receive finds none; they are deleted."""
        while messages := self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait
        ).get("Messages"):
            entries = [
                {"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(messages)
            ]
            self.sqs.delete_message_batch(QueueUrl=url, Entries=entries)
            yield from messages

    def counts(self, url: str) -> tuple[int, int, int]:
        """Visible, in flight, delayed."""
        names = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        visible, in_flight, delayed = (int(found[name]) for name in names)
        return visible, in_flight, delayed

    def environments(self) -> list[dict[str, Any]]:
        """The execution environments there are."""
        found: list[dict[str, Any]] = self.control.call("GET", "environments")
        return found

    def settle(self) -> None:
        """Wait until nothing moves unless time does."""
        self.control.call("POST", "settle", {"timeout": 60}, timeout=90)

    def advance(self, seconds: float) -> None:
        """Move the account's clock; returns when nothing moves any more."""
        self.control.call("POST", "clock", {"action": "advance", "seconds": seconds}, timeout=300)
        self.settle()

    def remove(self) -> None:
        """Delete the mapping, the function and the queues."""
        self.functions.delete_event_source_mapping(UUID=self.mapping)
        self.functions.delete_function(FunctionName="calculator")
        for url in (self.input, self.output, self.dead):
            self.sqs.delete_queue(QueueUrl=url)
        self.settle()


def make_calculator(url: str, account: str) -> Calculator:
    """Make it in an environment, in an account that nothing else uses."""
    endpoint = Endpoint(url, account=account)
    config = Config(max_pool_connections=8, retries={"total_max_attempts": 1})

    def client(service: str) -> Any:
        make: Any = boto3.session.Session().client
        return make(service, config=config, **endpoint.client_arguments())

    sqs, functions = client("sqs"), client("lambda")
    output = sqs.create_queue(QueueName="output")["QueueUrl"]
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    redrive = {"deadLetterTargetArn": _arn(account, "dead"), "maxReceiveCount": DELIVERIES}
    attributes = {"VisibilityTimeout": str(VISIBILITY), "RedrivePolicy": json.dumps(redrive)}
    input_ = sqs.create_queue(QueueName="input", Attributes=attributes)["QueueUrl"]
    ensure_roles(endpoint, ["any"])
    functions.create_function(
        FunctionName="calculator",
        Runtime="python3.9",
        Role=f"arn:aws:iam::{account}:role/any",
        Handler="lambda_function.lambda_handler",
        Timeout=30,
        MemorySize=512,
        Code={"ZipFile": _package()},
        Environment={"Variables": {"OUTPUT_QUEUE_URL": output}},
    )
    functions.get_waiter("function_active_v2").wait(
        FunctionName="calculator", WaiterConfig={"Delay": 0.05, "MaxAttempts": 1200}
    )
    mapping = functions.create_event_source_mapping(
        FunctionName="calculator",
        EventSourceArn=_arn(account, "input"),
        ScalingConfig={"MaximumConcurrency": BATCHES_AT_ONCE},
    )["UUID"]
    control = ControlApi(url, account)
    made = Calculator(account, sqs, functions, control, input_, output, dead, mapping)
    made.settle()
    return made


def _arn(account: str, name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{account}:{name}"


def _package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.write(HANDLER, HANDLER.name)
    return buffer.getvalue()
