"""What is measured; each row's function returns one figure, and is called once per run."""

from __future__ import annotations

import json
import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import psutil

from benchmarks.time_rows import HOURS, retention, retry_after
from harness.model.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.project import Project
    from harness.client import Message, Stack

Unit = Literal["s", "ms", "ops/s", "times", "MB"]

OPERATION = {"operation": "add", "a": 5, "b": 3}
ADDITION = '"add": lambda a, b: a + b'
MESSAGES = 20  # per run of "one message": the figure is their median
OPERATIONS = 1_000
BACKLOG = 100_000
TOGETHER = 10  # messages to a call
MEGABYTE = 10**6


@dataclass
class Row:
    """One line of the table.

    Attributes:
        name: What `--only` takes.
        title: What the table says.
        stock: What stock tools take, measured; as text.
        target: What to reach, in `unit`.
        unit: Of `target` and `values`; of `ops/s` more is better, of the others less.
        measure: Measures once.
        runs: How often at most, where one run takes minutes.
        values: What came of each run.
        steps: For `up` and `deploy`: what each run's steps took, in seconds.
    """

    name: str
    title: str
    stock: str
    target: float
    unit: Unit
    measure: Callable[[Project, Row], float]
    runs: int = 1_000
    values: list[float] = field(default_factory=list)
    steps: list[dict[str, float]] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Of all runs."""
        return statistics.median(self.values)

    @property
    def reached(self) -> bool:
        """Whether the median is at least as good as the target."""
        return self.median >= self.target if self.unit == "ops/s" else self.median <= self.target


def up_from_nothing(project: Project, row: Row) -> float:
    """`harness up` after set-up: synth, init, boot and apply; the whole process."""
    project.clear()
    command = project.harness("up")
    _note_steps(row, command.answer)
    if not (command.answer["started"] and command.answer["changed"]):
        raise HarnessError("`harness up` did not start and deploy anew.")
    return command.seconds


def up_unchanged(project: Project, row: Row) -> float:
    """`harness up` when the environment is up and nothing changed; the whole process."""
    project.ensure_up()
    command = project.harness("up")
    _note_steps(row, command.answer)
    if command.answer["started"] or command.answer["changed"]:
        raise HarnessError("`harness up` did not find everything as it was.")
    return command.seconds


def handler_edited(project: Project, row: Row) -> float:
    """From the handler's edit to a result of the new code: deploy, send, receive."""
    stack = project.ensure_up()
    _result(stack)  # an execution environment of the old code is warm, as in a day's work
    source = project.handler.read_text(encoding="utf-8")
    if ADDITION not in source:
        raise HarnessError(f"{project.handler} no longer says {ADDITION}.")
    edition = len(row.values) + 1
    started = time.perf_counter()
    project.handler.write_text(
        source.replace(ADDITION, f"{ADDITION} + {edition}"),
        encoding="utf-8",
    )
    try:
        command = project.harness("deploy")
        result = _result(stack)
        seconds = time.perf_counter() - started
    finally:
        project.handler.write_text(source, encoding="utf-8")
    _note_steps(row, command.answer)
    if result != OPERATION["a"] + OPERATION["b"] + edition:  # type: ignore[operator] # both are numbers
        raise HarnessError(f"The edited handler calculated {result}: the old code still runs.")
    return seconds


def one_message(project: Project, _row: Row) -> float:
    """From SendMessage to the result in hand, warm, in milliseconds; the median of a few."""
    stack = project.ensure_up()
    inputs, outputs = stack.queue("InputQueue"), stack.queue("OutputQueue")
    _result(stack)
    times = []
    for _ in range(MESSAGES):
        started = time.perf_counter()
        sent = inputs.send(OPERATION)
        received = outputs.receive_one()
        times.append(time.perf_counter() - started)
        _check([sent], [received])
    return statistics.median(times) * 1000


def thousand_operations(project: Project, _row: Row) -> float:
    """Operations per second, from the first SendMessageBatch until every result is collected."""
    stack = project.ensure_up()
    inputs, outputs = stack.queue("InputQueue"), stack.queue("OutputQueue")
    _result(stack)
    operations = [{"operation": "add", "a": number, "b": 3} for number in range(OPERATIONS)]
    started = time.perf_counter()
    sent = inputs.send_all(operations)
    received = outputs.collect(OPERATIONS, timeout=300)
    seconds = time.perf_counter() - started
    _check(sent, received)
    return OPERATIONS / seconds


