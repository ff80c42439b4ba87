"""`harness deploy`, `synth`, `package`: the steps of `up` alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from harness.cli.app import App, command, stack_option
from harness.installation import ensure
from harness.model.environment import own_account
from harness.project.packaging import build_packages
from harness.report.tables import deployed_table
from harness.session.up import deploy_to_running
from harness.terraform import synthesize

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@stack_option
@command
def deploy(app: App, stack: str | None) -> int:
    """Deploy the stack to the environment that is up."""
    app.choose_stack(stack)
    started = time.perf_counter()
    session = deploy_to_running(app.workspace, app.settings, progress=app.progress)
    seconds = time.perf_counter() - started
    what = "deployed" if session.deployment.changed else "nothing changed"
    app.show(
        f"{session.deployment.stack} is at {session.environment.address} ({what}, {seconds:.1f} s)",
        deployed_table(session.deployment),
    )
    return app.answer(
        {
            "environment": session.environment.as_json(),
            "deployment": session.deployment.as_json(),
            "changed": session.deployment.changed,
            "seconds": round(seconds, 3),
            **app.steps(),
        }
    )


@click.command()
@stack_option
@command
def synth(app: App, stack: str | None) -> int:
    """Synthesize the CDKTF app, and show where its Terraform JSON is."""
    app.choose_stack(stack)
    build_packages(app.workspace, app.settings, app.progress)
    made = synthesize(
        app.workspace,
        app.settings,
        place=own_account(),
        progress=app.progress,
        node=lambda: ensure(app.progress).node,
    )
    app.show(f"{made.stack}  {made.folder}")
    return app.answer({"stack": made.stack, "folder": str(made.folder), "fresh": made.fresh, **app.steps()})


@click.command()
@command
def package(app: App) -> int:
    """Make the deployment packages that the settings name."""
    packages = build_packages(app.workspace, app.settings, app.progress)
    if not packages:
        app.show("The project names no packages: add [[tool.harness.package]] to pyproject.toml.")
    for made in packages:
        state = "made" if made.changed else "unchanged"
        app.show(f"{_shown(made.path, app.workspace.root)}  {state}  {made.sha256}")
    return app.answer(
        {
            "packages": [
                {"path": str(made.path), "sha256": made.sha256, "changed": made.changed} for made in packages
            ],
            **app.steps(),
        }
    )


def _shown(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path
