"""`harness faults`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from harness.cli.app import App, command
from harness.client.faults import KINDS
from harness.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.client import Fault


@click.group(invoke_without_command=True)
@click.pass_context
@command
def faults(app: App, context: click.Context) -> int:
    """Break things on purpose: rules that say what goes wrong, where, when and how often.

    They hold until `harness faults clear`, or until a test begins with the stack emptied. Without a command
    they are listed.
    """
    return 0 if context.invoked_subcommand else _list(app)


@faults.command()
@click.argument("kind", metavar="KIND")
@click.option("--function", metavar="NAME", help="Only of this function: construct id or AWS name.")
@click.option("--queue", metavar="NAME", help="Only of this queue: construct id or AWS name.")
@click.option("--nth-invoke", type=int, metavar="N", help="Only the nth invocation from now on.")
@click.option(
    "--nth-delivery", type=int, metavar="N", help="Only messages that are received for the nth time."
)
@click.option("--nth-receive", type=int, metavar="N", help="Only the nth receive that finds messages.")
@click.option("--nth-send", type=int, metavar="N", help="Only the nth send of functions.")
@click.option("--body", metavar="TEXT", help="Only messages that hold this text.")
@click.option("--always", is_flag=True, help="Each time, not once.")
@click.option("--when", metavar="[before|during|after]", help="Of crash: when, by the handler's run.")
@click.option("--error", metavar="TYPE", help="Of raise: the exception's type.")
@click.option("--seconds", type=float, help="Of latency and delay_delete.")
@click.option("--messages", type=int, metavar="N", help="Of short_receive: at most so many.")
@click.option("--seed", type=int, metavar="N", help="Of reorder: another order; 0 is the newest first.")
@click.option("--entries", metavar="[all|N]", help="Of fail_send: the call, or so many entries of a batch.")
@click.option("--code", help="Of fail_send: the error's code.")
@command
def add(app: App, /, *, kind: str, always: bool, **options: Any) -> int:
    r"""Add a rule: from now on, KIND goes wrong once, where the aims say, or always.

    KIND is one of crash, time_out, raise, throttle, latency, lose_delete, delay_delete, duplicate, reorder,
    short_receive, empty_receive, fail_send; docs/faults.md tells what each does.

    \b
    harness faults add crash --function calculatrice --nth-invoke 1 --when after
    harness faults add lose_delete --queue InputQueue --body '"operation": "add"'
    """
    if kind not in KINDS:
        raise UsageError(
            f"harness faults add: there is no kind {kind!r}.", hint=f"There is: {', '.join(KINDS)}."
        )
    given = {name: value for name, value in options.items() if value is not None}
    if str(given.get("entries", "")).isdecimal():
        given["entries"] = int(given["entries"])
    rule = app.stack().faults.add(kind, always=always, **given)
    app.show(str(rule))
    return app.answer({"fault": _document(rule)})


@faults.command(name="list")
@command
def list_(app: App) -> int:
    """Show the rules, and how often each has struck."""
    return _list(app)


def _list(app: App) -> int:
    rules = app.stack().faults.list()
    app.show(*_told(rules))
    return app.answer({"faults": [_document(rule) for rule in rules]})


@faults.command()
@click.argument("fault_id", required=False, metavar="[ID]")
@command
def clear(app: App, *, fault_id: str | None) -> int:
    """Remove all rules, or the one of that ID; those that never struck are named."""
    found = app.stack().faults
    rules = [rule for rule in found.list() if fault_id in {None, rule.id}]
    if fault_id is None:
        found.clear()
    else:
        found.remove(fault_id)
    app.show(*_told(rules))
    return app.answer({"removed": [_document(rule) for rule in rules]})


def _told(rules: Iterable[Fault]) -> list[str]:
    lines = [f"{rule} {_times(rule.fired)}" for rule in rules]
    return lines or ["No faults."]


def _times(fired: int) -> str:
    match fired:
        case 0:
            return "never fired"
        case 1:
            return "fired once"
    return f"fired {fired} times"


def _document(rule: Fault) -> dict[str, Any]:
    return {"id": rule.id, "kind": rule.kind, **rule.aim, **rule.options, "fired": rule.fired}