def backlog(project: Project, _row: Row) -> float:
    """What a message costs among 100,000 in a queue, as a multiple of what it costs among 1,000."""
    project.ensure_up()
    sqs = project.client("sqs")
    few = [cost(sqs, OPERATIONS) for _ in range(3)]
    many = cost(sqs, BACKLOG)
    few += [cost(sqs, OPERATIONS) for _ in range(3)]
    return many / statistics.median(few)


def cost(sqs: Any, messages: int) -> float:
    """Seconds per message that it takes to send so many, and to receive and delete them all."""
    url = sqs.create_queue(QueueName=f"backlog-{time.time_ns()}", Attributes={"VisibilityTimeout": "43200"})[
        "QueueUrl"
    ]
    try:
        entries = [{"Id": str(number), "MessageBody": json.dumps(OPERATION)} for number in range(TOGETHER)]
        started = time.perf_counter()
        for _ in range(messages // TOGETHER):
            sqs.send_message_batch(QueueUrl=url, Entries=entries)
        left = messages
        while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=TOGETHER).get("Messages"):
            handles = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(found)]
            left -= len(sqs.delete_message_batch(QueueUrl=url, Entries=handles)["Successful"])
        seconds = time.perf_counter() - started
    finally:
        sqs.delete_queue(QueueUrl=url)
    if left:
        raise HarnessError(f"{left} of {messages} messages did not come back.")
    return seconds / messages


def memory(project: Project, _row: Row) -> float:
    """Resident memory of the emulator with the stack up and nothing to do, in megabytes; functions apart."""
    project.ensure_up()
    return float(psutil.Process(project.environment().pid).memory_info().rss / MEGABYTE)


def _result(stack: Stack) -> object:
    """The result of one operation."""
    sent = stack.queue("InputQueue").send(OPERATION)
    received = stack.queue("OutputQueue").receive_one()
    if received.json()["messageId"] != sent.id:
        raise HarnessError(f"The result {received.body} is not of message {sent.id}.")
    return received.json().get("result")


def _check(sent: list[Message], received: list[Message]) -> None:
    """A figure counts only when each operation has its one right result."""
    expected = {message.id: message.json()["a"] + message.json()["b"] for message in sent}
    results = {message.json()["messageId"]: message.json().get("result") for message in received}
    if results != expected or len(received) != len(sent):
        raise HarnessError(f"{len(received)} results for {len(sent)} operations, or wrong ones.")


def _note_steps(row: Row, answer: dict[str, object]) -> None:
    steps = answer.get("steps")
    row.steps.append({step["name"]: step["seconds"] for step in steps} if isinstance(steps, list) else {})


def all_rows() -> list[Row]:
    """The rows, in the order in which they are measured: each uses what the one before left up."""
    from benchmarks.ledger_rows import memory_of_histories, slower_mapping  # noqa: PLC0415 - of this module's rows

    return [
        Row("up", "up from nothing, after set-up", "about 75 s", 20, "s", up_from_nothing),
        Row("unchanged", "up again, nothing changed", "-", 2, "s", up_unchanged),
        Row("edit", "handler edited: new result", "about 50 s", 3, "s", handler_edited),
        Row("memory", "the emulator's memory, stack up, idle", "225 MB", 260, "MB", memory),
        Row("message", "one message, send to result, warm", "1.2 s", 40, "ms", one_message),
        Row("retry", "retry after 60 s of visibility, shown", "60 s", 150, "ms", retry_after(60)),
        Row("retry-12h", "retry after 12 h of visibility, shown", "12 h", 150, "ms", retry_after(12 * HOURS)),
        Row("retention", "the end of 14 days of retention, shown", "14 d", 150, "ms", retention),
        Row(
            "batch",
            "1,000 operations sent, calculated, collected",
            "6.8 ops/s",
            400,
            "ops/s",
            thousand_operations,
        ),
        Row("ledger", "1,000 operations with the ledger, and without", "-", 1.05, "times", slower_mapping),
        Row(
            "histories",
            "the histories of 100,000 messages, in memory",
            "-",
            200,
            "MB",
            memory_of_histories,
            runs=1,
        ),
        Row(
            "backlog",
            "a message among 100,000, and among 1,000",
            "-",
            1.2,
            "times",
            backlog,
            runs=1,
        ),
    ]
