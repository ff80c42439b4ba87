"""SQS's operations without HTTP, on a clock that stands; a test's rows stand behind its name."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from localstack.aws.api import ServiceException
from localstack.aws.skeleton import create_dispatch_table
from localstack.services.sqs.utils import create_message_attribute_hash

from harness_emulator.account import ACCOUNTS
from harness_emulator.sqs.in_process import forget_deleted
from harness_emulator.sqs.provider import HarnessSqsProvider
from tests.support.sqs_queues import Queues


@dataclass
class Api:
    """Calls operations as LocalStack's gateway does."""

    account: str = field(default_factory=lambda: Queues().account)
    protocol: str = "json"

    def __post_init__(self) -> None:
        self._table = create_dispatch_table(HarnessSqsProvider())
        self.clock = ACCOUNTS.of(self.account).clock

    def __call__(self, operation: str, **request: Any) -> Any:
        context = SimpleNamespace(
            account_id=self.account,
            region="us-east-1",
            protocol=self.protocol,
            request=SimpleNamespace(headers={}, scheme="http", host="127.0.0.1:4566"),
        )
        return self._table[operation](context, request)

    def queue(self, name: str = "q", **attributes: str) -> str:
        return str(self("CreateQueue", QueueName=name, Attributes=attributes)["QueueUrl"])

    def refused(self, operation: str, **request: Any) -> str:
        with pytest.raises(ServiceException) as caught:
            self(operation, **request)
        return f"{caught.value.code}: {caught.value}"


@pytest.fixture
def api() -> Api:
    return Api()


def send(api: Api, url: str, *bodies: str, **more: Any) -> list[str]:
    return [api("SendMessage", QueueUrl=url, MessageBody=body, **more)["MessageId"] for body in bodies]


def receive(api: Api, url: str, **more: Any) -> list[dict[str, Any]]:
    received = api("ReceiveMessage", QueueUrl=url, **{"MaxNumberOfMessages": 10, **more})
    return list(received.get("Messages", ()))


def test_an_empty_receive_has_no_messages(api: Api) -> None:
    assert api("ReceiveMessage", QueueUrl=api.queue()) == {}


@pytest.mark.parametrize(
    ("parameter", "bad", "reason"),
    [
        ("MaxNumberOfMessages", (0, -1, 11, 10**30), "Must be between 1 and 10, if provided."),
        ("WaitTimeSeconds", (-1, 21), "Must be >= 0 and <= 20, if provided."),
        ("VisibilityTimeout", (-1, 43_201), "Must be >= 0 and <= 43200, if provided."),
    ],
)
def test_ranges_of_a_receive(api: Api, parameter: str, bad: tuple[int, ...], reason: str) -> None:
    url = api.queue()
    for value in bad:
        said = api.refused("ReceiveMessage", QueueUrl=url, **{parameter: value})
        assert said == (
            f"InvalidParameterValueException: Value {value} for parameter {parameter} is invalid. "
            f"Reason: {reason}"
        )


def test_attributes_are_shown_when_asked_for(api: Api) -> None:
    url = api.queue(VisibilityTimeout="0")
    attributes = {
        name: {"DataType": "String", "StringValue": name} for name in ("one.a", "one.b", "two", "three")
    }
    sent = api("SendMessage", QueueUrl=url, MessageBody="x", MessageAttributes=attributes)
    (plain,) = receive(api, url)
    assert set(plain) == {"MessageId", "ReceiptHandle", "MD5OfBody", "Body"}
    for names, shown in (
        (["All"], set(attributes)),
        ([".*"], set(attributes)),
        (["one.*", "two"], {"one.a", "one.b", "two"}),
        (["none", "three"], {"three"}),
        (["none"], set()),
    ):
        (received,) = receive(api, url, MessageAttributeNames=names)
        assert set(received.get("MessageAttributes", ())) == shown
        chosen = {name: attributes[name] for name in shown}
        expected = create_message_attribute_hash(chosen) if chosen else None
        assert received.get("MD5OfMessageAttributes") == expected
    assert sent["MD5OfMessageAttributes"] == create_message_attribute_hash(attributes)
    (received,) = receive(api, url, AttributeNames=["All"])
    assert set(received["Attributes"]) == {
        "ApproximateFirstReceiveTimestamp",
        "ApproximateReceiveCount",
        "SenderId",
        "SentTimestamp",
    }
    (received,) = receive(api, url, MessageSystemAttributeNames=["SenderId"])
    assert received["Attributes"] == {"SenderId": api.account}


