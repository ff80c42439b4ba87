"""Ledgers as a run leaves them, made up: the same each time, and as the control API would give them."""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

type Event = dict[str, Any]

BEGIN = 1_767_261_600.0  # 2026-01-01 10:00:00 UTC
WALL = 1_767_300_000.0


@dataclass
class Ledger:
    """Events of one account, appended in order.

    Attributes:
        now: The account's time since the beginning, in seconds.
        wall: The machine's time since the beginning; an advance takes next to none of it.
    """

    seed: int = 7
    now: float = 0.0
    wall: float = 0.0
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - the same each time, on purpose

    def id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def at(self, time: float, *, advanced: bool = False) -> None:
        """Go on to a time; `advanced` by a clock that was told to, so that no time passed for the machine."""
        self.wall += 0.02 if advanced else max(0.0, time - self.now)
        self.now = max(self.now, time)

    def record(self, kind: str, **fields: Any) -> None:
        self.events.append(
            {
                "account": "000000000000",
                "seq": len(self.events) + 1,
                "at": BEGIN + self.now,
                "wall": WALL + self.wall,
                "kind": kind,
                "region": "us-east-1",
                **{name: value for name, value in fields.items() if value is not None},
            }
        )

    def send(self, queue: str, body: Any, **fields: Any) -> str:
        text = body if isinstance(body, str) else json.dumps(body)
        message = self.id()
        self.record("sent", queue=queue, message_id=message, body=text, **fields)
        return message

    def receive(
        self, queue: str, message: str, count: int, hidden: float, function: str | None = None
    ) -> None:
        self.record(
            "received",
            queue=queue,
            message_id=message,
            receive_count=count,
            visible_at=BEGIN + self.now + hidden,
            function=function,
        )


def log_of(request: str, *lines: str, milliseconds: float = 12.0) -> str:
    """An invocation's lines as Lambda writes them."""
    return "\n".join(
        [
            f"START RequestId: {request} Version: $LATEST",
            *lines,
            f"END RequestId: {request}",
            f"REPORT RequestId: {request} Duration: {milliseconds:.2f} ms Memory Size: 128 MB",
        ]
    )


def invocation(
    ledger: Ledger,
    queue: str,
    messages: list[tuple[str, int]],
    *,
    function: str,
    environment: str,
    seconds: float,
    hidden: float = 60.0,
    outcome: str = "succeeded",
    error: str | None = None,
    lines: tuple[str, ...] = (),
    fails: tuple[str, ...] = (),
    fault: dict[str, Any] | None = None,
    throttled: int = 0,
) -> None:
    """One batch from its receive to its end.

    Args:
        ledger: Where it is written.
        queue: From which.
        messages: Each message with the number of this receive.
        function: The function's name.
        environment: Its execution environment.
        seconds: How long it runs.
        hidden: The visibility timeout.
        outcome: `succeeded`, `failed` or `timed_out`.
        error: With what it failed.
        lines: What it logs.
        fails: Messages that it names in batchItemFailures.
        fault: A fault that strikes it.
        throttled: How often it is refused before it runs.
    """
    batch, request = ledger.id(), ledger.id()
    common = {"function": function, "batch_id": batch}
    for message, count in messages:
        ledger.receive(queue, message, count, hidden, function)
    ledger.at(ledger.now + 0.001)
    ledger.record("batch_formed", queue=queue, message_ids=[message for message, _ in messages], **common)
    for _ in range(throttled):
        ledger.record("throttled", error="Rate Exceeded.", **common)
        ledger.at(ledger.now + 0.012)
    ledger.at(ledger.now + 0.001)
    running = {**common, "request_id": request, "environment_id": environment}
    ledger.record("invoke_started", **running)
    if fault:
        ledger.at(ledger.now + seconds / 2)
        ledger.record("fault_injected", function=function, batch_id=batch, request_id=request, **fault)
        ledger.at(ledger.now + seconds / 2)
    else:
        ledger.at(ledger.now + seconds)
    log = log_of(request, *lines, milliseconds=seconds * 1000)
    ledger.record(f"invoke_{outcome}", error=error, log=log, duration_ms=seconds * 1000, **running)
    if outcome != "succeeded":
        return
    for message, _ in messages:
        ledger.at(ledger.now + 0.0003)
        if message in fails:
            ledger.record("partial_failure", queue=queue, message_id=message, **common)
        else:
            ledger.record("deleted", queue=queue, message_id=message, **common)


