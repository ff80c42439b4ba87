"""`harness faults`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from harness.cli.app import App, command
from harness.model.errors import UsageError
from harness.model.faults import ADVERSARY, KINDS, SELECTORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

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


def _options(adding: Callable[..., Any]) -> Callable[..., Any]:
    """An option of the command line for each selector, and for each option of any kind."""
    flags = [click.option("--always", is_flag=True, help="Each time, not once.")]
    flags += [
        _flag(name, meaning, int if name.startswith("nth_") else str) for name, meaning in SELECTORS.items()
    ]
    owners: dict[str, list[str]] = {}
    for kind, of in KINDS.items():
        for name in of.options:
            owners.setdefault(name, []).append(kind)
    for name, kinds in owners.items():
        option = KINDS[kinds[0]].options[name]
        number = None if option.least is None or option.word else (int if option.whole else float)
        flags.append(
            _flag(name, f"Of {' and '.join(kinds)}. {option.meaning}", number or str, option.choices)
        )
    for flag in reversed(flags):
        adding = flag(adding)
    return adding


def _flag(name: str, meaning: str, kind: type, choices: Sequence[str] = ()) -> Callable[..., Any]:
    metavar = f"[{'|'.join(choices)}]" if choices else {int: "N", float: "SECONDS"}.get(kind, "TEXT")
    return click.option(f"--{name.replace('_', '-')}", type=kind, metavar=metavar, help=meaning)


def _kinds() -> str:
    """The table of kinds in the command's help."""
    lines = [f"  {name:<14} {of.meaning}" for name, of in KINDS.items()]
    return "\b\n" + "\n".join(lines)


@faults.command(epilog=_kinds())
@click.argument("kind", metavar="KIND")
@_options
@command
def add(app: App, /, *, kind: str, always: bool, **options: Any) -> int:
    r"""Add a rule: KIND goes wrong the next time that the selectors match, or with --always each time.

    \b
    harness faults add crash --function calculatrice --nth-invoke 1 --when after
    harness faults add lose_delete --queue InputQueue --body '"operation": "add"'

    Kinds:
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
    """Show the rules and how often each has triggered, and the seed of an adversary."""
    return _list(app)


def _list(app: App) -> int:
    found = app.stack().faults
    rules, seed = found.list(), found.adversary_seed()
    adversary = [] if seed is None else [f"adversary: seed {seed}"]
    app.show(*(adversary if adversary and not rules else [*_told(rules), *adversary]))
    return app.answer({"faults": [_document(rule) for rule in rules], "adversary": seed})


@faults.command()
@click.argument("fault_id", required=False, metavar="[ID]")
@command
def clear(app: App, *, fault_id: str | None) -> int:
    """Remove all rules, or the one of that ID; rules that never triggered are named.

    The ID `adversary` sends the adversary away, which stays otherwise.
    """
    found = app.stack().faults
    rules = [rule for rule in found.list() if fault_id in {None, rule.id}]
    if fault_id is None:
        found.clear()
    else:
        found.remove(fault_id)
    if fault_id == ADVERSARY:
        app.show("adversary: removed")
        return app.answer({"removed": [{"id": ADVERSARY}]})
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
    return {"id": rule.id, "kind": rule.kind, **rule.selectors, **rule.options, "fired": rule.fired}