def test_a_message_over_the_limit(api: Api) -> None:
    url = api.queue(MaximumMessageSize="1024")
    assert api.refused("SendMessage", QueueUrl=url, MessageBody="x" * 1025) == (
        "InvalidParameterValueException: One or more parameters are invalid. "
        "Reason: Message must be shorter than 1024 bytes."
    )
    entries = [{"Id": name, "MessageBody": "x" * size} for name, size in (("fits", 1024), ("does-not", 1025))]
    answer = api("SendMessageBatch", QueueUrl=url, Entries=entries)
    assert [entry["Id"] for entry in answer["Successful"]] == ["fits"]
    assert answer["Failed"] == [
        {
            "Id": "does-not",
            "SenderFault": True,
            "Code": "InvalidParameterValue",
            "Message": "One or more parameters cannot be validated. "
            "Reason: Message must be shorter than 1024 bytes.",
        }
    ]


def test_a_batch_over_the_limit(api: Api) -> None:
    half = 524_288
    entries = [{"Id": "a", "MessageBody": "x" * half}, {"Id": "b", "MessageBody": "x" * (half + 1)}]
    assert api.refused("SendMessageBatch", QueueUrl=api.queue(), Entries=entries) == (
        "BatchRequestTooLong: Batch requests cannot be longer than 1048576 bytes. "
        "You have sent 1048577 bytes."
    )


@pytest.mark.parametrize(
    ("operation", "entry"),
    [
        ("SendMessageBatch", {"MessageBody": "x"}),
        ("DeleteMessageBatch", {"ReceiptHandle": "x"}),
        ("ChangeMessageVisibilityBatch", {"ReceiptHandle": "x", "VisibilityTimeout": 1}),
    ],
)
def test_entries_of_a_batch(api: Api, operation: str, entry: dict[str, Any]) -> None:
    url = api.queue()

    def refused(*ids: str) -> str:
        return api.refused(operation, QueueUrl=url, Entries=[{"Id": name, **entry} for name in ids])

    kind = f"{operation}RequestEntry"
    assert refused() == f"EmptyBatchRequest: There should be at least one {kind} in the request."
    assert refused(*map(str, range(20))) == (
        "TooManyEntriesInBatchRequest: Maximum number of entries per request are 10. You have sent 20."
    )
    assert refused("id1", "id1") == "BatchEntryIdsNotDistinct: Id id1 repeated."
    for bad in ("", "a b", "é", "x" * 81, "a\n"):
        assert refused(bad).startswith("InvalidBatchEntryId: A batch entry id can only contain alphanumeric")


def test_entries_that_fail_alone(api: Api) -> None:
    entries = [
        {"Id": "empty", "MessageBody": ""},
        {"Id": "bad", "MessageBody": "\x00"},
        {"Id": "late", "MessageBody": "x", "DelaySeconds": 901},
        {"Id": "good", "MessageBody": "x"},
    ]
    url = api.queue()
    answer = api("SendMessageBatch", QueueUrl=url, Entries=entries)
    assert {entry["Id"]: entry["Code"] for entry in answer["Failed"]} == {
        "empty": "EmptyValue",
        "bad": "InvalidMessageContents",
        "late": "InvalidParameterValue",
    }
    assert api.refused("SendMessage", QueueUrl=url, MessageBody="") == (
        "MissingRequiredParameterException: The request must contain the parameter MessageBody."
    )
    answer = api("DeleteMessageBatch", QueueUrl=url, Entries=[{"Id": "a", "ReceiptHandle": "garbage"}])
    assert (answer["Failed"][0]["Code"], "Successful" in answer) == ("ReceiptHandleIsInvalid", False)


def test_fifo_requests_name_a_group(api: Api) -> None:
    url = api.queue("q.fifo", FifoQueue="true")
    said = "The request must contain the parameter MessageGroupId."
    assert api.refused("SendMessage", QueueUrl=url, MessageBody="x", MessageDeduplicationId="d") == (
        f"MissingRequiredParameterException: {said}"
    )
    entries = [{"Id": "a", "MessageBody": "x", "MessageDeduplicationId": "d"}]
    assert api.refused("SendMessageBatch", QueueUrl=url, Entries=entries) == (
        f"InvalidParameterValueException: {said}"
    )
    said = "InvalidParameterValueException: The queue should either have ContentBasedDeduplication enabled"
    assert api.refused("SendMessage", QueueUrl=url, MessageBody="x", MessageGroupId="g").startswith(said)
    entries = [{"Id": "a", "MessageBody": "x", "MessageGroupId": "g"}]
    assert api.refused("SendMessageBatch", QueueUrl=url, Entries=entries).startswith(said)


def test_a_group_on_a_standard_queue(api: Api) -> None:
    url = api.queue()
    send(api, url, "a", "b", MessageGroupId="g")
    received = receive(api, url, AttributeNames=["All"])
    assert [message["Attributes"]["MessageGroupId"] for message in received] == ["g", "g"]
    assert "not valid for this queue type" in api.refused(
        "SendMessage", QueueUrl=url, MessageBody="x", MessageDeduplicationId="d"
    )


