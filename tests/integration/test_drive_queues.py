"""What a test does with a queue, on the emulator."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from harness.client import Message, Queue, boto
from harness.client.deadline import Deadline
from harness.client.gathering import gather
from harness.model.environment import Endpoint
from harness.model.errors import (
    EmulatorError,
    MessageError,
    NotFoundInStackError,
    UsageError,
    WaitTimeoutError,
)
from tests.support.mapped import new_account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.client.message import Attribute
    from tests.integration.conftest import Emulator


@pytest.fixture
def make_queue(emulator: Emulator) -> Iterator[Callable[..., Queue]]:
    """Makes a queue of the test's own."""
    place = emulator.place()
    endpoint = emulator.environment.endpoint(account=place.account)
    client = boto.client(endpoint, "sqs")
    made = []

    def make(**attributes: str) -> Queue:
        fifo = attributes.get("FifoQueue") == "true"
        name = f"{place.prefix}drive-{new_account()}{'.fifo' if fifo else ''}"
        url = client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        made.append(url)
        arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return Queue(name=name, url=url, arn=arn, fifo=fifo, endpoint=endpoint)

    yield make
    for url in made:
        with suppress(client.exceptions.QueueDoesNotExist):
            client.delete_queue(QueueUrl=url)


def test_text_is_sent_as_it_is_and_anything_else_as_json(make_queue: Callable[..., Queue]) -> None:
    queue = make_queue()
    for body in ('{"a" : 1}', {"a": [1, None, "é"]}, 5):
        sent = queue.send(body)
        received = queue.receive_one()
        assert received.id == sent.id
        assert received.body == sent.body
        assert received.body == body if isinstance(body, str) else received.json() == body
        assert received.receive_count == 1


def test_attributes_come_back_in_their_types(make_queue: Callable[..., Queue]) -> None:
    queue = make_queue()
    attributes: dict[str, Attribute] = {"text": "é", "whole": 5, "decimal": 1.5, "bytes": b"\x00\xff"}
    queue.send("x", attributes=attributes)
    assert queue.receive_one().attributes == attributes


def test_a_received_message_stays_until_it_is_deleted(make_queue: Callable[..., Queue]) -> None:
    queue = make_queue()
    queue.send("x")
    (first,) = queue.receive(visibility=0)
    (again,) = queue.receive(wait=5)
    assert (again.id, again.receive_count) == (first.id, 2)
    assert queue.receive() == []
    again.change_visibility(0)
    (last,) = queue.receive(wait=5)
    last.delete()
    assert queue.counts().total == 0


def test_a_delayed_message_is_counted_and_not_received(make_queue: Callable[..., Queue]) -> None:
    queue = make_queue()
    queue.send("later", delay=900)
    queue.send("now")
    assert str(queue.counts()) == "1 visible, 0 in flight, 1 delayed"
    assert queue.receive_one().body == "now"
    queue.purge()
    assert queue.counts().total == 0


def test_a_thousand_messages_go_through_once_each_and_in_order_sent(make_queue: Callable[..., Queue]) -> None:
    queue = make_queue()
    sent = queue.send_all({"n": number} for number in range(1000))
    assert [message.json()["n"] for message in sent] == list(range(1000))
    received = queue.collect(1000)
    assert {message.id: message.body for message in received} == {
        message.id: message.body for message in sent
    }
    assert len(received) == 1000
    assert queue.counts().total == 0


def test_collect_takes_no_more_than_asked_for(make_queue: Callable[..., Queue]) -> None:
    queue = make_queue()
    queue.send_all(map(str, range(40)))
    assert len(queue.collect(23)) == 23
    assert queue.counts().visible == 17


def test_collect_waits_for_what_comes_later(make_queue: Callable[..., Queue]) -> None:
    queue = make_queue()
    queue.send("first")
    asked = threading.Event()
    answers: list[list[Message]] = []

    def collect() -> None:
        asked.set()
        answers.append(queue.collect(2))

    thread = threading.Thread(target=collect)
    thread.start()
    assert asked.wait(30)
    queue.send("second")
    thread.join(60)
    assert sorted(message.body for message in answers[0]) == ["first", "second"]


def test_a_wait_in_vain_tells_what_came_and_what_the_queue_holds(make_queue: Callable[..., Queue]) -> None:
    queue = make_queue()
    queue.send("only")
    queue.send("delayed", delay=900)
    with pytest.raises(WaitTimeoutError) as failed:
        queue.collect(3, timeout=0.5)
    assert "1 of 3 messages" in failed.value.message
    assert "1 delayed" in failed.value.message
    assert [message.body for message in failed.value.received] == ["only"]


