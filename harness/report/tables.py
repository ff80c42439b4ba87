"""Tables for a console: what is up, what came of each operation, what is in a queue, what is missing."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from harness.client.matching import parsed
from harness.report.console import safe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import RenderableType

    from harness.client import Message, QueueCounts
    from harness.client.matching import Row
    from harness.model.check import Check
    from harness.model.deployment import Deployment
    from harness.model.environment import RunningEnvironment

_BODY = 72
_RESULT = 96


def operations_table(rows: Sequence[Row]) -> Table:
    """A row for each operation, in the order in which they were sent."""
    table = _table()
    table.add_column("#", justify="right", style="dim")
    table.add_column("sent")
    table.add_column("result")
    table.add_column("ms", justify="right")
    for row in rows:
        elapsed = row.milliseconds
        table.add_row(
            str(row.number),
            safe(row.sent.body, _BODY),
            _outcome(row.result),
            "" if elapsed is None else f"{elapsed:.0f}",
        )
    return table


def summary(rows: Sequence[Row], others: int, queue: str) -> str:
    """One line below the table of operations."""
    errors = sum(1 for row in rows if row.result and _error_of(parsed(row.result.body)) is not None)
    missing = sum(1 for row in rows if row.result is None)
    parts = [f"{len(rows)} sent", f"{len(rows) - missing} answered"]
    if errors:
        parts.append(f"{errors} of them with an error")
    if missing:
        parts.append(f"{missing} missing")
    if others:
        parts.append(f"{others} other messages left in {queue}")
    return ", ".join(parts)


def results_table(messages: Sequence[Message]) -> Table:
    """A row for each message of a queue."""
    table = _table()
    table.add_column("#", justify="right", style="dim")
    table.add_column("message id")
    table.add_column("body")
    for number, message in enumerate(messages, start=1):
        table.add_row(str(number), message.id, safe(message.body))
    return table


def deployed_table(deployment: Deployment) -> Table:
    """The stack's queues, functions and outputs."""
    table = _table(header=False)
    table.add_column("kind", style="dim")
    table.add_column("construct")
    table.add_column("where")
    for queue in deployment.queues:
        table.add_row("queue", queue.construct_id, queue.url)
    for function in deployment.functions:
        table.add_row("function", function.construct_id, function.arn)
    for name, value in deployment.shown_outputs().items():
        table.add_row("output", name, safe(value if isinstance(value, str) else json.dumps(value)))
    return table


def status_tables(
    environment: RunningEnvironment, deployment: Deployment | None, counts: Mapping[str, QueueCounts | None]
) -> list[RenderableType]:
    """What is up: the environment, and the stack's queues with their counters and its functions."""
    since = datetime.fromtimestamp(environment.started_at, timezone.utc).astimezone()
    about = _table(header=False)
    about.add_column("name", style="dim")
    about.add_column("value")
    about.add_row("environment", f"{environment.target} at {environment.address}")
    about.add_row("since", f"{since:%Y-%m-%d %H:%M:%S}, {environment.holder}")
    if environment.log:
        about.add_row("log", environment.log)
    about.add_row("can", ", ".join(environment.capabilities))
    if deployment is None:
        return [about]
    about.add_row("stack", f"{deployment.stack} in account {deployment.account}, {deployment.region}")
    for function in deployment.functions:
        about.add_row("function", f"{function.name} ({function.runtime}, {function.timeout} s)")
    queues = _table()
    queues.add_column("queue")
    for name in ("visible", "in flight", "delayed"):
        queues.add_column(name, justify="right")
    for queue in deployment.queues:
        counters = counts.get(queue.name)
        cells = (
            ["gone"] * 3
            if counters is None
            else [str(counters.visible), str(counters.in_flight), str(counters.delayed)]
        )
        queues.add_row(queue.name, *cells)
    return [about, queues]


def doctor_table(checks: Sequence[Check]) -> Table:
    """A row for each check, with what mends it."""
    marks = {
        "ok": Text("✓ ok", "green"),
        "warning": Text("! warning", "yellow"),
        "missing": Text("✗ missing", "red"),
    }
    table = _table()
    table.add_column("")
    table.add_column("check")
    table.add_column("found")
    table.add_column("mend it with")
    for check in checks:
        table.add_row(marks[check.state], check.name, safe(check.found), safe(check.mend or ""))
    return table


def _table(*, header: bool = True) -> Table:
    return Table(box=box.SIMPLE_HEAD if header else None, show_header=header, pad_edge=False)


def _outcome(result: Message | None) -> Text:
    if result is None:
        return Text("no result", "red")
    value = parsed(result.body)
    error = _error_of(value)
    if error is not None:
        return Text("error: ", "yellow") + safe(error, _RESULT)
    if isinstance(value, dict) and "result" in value:
        return safe(json.dumps(value["result"], ensure_ascii=False), _RESULT)
    return safe(result.body, _RESULT)


def _error_of(value: Any) -> str | None:
    """The error in a result's body, in one line: its kind and message where it has them."""
    if not isinstance(value, dict) or value.get("error") is None:
        return None
    error = value["error"]
    if not isinstance(error, dict):
        return error if isinstance(error, str) else json.dumps(error, ensure_ascii=False)
    kind = error.get("kind") or error.get("type") or error.get("code")
    text = error.get("message")
    parts = [str(part) for part in (kind, text) if part]
    return ": ".join(parts) or json.dumps(error, ensure_ascii=False)