def test_create_again(api: Api) -> None:
    url = api.queue(DelaySeconds="1")
    assert api.queue() == api.queue(DelaySeconds="1") == url
    assert api.refused("CreateQueue", QueueName="q", Attributes={"DelaySeconds": "2"}) == (
        "QueueNameExists: A queue already exists with the same name and a different value for attribute "
        "DelaySeconds"
    )


def test_a_name_is_taken_for_a_minute(api: Api) -> None:
    url = api.queue()
    api("DeleteQueue", QueueUrl=url)
    assert api.refused("ReceiveMessage", QueueUrl=url).startswith("QueueDoesNotExist: ")
    api.clock.advance(59.999)
    assert api.refused("CreateQueue", QueueName="q") == (
        "QueueDeletedRecently: You must wait 60 seconds after deleting a queue before you can create another "
        "with the same name."
    )
    api.clock.advance(0.001)
    assert api.queue() == url
    api("DeleteQueue", QueueUrl=url)
    assert forget_deleted(api.account) == 1
    assert api.queue() == url


def test_a_purge_in_a_minute(api: Api) -> None:
    url = api.queue()
    send(api, url, "a")
    api("PurgeQueue", QueueUrl=url)
    assert receive(api, url) == []
    api.clock.advance(59.999)
    with pytest.raises(ServiceException) as caught:
        api("PurgeQueue", QueueUrl=url)
    assert (caught.value.status_code, str(caught.value)) == (
        403,
        "Only one PurgeQueue operation on q is allowed every 60 seconds.",
    )
    api.clock.advance(0.001)
    api("PurgeQueue", QueueUrl=url)


@pytest.mark.parametrize(("protocol", "wsdl"), [("json", ""), ("query", " for this wsdl version")])
def test_an_unknown_queue(protocol: str, wsdl: str) -> None:
    api = Api(protocol=protocol)
    said = f"QueueDoesNotExist: The specified queue does not exist{wsdl}."
    for url in (
        f"http://127.0.0.1:4566/{api.account}/none",
        "none",
        "http://[",
        "http://127.0.0.1:4566/queue/nowhere/000000000000/q",
        "http://127.0.0.1:4566/account/q",
    ):
        assert api.refused("ReceiveMessage", QueueUrl=url) == said
    assert api.refused("GetQueueUrl", QueueName="none") == said


@pytest.mark.parametrize(
    ("operation", "request_", "said"),
    [
        ("AddPermission", {"QueueUrl": "q", "Label": "l", "AWSAccountIds": [], "Actions": ["*"]}, "Missing"),
        ("ListQueues", {"MaxResults": 0}, "InvalidParameterValueException: Value 0 for parameter MaxResults"),
        ("CancelMessageMoveTask", {"TaskHandle": "x"}, "InvalidParameterValueException: Value for parameter"),
        ("StartMessageMoveTask", {"SourceArn": "x"}, "InvalidParameterValueException: You must use this"),
    ],
)
def test_values_that_make_no_sense(api: Api, operation: str, request_: dict[str, Any], said: str) -> None:
    api.queue()
    assert api.refused(operation, **request_).startswith(said)


def test_move_tasks(api: Api) -> None:
    dead = api.queue("dead")
    arn = f"arn:aws:sqs:us-east-1:{api.account}:dead"
    assert api.refused("StartMessageMoveTask", SourceArn=arn) == (
        "InvalidParameterValueException: Source queue must be configured as a Dead Letter Queue."
    )
    api.queue(RedrivePolicy=f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": 1}}')
    send(api, dead, *"abc")
    destination = f"arn:aws:sqs:us-east-1:{api.account}:q"
    start = {"SourceArn": arn, "DestinationArn": destination, "MaxNumberOfMessagesPerSecond": 1}
    for wrong in ({"DestinationArn": f"{destination}-no"}, {"SourceArn": f"{arn}-no"}):
        with pytest.raises(ServiceException) as caught:
            api("StartMessageMoveTask", **{**start, **wrong})
        assert (caught.value.code, caught.value.status_code) == ("ResourceNotFoundException", 404)
    handle = api("StartMessageMoveTask", **start)["TaskHandle"]
    assert api.refused("StartMessageMoveTask", **start) == (
        "InvalidParameterValueException: There is already a task running. Only one active task is allowed "
        "for a source queue arn at a given time."
    )
    assert api("CancelMessageMoveTask", TaskHandle=handle) == {"ApproximateNumberOfMessagesMoved": 1}
    assert "Only active tasks" in api.refused("CancelMessageMoveTask", TaskHandle=handle)
    api("StartMessageMoveTask", SourceArn=arn, DestinationArn=destination)
    shown = api("ListMessageMoveTasks", SourceArn=arn, MaxResults=10)["Results"]
    assert [task["Status"] for task in shown] == ["COMPLETED", "CANCELLED"]
    assert len(api("ListMessageMoveTasks", SourceArn=arn)["Results"]) == 1
