"""The protocol of all targets: each starts an environment, finds the running one, and stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.check import Check
    from harness.model.environment import Owner, RunningEnvironment
    from harness.model.progress import Progress
    from harness.project.settings import Settings

Undeploy: TypeAlias = "Callable[[RunningEnvironment], str]"
"""Destroys what was deployed to an environment that does not end with its target; returns what it did."""


def undeploy_nothing(_: RunningEnvironment) -> str:
    """For an environment to which nothing was deployed."""
    return "nothing deployed"


class Target(Protocol):
    """A place where a stack can run; its class is made with workspace, settings and `port`.

    What differs between targets is answered here, and in the `RunningEnvironment` that `start` returns.
    Nobody else asks for a target's name.
    """

    name: ClassVar[str]

    runs_here: ClassVar[bool] = False
    """Whether functions run as processes of this machine, which then needs their runtimes."""

    on_request_only: ClassVar[bool] = False
    """Whether settings cannot choose it, and what a killed run left there is kept in the record until it is
    destroyed: it costs money, or harms, where nobody thinks of it."""

    option: ClassVar[str] = ""
    """The setting that means this target alone, such as the URL of one; empty where there is none."""

    undeploy: Undeploy
    """Called by a target whose environment outlives it, before what is deployed there is left behind."""

    @property
    def starts_first(self) -> bool:
        """Whether its start takes no time and may refuse, so that nothing else is begun before it."""
        return True

    @classmethod
    def checks(cls, settings: Settings, *, chosen: bool) -> list[Check]:  # noqa: ARG003 - most need nothing
        """What `harness doctor` looks at for it: what it needs on this machine."""
        return []

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
