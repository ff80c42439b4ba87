"""The protocol of all targets: each starts an environment, finds the running one, and stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from harness.model.environment import Environment, Owner
    from harness.model.progress import Progress


class Target(Protocol):
    """A place where a stack can run."""

    name: str

    @property
    def starts_first(self) -> bool:
        """Whether its start takes no time and may refuse, so that nothing else is begun before it."""
        ...

    runs_here: bool
    """Whether functions run as processes of this machine, which then needs their runtimes."""

    def running(self) -> Environment | None:
        """The environment that is up and healthy, or None; a record of a dead one is cleared away."""
        ...

    def start(self, progress: Progress, *, owner: Owner) -> Environment:
        """Start one and wait until it is ready.

        Raises:
            EmulatorError: It did not start; `detail` has its last log lines. Nothing is left running.
        """
        ...

    def stop(self) -> Environment | None:
        """Stop what is up, with everything it started; return what was stopped, or None."""
        ...
