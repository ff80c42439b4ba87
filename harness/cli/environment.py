"""`harness up`, `down`, `status`."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import click

from harness.cli.app import App, command, stack_option
from harness.environments.registry import TARGETS, named_by_option
from harness.model.errors import HarnessError
from harness.report.tables import deployed_table, status_tables
from harness.session.targets import target_for
from harness.session.up import bring_up, stack_of, take_down
from harness.terraform import load_deployment

if TYPE_CHECKING:
    from harness.client import QueueCounts, Stack


@click.command()
@click.option("--target", type=click.Choice(sorted(TARGETS)), help="Where the stack runs.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port on 127.0.0.1; default: a free one.")
@click.option("--endpoint", metavar="URL", help="The endpoint target's URL, such as http://127.0.0.1:4566.")
@stack_option
@command
def up(app: App, target: str | None, port: int | None, endpoint: str | None, stack: str | None) -> int:
    """Start the environment and deploy the stack.

    What is up is used, and only what changed is deployed to it. It stays up until `harness down`.
    """
    started = time.perf_counter()
    app.choose_stack(stack)
    if endpoint:
        target = named_by_option("endpoint", endpoint, target)
    settings = replace(app.settings, endpoint=endpoint) if endpoint else app.settings
    session = bring_up(
        app.workspace,
        settings,
        progress=app.progress,
        asked=target,
        port=port,
    )
    seconds = time.perf_counter() - started
    app.show(
        f"{session.deployment.stack} is up at {session.environment.address} "
        f"({_what(started=session.started, changed=session.deployment.changed)}, {seconds:.1f} s)",
        deployed_table(session.deployment),
    )
    return app.answer(
        {
            "environment": session.environment.as_json(),
            "deployment": session.deployment.as_json(),
            "started": session.started,
            "changed": session.deployment.changed,
            "seconds": round(seconds, 3),
            **app.steps(),
        }
    )


@click.command()
@command
def down(app: App) -> int:
    """Stop the environment, with everything it started.

    An endpoint that somebody else runs goes on; what was deployed there is destroyed. Where nothing is up,
    that is said and is no error.
    """
    stopped = take_down(app.workspace, app.settings, app.progress)
    if stopped is None:
        app.show("Nothing is up.")
    elif stopped.shared:
        app.show(f"Left the endpoint {stopped.address}; it goes on.")
    else:
        app.show(f"Stopped the environment at {stopped.address}.")
    return app.answer({"stopped": stopped and stopped.as_json(), **app.steps()})


@click.command()
@command
def status(app: App) -> int:
    """Show what is up: the environment, its queues with their counters, its functions.

    Where nothing is up, that is said and is no error.
    """
    environment = target_for(app.settings, app.workspace).running()
    if environment is None:
        app.show("Nothing is up. Start it with `harness up`.")
        return app.answer({"environment": None, "deployment": None, "counts": {}})
    deployment = load_deployment(app.workspace, environment)
    if deployment is None:
        app.show(*status_tables(environment, None, {}), "Nothing is deployed. Deploy with `harness deploy`.")
        return app.answer({"environment": environment.as_json(), "deployment": None, "counts": {}})
    counts = _counts(stack_of(environment, deployment))
    app.show(*status_tables(environment, deployment, counts))
    return app.answer(
        {
            "environment": environment.as_json(),
            "deployment": deployment.as_json(),
            "counts": {name: count and asdict(count) for name, count in counts.items()},
        }
    )


def _counts(stack: Stack) -> dict[str, QueueCounts | None]:
    """Each queue's counters; None for one that is gone."""
    counts: dict[str, QueueCounts | None] = {}
    for queue in stack.queues:
        try:
            counts[queue.name] = queue.counts()
        except HarnessError:
            counts[queue.name] = None
    return counts


def _what(*, started: bool, changed: bool) -> str:
    if started:
        return "started"
    return "was up, changes deployed" if changed else "was up, nothing changed"
