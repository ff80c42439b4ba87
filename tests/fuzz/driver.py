"""Sends mutated requests to an emulator, and says which of them it could not take."""

from __future__ import annotations

import base64
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError

from harness.client.control import ControlApi
from harness.model.environment import Endpoint
from harness.terraform.roles import ensure_roles
from tests.fuzz import valid
from tests.fuzz.mutations import mutated
from tests.fuzz.wire import Answer, Request, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.fuzz.valid import Call

SHOWN = 600
"""Characters of an answer that a finding shows."""


@dataclass(frozen=True)
class Finding:
    """A request that the emulator could not take.

    Attributes:
        seed: With `index`, what gives the same request again.
        index: Its number.
        call: The valid call with which it began.
        request: What was sent.
        answer: What came back.
    """

    seed: int
    index: int
    call: Call
    request: Request
    answer: Answer

    def told(self, url: str) -> str:
        """All that is needed to look into it."""
        status = self.answer.status or "no answer"
        return "\n".join(
            (
                f"--seed {self.seed} --only {self.index}: {self.call.service} {self.call.name}: {status}",
                f"  {self.answer.body.decode(errors='replace')[:SHOWN]}",
                f"  {self.request.as_curl(url)}",
            )
        )


@dataclass
class Fuzzer:
    """Mutated requests for one emulator.

    Args:
        url: The emulator's.
        seed: What decides about the requests.
    """

    url: str
    seed: int

    def run(
        self, indices: Sequence[int], progress: Callable[[int], object] = lambda _: None
    ) -> Iterator[Finding]:
        """Send the requests of those numbers, one after the other.

        Raises:
            AssertionError: The emulator is not the one any more that it was.
        """
        address = urlsplit(self.url)
        wire = Wire(str(address.hostname), int(address.port or 80))
        control = ControlApi(self.url, valid.ACCOUNT)
        before = control.call("GET", "health")["pid"]
        with self._world() as calls, contextlib.closing(wire):
            for index in indices:
                progress(index)
                call, request = mutated(calls, self.seed, index)
                answer = wire.send(request)
                if answer.is_failure and not (answer.status is None and not request.is_http):
                    yield Finding(self.seed, index, call, request, answer)
        assert control.call("GET", "health")["pid"] == before

    @contextlib.contextmanager
    def _world(self) -> Iterator[list[Call]]:
        """What the valid calls are about: queues, a function, a mapping; all is deleted at the end."""
        control = ControlApi(self.url, valid.ACCOUNT)
        sqs, functions = self._client("sqs"), self._client("lambda")
        queue = sqs.create_queue(QueueName="fuzzed")["QueueUrl"]
        fifo = sqs.create_queue(QueueName="fuzzed.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        doomed = sqs.create_queue(QueueName="doomed")["QueueUrl"]
        mapped = sqs.create_queue(QueueName="mapped")["QueueUrl"]
        sqs.send_message(QueueUrl=queue, MessageBody="first")
        handle = sqs.receive_message(QueueUrl=queue)["Messages"][0]["ReceiptHandle"]
        task = base64.b64encode(
            b'{"taskId":"t","sourceArn":"arn:aws:sqs:us-east-1:410000000001:fuzzed"}'
        ).decode()
        ensure_roles(Endpoint(self.url, account=valid.ACCOUNT), ["any"])
        functions.create_function(
            FunctionName="fuzzed",
            Runtime="python3.9",
            Role=f"arn:aws:iam::{valid.ACCOUNT}:role/any",
            Handler="app.handler",
            Code={"ZipFile": base64.b64decode(valid.code())},
        )
        functions.get_waiter("function_active_v2").wait(FunctionName="fuzzed", WaiterConfig={"Delay": 1})
        mapping = functions.create_event_source_mapping(
            FunctionName="fuzzed",
            EventSourceArn=f"arn:aws:sqs:{valid.REGION}:{valid.ACCOUNT}:{mapped.rpartition('/')[2]}",
            Enabled=False,
        )["UUID"]
        try:
            yield [
                *valid.sqs_calls(queue, fifo, doomed, handle, task),
                *valid.lambda_calls("fuzzed", mapping, queue),
                *valid.control_calls("fuzzed"),
            ]
        finally:
            for found in functions.list_event_source_mappings()["EventSourceMappings"]:
                with contextlib.suppress(ClientError):
                    functions.delete_event_source_mapping(UUID=found["UUID"])
            for found in functions.list_functions()["Functions"]:
                with contextlib.suppress(ClientError):
                    functions.delete_function(FunctionName=found["FunctionName"])
            control.call("POST", "reset", {})

    def _client(self, service: str) -> Any:
        endpoint = Endpoint(self.url, account=valid.ACCOUNT)
        return boto3.session.Session().client(service, **endpoint.client_arguments())  # type: ignore[call-overload]
