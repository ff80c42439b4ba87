"""What moving time costs, in real time."""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.model.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.project import Project
    from benchmarks.rows import Row
    from harness.client import Queue, Stack

HOURS = 3600
DAYS = 24 * HOURS
RETENTION = 14 * DAYS
FAILS_ONCE = b"""
import calculator

def lambda_handler(event, context):
    if any(record["attributes"]["ApproximateReceiveCount"] == "1" for record in event["Records"]):
        raise RuntimeError("the first time fails")
    return calculator.lambda_handler(event, context)
"""


def retry(project: Project, _row: Row, *, seconds: int) -> float:
    """A message whose handler fails, until its retry's result is in hand, in milliseconds of real time.

    Args:
        project: The project.
        seconds: The queue's visibility timeout.
    """
    stack = project.ensure_up()
    inputs, outputs = stack.queue("InputQueue"), stack.queue("OutputQueue")
    files: dict[str, bytes | Path] = {"lambda_function.py": FAILS_ONCE, "calculator.py": project.handler}
    with (
        stack.function("CalculatorLambda").replaced_code(files),
        _attribute(project, inputs, "VisibilityTimeout", seconds),
        _frozen(stack),
    ):
        _warm(stack)
        started = time.perf_counter()
        sent = inputs.send({"operation": "add", "a": 5, "b": 3})
        stack.clock.settle()
        stack.clock.advance(seconds)
        received = outputs.receive(1)
        milliseconds = (time.perf_counter() - started) * 1000
        outputs.delete(received)
    if [message.json().get("messageId") for message in received] != [sent.id]:
        raise HarnessError(f"The retry after {seconds} s gave {received}, not the result of {sent.id}.")
    return milliseconds


def retention(project: Project, _row: Row) -> float:
    """A message that nobody reads, from its send until its 14 days are over, in milliseconds of real time."""
    stack = project.ensure_up()
    outputs = stack.queue("OutputQueue")
    with _attribute(project, outputs, "MessageRetentionPeriod", RETENTION), _frozen(stack):
        started = time.perf_counter()
        outputs.send("read by nobody")
        stack.clock.advance(RETENTION - 1)
        before = outputs.counts().visible
        stack.clock.advance(1)
        after = outputs.counts().total
        milliseconds = (time.perf_counter() - started) * 1000
    if (before, after) != (1, 0):
        raise HarnessError(f"There were {before} messages before the end of their retention, {after} then.")
    return milliseconds


def _warm(stack: Stack) -> None:
    """Have an environment ready that has done everything once."""
    stack.queue("InputQueue").send({"operation": "add", "a": 5, "b": 3})
    stack.clock.settle()
    stack.clock.advance(DAYS)
    stack.queue("OutputQueue").receive_one()


@contextmanager
def _frozen(stack: Stack) -> Iterator[None]:
    stack.clock.freeze()
    try:
        yield
    finally:
        stack.clock.resume()


@contextmanager
def _attribute(project: Project, queue: Queue, name: str, value: int) -> Iterator[None]:
    """Another value for an attribute of a queue, and the stack's again after the block."""
    sqs: Any = project.client("sqs")
    before = sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=[name])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={name: str(value)})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=queue.url, Attributes=before)


def retry_after(seconds: int) -> Callable[[Project, Row], float]:
    """The retry after a visibility timeout of so many seconds."""
    return partial(retry, seconds=seconds)