def test_what_is_not_waited_for_stays_in_the_queue(make_queue: Callable[..., Queue]) -> None:
    queue = make_queue()
    queue.send_all([f"other {number}" for number in range(25)])
    queue.send_all(["mine"] * 15)
    gathered = gather(queue, 15, Deadline(60), take=lambda message: message.body == "mine", visibility=600)
    assert [message.body for message in gathered.taken] == ["mine"] * 15
    assert queue.counts().visible == 25
    assert queue.counts().in_flight == 0


def test_a_message_that_comes_twice_counts_once(make_queue: Callable[..., Queue]) -> None:
    queue = make_queue(VisibilityTimeout="0")
    queue.send_all(["a", "b"])
    assert sorted(message.body for message in queue.collect(2)) == ["a", "b"]


@pytest.mark.only_on("embedded", "container", "endpoint")  # on AWS it is a receive
def test_peeking_changes_nothing(make_queue: Callable[..., Queue]) -> None:
    queue = make_queue()
    sent = queue.send_all(["a", "b", "c"])
    assert {message.id for message in queue.peek()} == {message.id for message in sent}
    assert len(queue.peek(2)) == 2
    assert queue.counts().visible == 3
    with pytest.raises(MessageError, match="not received"):
        queue.peek()[0].delete()
    assert {message.receive_count for message in queue.collect(3)} == {1}


def test_peeking_where_the_emulator_does_not_help(make_queue: Callable[..., Queue]) -> None:
    from harness.client import peeking  # noqa: PLC0415 - its inner function is what is tested

    queue = make_queue()
    queue.send_all(map(str, range(25)))
    assert len(peeking._received_and_released(queue, None)) == 25
    assert len(peeking._received_and_released(queue, 5)) >= 5
    assert str(queue.counts()) == "25 visible, 0 in flight, 0 delayed"


def test_fifo_keeps_the_order(make_queue: Callable[..., Queue]) -> None:
    queue = make_queue(FifoQueue="true", ContentBasedDeduplication="true")
    with pytest.raises(UsageError, match="message group id"):
        queue.send_all(["a"])
    sent = queue.send_all(map(str, range(35)), group="g")
    received = queue.collect(35)
    assert [message.body for message in received] == [message.body for message in sent]
    assert {message.group for message in received} == {"g"}


def test_fifo_deduplication_ids(make_queue: Callable[..., Queue]) -> None:
    queue = make_queue(FifoQueue="true")
    first, second = queue.send_all(["a", "b"], group="g", deduplication_ids=["same", "same"])
    assert first.id == second.id
    assert [message.body for message in queue.collect(1)] == ["a"]
    with pytest.raises(UsageError, match="2 bodies, but 1"):
        queue.send_all(["a", "b"], group="g", deduplication_ids=["one"])


def test_large_messages_go_in_smaller_batches(make_queue: Callable[..., Queue]) -> None:
    queue = make_queue(MaximumMessageSize=str(1024 * 1024))
    bodies = [json.dumps({"n": number, "filler": "x" * 400_000}) for number in range(5)]
    queue.send_all(bodies)
    assert sorted(message.body for message in queue.collect(5)) == sorted(bodies)


def test_entries_that_sqs_refuses_are_named(make_queue: Callable[..., Queue]) -> None:
    queue = make_queue()
    with pytest.raises(MessageError, match=r"1 of 3 entries were refused: entry 1: \S+: "):
        queue.send_all(["fine", "\u0001", "fine"])


def test_a_queue_that_is_gone_is_said_so(make_queue: Callable[..., Queue]) -> None:
    queue = make_queue()
    boto.client(queue.endpoint, "sqs").delete_queue(QueueUrl=queue.url)
    for action in (
        lambda: queue.send("x"),
        queue.receive,
        queue.peek,
        queue.counts,
        lambda: queue.collect(30),
    ):
        with pytest.raises(NotFoundInStackError, match=queue.name):
            action()


def test_where_nothing_answers_that_is_said(unused_tcp_url: str) -> None:
    queue = Queue("q", f"{unused_tcp_url}/1/q", "arn", fifo=False, endpoint=Endpoint(unused_tcp_url))
    with pytest.raises(EmulatorError, match="harness up") as failed:
        queue.send("x")
    assert "Queue q cannot be reached" in str(failed.value)


@pytest.mark.only_on("embedded", "container", "endpoint")  # on AWS it is what is read
def test_the_hosts_aws_configuration_is_not_read(
    make_queue: Callable[..., Queue], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = make_queue()
    for name, value in {
        "AWS_PROFILE": "does-not-exist",
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto, "_clients", {})
    boto._session.cache_clear()
    queue.send("x")
    assert queue.receive_one().body == "x"


@pytest.fixture
def unused_tcp_url() -> Any:
    import socket  # noqa: PLC0415 - only here

    with socket.socket() as bound:  # bound and not listening: refuses, and nobody else gets it
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
