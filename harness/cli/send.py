"""`harness send`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from harness.cli.app import App, command
from harness.cli.operations import read_operations
from harness.client.deadline import Deadline
from harness.client.gathering import gather
from harness.client.matching import Matching
from harness.model.errors import UsageError, WaitTimeoutError
from harness.report.tables import operations_table, summary

if TYPE_CHECKING:
    from harness.client import Queue

# Others' messages are hidden while results are waited for, and a little longer should this process be killed.
_HIDDEN_SECONDS_MORE = 5
_LONGEST_HIDDEN = 12 * 3600


@click.command()
@click.argument("body", required=False)
@click.option(
    "--file", "file", metavar="OPS.JSONL", help="Send each line of a file; `-` reads standard input."
)
@click.option("--wait", is_flag=True, help="Wait for one result for each operation, and show them.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for results.",
)
@click.option("--queue", metavar="NAME", help="Queue to send to; default: the one mapped to the function.")
@click.option(
    "--output-queue", metavar="NAME", help="Queue of the results; default: the one the function is told of."
)
@click.option("--group", metavar="ID", help="Message group id, for a FIFO queue.")
@command
def send(
    app: App,
    body: str | None,
    file: str | None,
    *,
    wait: bool,
    timeout: float,
    queue: str | None,
    output_queue: str | None,
    group: str | None,
) -> int:
    """Send BODY as it is, or each line of a file, to the input queue.

    A file holds one JSON value to a line; empty lines are ignored. The whole file is checked first: with a
    bad line, nothing is sent.

    With --wait, each operation gets a row with its result. Results are matched by the message id in them,
    else by what they repeat of an operation, else by their order, and are taken out of the output queue;
    other messages stay in it. An error result is a result. The exit code is 1 when a result is missing.
    """
    bodies = _bodies(body, file)
    stack = app.stack()
    source = stack.queue(queue) if queue else stack.input_queue()
    results = (stack.queue(output_queue) if output_queue else stack.output_queue()) if wait else None
    earlier = [message.id for message in results.peek()] if results else []
    with app.progress.step("send") as step:
        sent = source.send_all(bodies, group=group)
        step.detail = f"{len(sent)} to {source.name}"
    if results is None:
        app.show(*(f"{message.id}  {source.name}" for message in sent))
        return app.answer(
            {"queue": source.name, "messages": [{"message_id": message.id} for message in sent]}
        )
    return _wait(app, source, Matching(sent, earlier), results, timeout)


def _bodies(body: str | None, file: str | None) -> list[str]:
    if (body is None) == (file is None):
        raise UsageError("Give either BODY or --file.", hint="See `harness send --help`.")
    if file is not None:
        return read_operations(file)
    if not body:
        raise UsageError("BODY is empty; SQS takes no empty message.")
    return [body]


def _wait(app: App, source: Queue, matching: Matching, results: Queue, timeout: float) -> int:
    rows = matching.rows
    with app.progress.step("results") as step:
        others = gather(
            results,
            matching.expected,
            Deadline(timeout),
            take=matching.take,
            visibility=min(int(timeout) + _HIDDEN_SECONDS_MORE, _LONGEST_HIDDEN),
        ).left
        missing = len(matching.missing)
        step.detail = f"{len(rows) - missing} of {len(rows)} from {results.name}"
    error = _missing_error(missing, len(rows), source, results, timeout) if missing else None
    app.show(operations_table(rows), summary(rows, len(others), results.name))
    if error and not app.as_json:
        raise error
    failure: dict[str, Any] = error.as_json() if error else {}
    return app.answer(
        {
            "queue": source.name,
            "output_queue": results.name,
            "results": [row.as_json() for row in rows],
            "missing": missing,
            "others": len(others),
            **app.steps(),
            **failure,
        },
        exit_code=error.exit_code if error else 0,
    )


def _missing_error(
    missing: int, count: int, source: Queue, results: Queue, timeout: float
) -> WaitTimeoutError:
    return WaitTimeoutError(
        f"{missing} of {count} results did not come in {timeout:g} s. "
        f"{source.name} holds {source.counts()}; {results.name} holds {results.counts()}.",
        hint="See `harness logs`. A message that failed comes back after its queue's visibility timeout.",
        detail=source.diagnose(),
    )
