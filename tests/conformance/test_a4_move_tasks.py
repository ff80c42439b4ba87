"""SQS: StartMessageMoveTask, the way back from a dead-letter queue (A-44)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.conformance import both_protocols, receive, refused, take
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

BACKLOG = 5
"""Messages that wait in the dead-letter queue: at one per second, some seconds of moving."""


@pytest.fixture
def dead_letters(sqs: Any, queue: Callable[..., str], arn: Callable[[str], str]) -> str:
    """A dead-letter queue with a backlog that was sent to it."""
    url = queue()
    queue(RedrivePolicy={"deadLetterTargetArn": arn(url), "maxReceiveCount": 1})
    entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(BACKLOG)]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    return url


def latest(sqs: Any, source: str) -> dict[str, Any]:
    """The last task of a dead-letter queue."""
    found: dict[str, Any] = sqs.list_message_move_tasks(SourceArn=source)["Results"][0]
    return found


def reached(sqs: Any, source: str, status: str) -> bool:
    """Whether the last task gets to a status."""
    return bool(eventually(lambda: latest(sqs, source)["Status"] == status, timeout=30))


@pytest.mark.aws("A-44")
@both_protocols
def test_messages_move_only_out_of_a_dead_letter_queue(
    sqs: Any, queue: Callable[..., str], arn: Callable[[str], str]
) -> None:
    error = refused(sqs.start_message_move_task, SourceArn=arn(queue()))
    assert (error.status, error.code) == (400, "InvalidParameterValue")
    assert error.message == "Source queue must be configured as a Dead Letter Queue."


@pytest.mark.aws("A-44")
@both_protocols
def test_the_destination_must_exist(sqs: Any, dead_letters: str, arn: Callable[[str], str]) -> None:
    source = arn(dead_letters)
    error = refused(sqs.start_message_move_task, SourceArn=source, DestinationArn=f"{source}-none")
    assert (error.status, error.code) == (404, "ResourceNotFoundException")


@pytest.mark.aws("A-44")
@both_protocols
def test_one_task_at_a_time(
    sqs: Any, dead_letters: str, queue: Callable[..., str], arn: Callable[[str], str], clock: Any
) -> None:
    clock.freeze()
    asked = {"SourceArn": arn(dead_letters), "DestinationArn": arn(queue())}
    sqs.start_message_move_task(**asked, MaxNumberOfMessagesPerSecond=1)
    assert latest(sqs, asked["SourceArn"])["Status"] == "RUNNING"
    error = refused(sqs.start_message_move_task, **asked)
    assert (error.status, error.code) == (400, "InvalidParameterValue")
    assert error.message == (
        "There is already a task running. Only one active task is allowed for a source queue arn at a given "
        "time."
    )


@pytest.mark.aws("A-44")
def test_without_a_destination_messages_go_back_to_where_they_came_from(
    sqs: Any, queue: Callable[..., str], arn: Callable[[str], str]
) -> None:
    dead = queue()
    policy = {"deadLetterTargetArn": arn(dead), "maxReceiveCount": 1}
    sources = [queue(VisibilityTimeout=0, RedrivePolicy=policy) for _ in range(2)]
    for source in sources:
        sqs.send_message(QueueUrl=source, MessageBody=source)
        take(sqs, source)
        assert receive(sqs, source) == []  # it is moved
    sqs.start_message_move_task(SourceArn=arn(dead))
    assert reached(sqs, arn(dead), "COMPLETED")
    for source in sources:
        assert take(sqs, source)[0]["Body"] == source
    assert receive(sqs, dead) == []


@pytest.mark.aws("A-44")
def test_a_destination_takes_them_all(
    sqs: Any, dead_letters: str, queue: Callable[..., str], arn: Callable[[str], str]
) -> None:
    destination = queue()
    sqs.start_message_move_task(SourceArn=arn(dead_letters), DestinationArn=arn(destination))
    assert reached(sqs, arn(dead_letters), "COMPLETED")
    task = latest(sqs, arn(dead_letters))
    assert task["DestinationArn"] == arn(destination)
    assert task["ApproximateNumberOfMessagesMoved"] == BACKLOG
    bodies = {message["Body"] for message in take(sqs, destination, BACKLOG)}
    assert bodies == {str(n) for n in range(BACKLOG)}


@pytest.mark.aws("A-44")
def test_a_task_can_be_cancelled(
    sqs: Any, dead_letters: str, queue: Callable[..., str], arn: Callable[[str], str], clock: Any
) -> None:
    clock.freeze()
    source, destination = arn(dead_letters), queue()
    handle = sqs.start_message_move_task(
        SourceArn=source, DestinationArn=arn(destination), MaxNumberOfMessagesPerSecond=1
    )["TaskHandle"]
    sqs.cancel_message_move_task(TaskHandle=handle)
    assert reached(sqs, source, "CANCELLED")
    sqs.start_message_move_task(SourceArn=source, DestinationArn=arn(destination))  # none is running


@pytest.mark.aws("A-44")
def test_a_task_whose_destination_is_deleted_fails(
    sqs: Any, dead_letters: str, queue: Callable[..., str], arn: Callable[[str], str], clock: Any
) -> None:
    clock.freeze()
    source, destination = arn(dead_letters), queue()
    sqs.start_message_move_task(
        SourceArn=source, DestinationArn=arn(destination), MaxNumberOfMessagesPerSecond=1
    )
    sqs.delete_queue(QueueUrl=destination)
    clock.advance(2)
    assert reached(sqs, source, "FAILED")
