"""SQS: errors in both protocols (A-53 to A-55)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.support.conformance import Refusal, both_protocols, refused

if TYPE_CHECKING:
    from collections.abc import Callable

NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"


def calls(url: str, name: str) -> dict[str, dict[str, Any]]:
    """Calls that need the queue, with their arguments."""
    return {
        "get_queue_url": {"QueueName": name},
        "get_queue_attributes": {"QueueUrl": url, "AttributeNames": ["All"]},
        "send_message": {"QueueUrl": url, "MessageBody": "x"},
        "receive_message": {"QueueUrl": url},
        "purge_queue": {"QueueUrl": url},
        "delete_queue": {"QueueUrl": url},
    }


def failures(sqs: Any, queue: Callable[..., str], name: Callable[..., str]) -> dict[str, Refusal]:
    """A refusal of each of three kinds, by the name of the error's shape."""
    url = queue()
    return {
        "InvalidParameterValueException": refused(sqs.receive_message, QueueUrl=url, MaxNumberOfMessages=11),
        "MissingRequiredParameterException": refused(sqs.send_message, QueueUrl=url, MessageBody=""),
        "QueueDoesNotExist": refused(sqs.get_queue_url, QueueName=name()),
    }


def at(params: dict[str, Any], queue_url: str) -> str:
    """A queue's path at the host that a request goes to."""
    return str(urljoin(params["url"], urlsplit(queue_url).path))


CODES = {
    "InvalidParameterValueException": "InvalidParameterValue",
    "MissingRequiredParameterException": "MissingParameter",
    "QueueDoesNotExist": NO_QUEUE,
}


@pytest.mark.aws("A-53")
@both_protocols
@pytest.mark.parametrize("operation", calls("", ""))
def test_a_queue_that_does_not_exist(
    sqs: Any,
    queue: Callable[..., str],
    name: Callable[..., str],
    operation: str,
    request: pytest.FixtureRequest,
) -> None:
    missing = name()
    url = queue().rpartition("/")[0] + "/" + missing
    error = refused(getattr(sqs, operation), **calls(url, missing)[operation])
    assert (error.status, error.code) == (400, NO_QUEUE)
    json = "The specified queue does not exist."
    query = "The specified queue does not exist for this wsdl version."
    assert error.message == (query if "query" in request.node.name else json)


@pytest.mark.aws("A-54")
def test_json_errors_carry_the_query_code_and_the_name_of_their_shape(
    client: Callable[[str], Any], queue: Callable[..., str], name: Callable[..., str]
) -> None:
    for shape, refusal in failures(client("sqs"), queue, name).items():
        error = refusal.error
        assert (error["Code"], error["QueryErrorCode"]) == (CODES[shape], shape)
        assert error["Type"] == "Sender"


@pytest.mark.aws("A-54")
def test_query_errors_carry_their_code_alone(
    client: Callable[[str], Any], queue: Callable[..., str], name: Callable[..., str]
) -> None:
    for shape, refusal in failures(client("sqs-query"), queue, name).items():
        error = refusal.error
        assert error["Code"] == CODES[shape]
        assert "QueryErrorCode" not in error
        assert error["Type"] == "Sender"
        assert "Detail" in error
        assert error["Detail"] is None


@pytest.mark.aws("A-55")
@both_protocols
def test_refusals_are_400(sqs: Any, queue: Callable[..., str], name: Callable[..., str]) -> None:
    url = queue()
    twice = [{"Id": "same", "MessageBody": "x"}] * 2
    found = {
        **failures(sqs, queue, name),
        "ReceiptHandleIsInvalid": refused(sqs.delete_message, QueueUrl=url, ReceiptHandle="garbage"),
        "InvalidAttributeName": refused(
            sqs.set_queue_attributes, QueueUrl=url, Attributes={"FifoQueue": "true"}
        ),
        "EmptyBatchRequest": refused(sqs.send_message_batch, QueueUrl=url, Entries=[]),
        "BatchEntryIdsNotDistinct": refused(sqs.send_message_batch, QueueUrl=url, Entries=twice),
        "TooManyEntriesInBatchRequest": refused(
            sqs.send_message_batch,
            QueueUrl=url,
            Entries=[{"Id": str(n), "MessageBody": "x"} for n in range(11)],
        ),
        "InvalidMessageContents": refused(sqs.send_message, QueueUrl=url, MessageBody="\x01"),
    }
    assert {shape: refusal.status for shape, refusal in found.items()} == dict.fromkeys(found, 400)


@pytest.mark.aws("A-55")
@both_protocols
def test_a_purge_in_progress_is_403(sqs: Any, queue: Callable[..., str]) -> None:
    url = queue()
    sqs.purge_queue(QueueUrl=url)
    assert refused(sqs.purge_queue, QueueUrl=url).status == 403


@pytest.mark.aws("A-55")
@both_protocols
def test_what_a_move_task_does_not_find_is_404(
    sqs: Any, queue: Callable[..., str], arn: Callable[[str], str]
) -> None:
    error = refused(sqs.start_message_move_task, SourceArn=arn(queue()) + "-none")
    assert (error.status, error.code) == (404, "ResourceNotFoundException")


@pytest.mark.aws("A-55")
def test_a_get_without_an_action_is_404(client: Callable[[str], Any], queue: Callable[..., str]) -> None:
    sqs, url, answers = client("sqs-query"), queue(), []

    def become_a_get(params: dict[str, Any], **_: Any) -> None:
        params.update(method="GET", url=at(params, url), body=b"")

    def keep(response_dict: dict[str, Any], **_: Any) -> None:
        answers.append(response_dict)

    sqs.meta.events.register("before-call.*.GetQueueAttributes", become_a_get)
    sqs.meta.events.register("response-received.*.GetQueueAttributes", keep)
    with pytest.raises(ClientError):  # botocore finds no code in the answer
        sqs.get_queue_attributes(QueueUrl=url)
    assert answers[0]["status_code"] == 404
    assert b"UnknownOperationException" in answers[0]["body"]


@pytest.mark.aws("A-55")
def test_an_action_that_does_not_exist_is_400(
    client: Callable[[str], Any], queue: Callable[..., str]
) -> None:
    sqs, url = client("sqs-query"), queue()

    def ask_for_more(params: dict[str, Any], **_: Any) -> None:
        params["url"] = at(params, url)
        params["body"]["Action"] = "FooBar"

    sqs.meta.events.register("before-call.*.GetQueueAttributes", ask_for_more)
    error = refused(sqs.get_queue_attributes, QueueUrl=url)
    assert (error.status, error.code) == (400, "InvalidAction")
