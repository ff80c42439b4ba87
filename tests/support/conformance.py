"""What conformance tests share: both protocols, refusals, messages that come.

A test talks to the environment with boto3 and the fixtures of tests/conformance/conftest.py alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

type Make = Callable[..., str]
"""The fixtures `queue`, `fifo_queue`, `function`, `mapping`."""

both_protocols = pytest.mark.parametrize("sqs", ["json", "query"], indirect=True)
"""Runs a test twice: `sqs` speaks the JSON protocol, then the query protocol of older SDKs."""

LONG_POLL_SECONDS = 5
RECEIVES = 4
"""Long polls in a row that may end empty before a message is taken for lost."""


@dataclass(frozen=True)
class Refusal:
    """An error of AWS's.

    Attributes:
        status: HTTP's.
        code: `Error.Code`.
        message: `Error.Message`.
        error: All of `Error`.
    """

    status: int
    code: str
    message: str
    error: dict[str, Any]


def refused(call: Callable[..., Any], **arguments: Any) -> Refusal:
    """What AWS refuses a call with; a call that it takes fails the test."""
    try:
        call(**arguments)
    except ClientError as refusal:
        response: Any = refusal.response
        error = response["Error"]
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        return Refusal(status, error["Code"], error.get("Message", ""), error)
    pytest.fail(f"{getattr(call, '__name__', 'the call')} is not refused", pytrace=False)


def receive(sqs: Any, queue_url: str, **arguments: Any) -> list[dict[str, Any]]:
    """The messages of one ReceiveMessage: a short poll, unless WaitTimeSeconds is given."""
    found: list[dict[str, Any]] = sqs.receive_message(QueueUrl=queue_url, **arguments).get("Messages", [])
    return found


def take(sqs: Any, queue_url: str, count: int = 1, **arguments: Any) -> list[dict[str, Any]]:
    """The next `count` messages, in the order in which they come; they stay in flight.

    One poll may bring fewer than there are (A-17), so this asks again until all are there.
    """
    found: list[dict[str, Any]] = []
    for _ in range(RECEIVES + count):
        if len(found) >= count:
            break
        found += receive(
            sqs,
            queue_url,
            **{
                "MaxNumberOfMessages": min(10, count - len(found)),
                "WaitTimeSeconds": LONG_POLL_SECONDS,
                **arguments,
            },
        )
    assert len(found) == count, f"{len(found)} messages of {count} came: {found}"
    return found


def attributes(sqs: Any, queue_url: str, *names: str) -> dict[str, str]:
    """A queue's attributes; all of them without names."""
    found: dict[str, str] = sqs.get_queue_attributes(
        QueueUrl=queue_url, AttributeNames=list(names) or ["All"]
    ).get("Attributes", {})
    return found


def delete_mapping(lambda_: Any, mapping: str) -> None:
    """Delete an event source mapping, as soon as it is in no transition (B-06); it may be gone already."""

    def deleted() -> bool:
        try:
            lambda_.delete_event_source_mapping(UUID=mapping)
        except ClientError as error:
            return error.response["Error"]["Code"] != "ResourceInUseException"
        return True

    assert eventually(deleted, timeout=300)
