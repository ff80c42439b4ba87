"""Emptying a stack's queues where there is no control API: on a LocalStack, with AWS's API alone."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.client import Stack
from harness.client.boto import client
from harness.client.emptying import empty
from harness.model.deployment import Deployment, FunctionResource, MappingResource, QueueResource
from harness.model.environment import DEFAULT_REGION, Endpoint
from harness.model.errors import HarnessError
from tests.support.mapped import Mapped, new_account
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.client import Queue
    from tests.support.stock_localstack import StockLocalStack

pytestmark = pytest.mark.only_on("embedded")

SECONDS = 20  # of a function's timeout: far longer than an invocation here takes
ANSWERS_LATE = """
def on(event):
    tell("begun")
    wait_for_gate()
    tell("late")
"""
FAILS = """
def on(event):
    raise RuntimeError("each time")
"""


@pytest.fixture
def queue(stock: StockLocalStack) -> Callable[..., Queue]:
    """Makes a stack of one queue, which nothing is mapped to."""
    endpoint = Endpoint(stock.url, account=new_account())

    def make(fifo: bool = False, **attributes: str) -> Queue:  # noqa: FBT001, FBT002 - read by name
        name = "queue.fifo" if fifo else "queue"
        more = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if fifo else {}
        sqs = client(endpoint, "sqs")
        url = sqs.create_queue(QueueName=name, Attributes={**attributes, **more})["QueueUrl"]
        return stack_of(endpoint, {name: url}).queue(name)

    return make


@pytest.fixture
def make_mapped_on_stock(stock: StockLocalStack) -> Iterator[Callable[[str], Mapped]]:
    made: list[Mapped] = []

    def make(handler: str) -> Mapped:
        made.append(
            Mapped(lambda service, account: client(Endpoint(stock.url, account=account), service), handler)
        )
        return made[-1]

    yield make
    for mapped in made:
        mapped.close()


def stack_of(endpoint: Endpoint, urls: dict[str, str], *, mapped: str | None = None) -> Stack:
    """A stack of those queues, one of them mapped to a function `mapped`."""
    arns = {name: f"arn:aws:sqs:{DEFAULT_REGION}:{endpoint.account}:{name}" for name in urls}
    arn = f"arn:aws:lambda:{DEFAULT_REGION}:{endpoint.account}:function:mapped"
    function = FunctionResource("F", "f", "mapped", arn, "/aws/lambda/mapped", SECONDS, "python3.13", {})
    return Stack(
        Deployment(
            stack="stack",
            account=endpoint.account,
            region=DEFAULT_REGION,
            environment_id="one",
            folder=Path(),
            queues=tuple(
                QueueResource(name, name, name, url, arns[name], name.endswith(".fifo"))
                for name, url in urls.items()
            ),
            functions=(function,) if mapped else (),
            mappings=(MappingResource("one", arns[mapped], arn, 10),) if mapped else (),
            outputs={},
            changed=False,
        ),
        endpoint,
    )


def test_messages_in_every_state_are_gone(queue: Callable[..., Queue]) -> None:
    filled = queue(VisibilityTimeout="600")
    filled.send_all(range(25))
    assert filled.receive()  # in flight for ten minutes
    filled.send("later", delay=600)
    assert eventually(
        lambda: all((filled.counts().in_flight, filled.counts().visible, filled.counts().delayed))
    )
    empty(stack_of(filled.endpoint, {filled.name: filled.url}))
    assert filled.counts().total == 0
    assert filled.receive(wait=1) == []


def test_groups_that_are_blocked_are_gone(queue: Callable[..., Queue]) -> None:
    filled = queue(fifo=True, VisibilityTimeout="600")
    filled.send_all(range(5), group="one")
    assert filled.receive(1)  # its group's others stay hidden behind it
    empty(stack_of(filled.endpoint, {filled.name: filled.url}))
    assert filled.counts().total == 0


def test_an_empty_queue_takes_no_call_more(queue: Callable[..., Queue]) -> None:
    left = queue()
    empty(stack_of(left.endpoint, {left.name: left.url}))
    assert left.counts().total == 0
    empty(stack_of(left.endpoint, {}))


def test_an_invocation_is_waited_for_and_its_result_is_gone(
    stock: StockLocalStack, make_mapped_on_stock: Callable[[str], Mapped]
) -> None:
    mapped = make_mapped_on_stock(ANSWERS_LATE)
    endpoint = Endpoint(stock.url, account=mapped.account)
    stack = stack_of(endpoint, {"in": mapped.input, "out": mapped.output}, mapped="in")
    mapped.send("a message")
    assert mapped.told(1) == ["begun"]
    emptied = threading.Thread(target=empty, args=(stack,))
    emptied.start()
    emptied.join(1)
    assert emptied.is_alive()
    mapped.open_gate(1)
    emptied.join(SECONDS)
    assert not emptied.is_alive()
    assert (mapped.counts(mapped.input), mapped.counts(mapped.output)) == ((0, 0), (0, 0))


def test_a_message_that_fails_each_time_is_gone(
    stock: StockLocalStack,
    make_mapped_on_stock: Callable[[str], Mapped],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("harness.client.emptying._MARGIN_SECONDS", 2 - SECONDS)  # as if its timeout were 2 s
    mapped = make_mapped_on_stock(FAILS)
    mapped.sqs.set_queue_attributes(QueueUrl=mapped.input, Attributes={"VisibilityTimeout": "600"})
    stack = stack_of(Endpoint(stock.url, account=mapped.account), {"in": mapped.input}, mapped="in")
    mapped.send("poison")
    assert eventually(lambda: mapped.counts(mapped.input) == (0, 1))
    empty(stack)
    assert mapped.counts(mapped.input) == (0, 0)


def test_a_queue_that_does_not_get_empty_is_said(
    queue: Callable[..., Queue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.client.emptying._PURGE_SECONDS", -9.0)
    filled = queue()
    ended = threading.Event()

    def fill() -> None:
        while not ended.is_set():
            filled.send_all(range(10))

    sender = threading.Thread(target=fill)
    sender.start()
    try:
        assert eventually(lambda: filled.counts().total)
        with pytest.raises(HarnessError, match=r"not empty after 1 s.*queue: \d+ visible"):
            empty(stack_of(filled.endpoint, {filled.name: filled.url}))
    finally:
        ended.set()
        sender.join()
