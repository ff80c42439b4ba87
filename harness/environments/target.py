"""The protocol of all targets: each starts an environment, finds the running one, and stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.environment import Owner, RunningEnvironment
    from harness.model.progress import Progress

Undeploy: TypeAlias = "Callable[[RunningEnvironment], str]"
"""Destroys what was deployed to an environment that does not end with its target; returns what it did."""


def undeploy_nothing(_: RunningEnvironment) -> str:
    """For an environment to which nothing was deployed."""
    return "nothing deployed"


class Target(Protocol):
    """A place where a stack can run."""

    name: str

    @property
    def starts_first(self) -> bool:
        """Whether its start takes no time and may refuse, so that nothing else is begun before it."""
        ...

    runs_here: bool
    """Whether functions run as processes of this machine, which then needs their runtimes."""

    undeploy: Undeploy
    """Called by a target whose environment outlives it, before what is deployed there is left behind."""

    def running(self) -> RunningEnvironment | None:
        """The environment that is up and healthy, or None; a record of a dead one is cleared away."""
        ...

    def start(self, progress: Progress, *, owner: Owner) -> RunningEnvironment:
        """Start one and wait until it is ready.

        Raises:
            EmulatorError: It did not start; `detail` has its last log lines. Nothing is left running.
        """
        ...

    def stop(self) -> RunningEnvironment | None:
        """Stop what is up, with everything it started; return what was stopped, or None."""
        ...
