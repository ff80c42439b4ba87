"""`harness timeline`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.app import App, command
from harness.client.ledger_events import control_of, events_of
from harness.environments import kept_ledgers
from harness.environments.environment_file import read_record
from harness.model.environment import DEFAULT_ACCOUNT
from harness.model.errors import MessageError, NoEnvironmentError, UsageError
from harness.model.ledger_file import KeptLedger, Wanted
from harness.model.story import sentence, story
from harness.report.messages import by_message

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BODY = 60


@click.command()
@click.argument("message_id", required=False)
@click.option(
    "--html",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the timeline as one HTML file, to look at in a browser.",
)
@click.option(
    "--ledger",
    "kept",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Read a kept ledger, a file of .harness/ledger/; default: what is up, else what was up last.",
)
@click.option("--account", help="With a kept ledger that holds several accounts: which.")
@command
def timeline(
    app: App, *, message_id: str | None, file: Path | None, kept: Path | None, account: str | None
) -> int:
    """Show what happened to a message, sentence by sentence; without one, a line for each message.

    With --html all of it is written as a timeline instead: one file that needs no network. After `harness
    down` it is read from the ledger that was kept.
    """
    about, events = _events(app, message_id or "", kept, account)
    if message_id is not None and not events:
        raise MessageError(
            f"The ledger of {about} knows no message {message_id!r}.",
            hint="`harness timeline` lists those it knows.",
        )
    if file is not None:
        _write(file, events, title=about if message_id is None else f"Message {message_id}", about=about)
        app.show(f"{len(events)} events in {file}")
    elif message_id is not None:
        app.show(_safe(story(events)))
    else:
        app.show(_summary(by_message(events)))
    return app.answer(
        {
            "events": events,
            **({"story": story(events).splitlines()} if message_id is not None else {}),
            "html": None if file is None else str(file),
        }
    )


def _events(
    app: App, message: str, kept: Path | None, account: str | None
) -> tuple[str, list[dict[str, Any]]]:
    """Whose events they are, for people, and the events: of what is up, else of what was."""
    if kept is None:
        try:
            stack = app.stack()
        except NoEnvironmentError:
            if read_record(app.workspace.environment_file) is not None:
                raise  # something is up, and nothing is deployed there
            ledger = kept_ledgers.newest(app.workspace)
        else:
            return stack.name, events_of(control_of(stack), message=message)
    else:
        ledger = KeptLedger(kept)
    found = ledger.events(_account(ledger, account), Wanted(message=message))
    return f"{app.workspace.root.name} ({ledger.path.name})", [event.as_json() for event in found]


def _account(ledger: KeptLedger, asked: str | None) -> str:
    """Of a kept ledger's accounts the one that is asked for, else the default one, else the only one."""
    there = ledger.accounts()
    if asked in there or (asked is None and DEFAULT_ACCOUNT in there):
        return asked or DEFAULT_ACCOUNT
    if asked is None and len(there) <= 1:
        return there[0] if there else DEFAULT_ACCOUNT
    raise UsageError(
        f"The ledger {ledger.path} has no account {asked!r}."
        if asked
        else f"The ledger {ledger.path} holds several accounts.",
        hint=f"Say which with --account; it holds: {', '.join(there) or 'none'}.",
    )


def _write(file: Path, events: Sequence[Mapping[str, Any]], *, title: str, about: str) -> None:
    from harness.report.timeline import render  # noqa: PLC0415 - only where a page is asked for

    try:
        file.write_text(render(events, title=title, about=about), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"The timeline cannot be written to {file}: {error.strerror}.",
            hint="Name a file in a folder that exists and can be written to.",
        ) from error


def _summary(messages: Mapping[str, Sequence[Mapping[str, Any]]]) -> Any:
    from rich import box  # noqa: PLC0415 - JSON answers need no rich
    from rich.table import Table  # noqa: PLC0415 - the same

    from harness.report.console import safe  # noqa: PLC0415 - the same

    if not messages:
        return "No message has been sent since the stack was reset."
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("message id", "queue", "receives", "last", "body"):
        table.add_column(name, justify="right" if name == "receives" else "left")
    for message, events in messages.items():
        first, last = events[0], events[-1]
        receives = sum(1 for event in events if event["kind"] == "received")
        told = sentence(last, first["at"])
        table.add_row(
            *(safe(message), safe(str(first.get("queue", ""))), str(receives)),
            *(safe(told), safe(str(first.get("body", "")), _BODY)),
        )
    return table


def _safe(text: str) -> Any:
    """Lines whose texts came from outside, never taken for control codes."""
    from rich.text import Text  # noqa: PLC0415 - JSON answers need no rich

    from harness.report.console import safe  # noqa: PLC0415 - the same

    return Text("\n").join(safe(line) for line in text.splitlines())