def small() -> list[Event]:
    """A crash, partial failures, a timeout, throttles, a dead letter, a FIFO group that waits, 12 hours."""
    ledger = Ledger()
    orders, results, dead, fifo = "orders", "results", "orders-dlq", "payments.fifo"
    first, second, paying = (ledger.id() for _ in range(3))
    calc, pay = "calculatrice", "settle-payment"

    ok = [ledger.send(orders, {"operation": "add", "a": n, "b": 3}) for n in range(4)]
    poison = ledger.send(orders, {"operation": "divide", "a": 1, "b": 0, "note": "</script><b>not bold</b>"})
    ledger.at(0.004)
    crashed = [ledger.send(orders, {"operation": "multiply", "a": n, "b": 7}) for n in range(3)]
    paid = {
        group: [
            ledger.send(
                fifo, {"account": group, "amount": 10 * n}, group=group, deduplication_id=f"{group}{n}"
            )
            for n in range(3)
        ]
        for group in ("alice", "bob")
    }
    ledger.at(0.010)
    ledger.record("environment_started", function=calc, environment_id=first)
    invocation(
        ledger,
        orders,
        [(message, 1) for message in (*ok, poison)],
        function=calc,
        environment=first,
        seconds=0.042,
        lines=(
            "add 0 3 = 3",
            "add 1 3 = 4",
            "add 2 3 = 5",
            "add 3 3 = 6",
            "[ERROR] divide 1 0: division by zero",
        ),
        fails=(poison,),
    )
    for n in range(4):
        ledger.send(results, {"result": n + 3})
    ledger.record("environment_started", function=calc, environment_id=second)
    invocation(
        ledger,
        orders,
        [(message, 1) for message in crashed],
        function=calc,
        environment=second,
        seconds=0.03,
        outcome="failed",
        error="Runtime.ExitError: Runtime exited with error: signal: killed",
        lines=("multiply 0 7 = 0",),
        fault={"rule": "fault-1", "fault": "crash during the handler"},
    )
    ledger.record("environment_stopped", function=calc, environment_id=second)
    ledger.record("environment_started", function=pay, environment_id=paying)
    invocation(
        ledger,
        fifo,
        [(message, 1) for message in (paid["alice"][0], *paid["bob"])],
        function=pay,
        environment=paying,
        seconds=0.05,
        hidden=30.0,
        lines=("alice: card refused", "bob: 0 paid", "bob: 10 paid", "bob: 20 paid"),
        fails=(paid["alice"][0],),
    )

    ledger.at(30.07, advanced=True)
    ledger.record("visible", queue=fifo, message_id=paid["alice"][0])
    ledger.at(ledger.now + 0.004)
    invocation(
        ledger,
        fifo,
        [(paid["alice"][0], 2), (paid["alice"][1], 1), (paid["alice"][2], 1)],
        function=pay,
        environment=paying,
        seconds=0.04,
        hidden=30.0,
        lines=("alice: 0 paid", "alice: 10 paid", "alice: 20 paid"),
    )

    ledger.at(60.011, advanced=True)
    ledger.record("visible", queue=orders, message_id=poison)
    ledger.at(60.07)
    for message in crashed:
        ledger.record("visible", queue=orders, message_id=message)
    invocation(
        ledger,
        orders,
        [(poison, 2), *((message, 2) for message in crashed)],
        function=calc,
        environment=first,
        seconds=0.035,
        throttled=2,
        lines=(
            "[ERROR] divide 1 0: division by zero",
            "multiply 0 7 = 0",
            "multiply 1 7 = 7",
            "multiply 2 7 = 14",
        ),
        fails=(poison,),
    )
    for n in range(3):
        ledger.send(results, {"result": n * 7})

    ledger.at(120.08, advanced=True)
    ledger.record("visible", queue=orders, message_id=poison)
    invocation(
        ledger,
        orders,
        [(poison, 3)],
        function=calc,
        environment=first,
        seconds=0.09,
        outcome="timed_out",
        error="Task timed out after 0.09 seconds",
        lines=("waiting for the divisor",),
    )
    ledger.at(180.09, advanced=True)
    ledger.record("visible", queue=orders, message_id=poison)
    ledger.at(ledger.now + 0.002)
    ledger.record("moved_to_dlq", queue=orders, message_id=poison, receive_count=4, to=dead)
    ledger.at(ledger.now + 0.05)

    ledger.at(180.15 + 12 * 3600, advanced=True)
    late = ledger.send(orders, {"operation": "add", "a": 20, "b": 22})
    ledger.at(ledger.now + 0.008)
    invocation(
        ledger,
        orders,
        [(late, 1)],
        function=calc,
        environment=first,
        seconds=0.02,
        lines=("add 20 22 = 42",),
    )
    ledger.send(results, {"result": 42})
    ledger.at(ledger.now + 0.02)
    for event in [event for event in ledger.events if event["kind"] == "sent" and event["queue"] == results]:
        ledger.receive(results, event["message_id"], 1, 30.0)
        ledger.at(ledger.now + 0.002)
        ledger.record("deleted", queue=results, message_id=event["message_id"])
    return ledger.events
