"""`harness results`."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import click

from harness.cli.app import App, command
from harness.cli.stream import Stream
from harness.client.matching import parsed
from harness.report.tables import results_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.client import Message, Queue

_LOOK_SECONDS = 0.2
# A poll that Ctrl-C breaks off may still swallow a message on the other side: so polls are short.
_POLL_SECONDS = 2


@click.command()
@click.option("--follow", is_flag=True, help="Show each message as it comes, until Ctrl-C.")
@click.option("--queue", metavar="NAME", help="Which queue; default: the one the function is told of.")
@click.option("--max", "maximum", type=click.IntRange(min=1), help="Show so many at most.")
@click.option("--delete", is_flag=True, help="Take the messages out of the queue.")
@command
def results(app: App, *, follow: bool, queue: str | None, maximum: int | None, delete: bool) -> int:
    """Show the messages that are in the output queue.

    They stay there, and nobody else notices, unless --delete is given. With --json and --follow the document
    is written piece by piece: one line for each message, complete when the command ends.
    """
    stack = app.stack()
    chosen = stack.queue(queue) if queue else stack.output_queue()
    if follow:
        arriving = _taken(chosen, follow=True) if delete else _seen(chosen)
        with Stream(app, "messages", queue=chosen.name) as stream:
            for number, message in enumerate(arriving, start=1):
                stream.item(message_json(message), f"{message.id}  {message.body}")
                if number == maximum:
                    break
        return 0
    if delete:
        messages = [message for message, _ in zip(_taken(chosen), _upto(maximum), strict=False)]
    else:
        messages = chosen.peek(maximum)
    app.show(results_table(messages) if messages else f"{chosen.name} holds no visible message.")
    return app.answer({"queue": chosen.name, "messages": [message_json(message) for message in messages]})


def message_json(message: Message) -> dict[str, Any]:
    """A message as JSON: its body parsed where it is JSON."""
    return {
        "message_id": message.id,
        "body": parsed(message.body),
        "attributes": {
            name: value.hex() if isinstance(value, bytes) else value
            for name, value in message.attributes.items()
        },
        "receive_count": message.receive_count,
        "sent_ms": int(message.system.get("SentTimestamp", 0)),
        **({"group": message.group} if message.group else {}),
    }


def _taken(queue: Queue, *, follow: bool = False) -> Iterator[Message]:
    """Messages received and deleted one at a time, so that no more is taken than is shown."""
    while True:
        messages = queue.receive(1, _POLL_SECONDS if follow else 0)
        if not messages and not follow:
            return
        for message in messages:
            message.delete()
            yield message


def _seen(queue: Queue) -> Iterator[Message]:
    """Messages looked at, each once."""
    pause = threading.Event()
    known: set[str] = set()
    while True:
        present = queue.peek()
        for message in present:
            if message.id not in known:
                yield message
        known = {message.id for message in present}
        pause.wait(_LOOK_SECONDS)


def _upto(maximum: int | None) -> Iterator[int]:
    number = 0
    while maximum is None or number < maximum:
        yield number
        number += 1
