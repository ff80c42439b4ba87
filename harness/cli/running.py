"""The stack that is up, for the commands that talk to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.model.errors import NoEnvironmentError
from harness.session.up import running_environment, stack_of
from harness.terraform import load_deployment

if TYPE_CHECKING:
    from harness.cli.app import App
    from harness.client import Stack


def running_stack(app: App) -> Stack:
    """The stack that is deployed to the environment that is up.

    Raises:
        NoEnvironmentError: None is up, or nothing is deployed to it.
    """
    environment = running_environment(app.workspace, app.settings)
    deployment = load_deployment(app.workspace, environment)
    if deployment is None:
        raise NoEnvironmentError(
            f"Nothing is deployed to the environment at {environment.address}.",
            hint="Deploy the stack with `harness deploy`.",
        )
    return stack_of(environment, deployment)
