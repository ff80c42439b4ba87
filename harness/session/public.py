"""`harness.Environment`: a stack that is up, for unittest, notebooks and scripts."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.model.errors import UsageError
from harness.model.progress import Progress
from harness.project.workspace import Workspace
from harness.session.resetting import reset
from harness.session.targets import load_settings
from harness.session.up import bring_up, take_down

if TYPE_CHECKING:
    import os
    from types import TracebackType

    from typing_extensions import Self

    from harness.client import Clock, Faults, Ledger, Stack
    from harness.project.settings import Settings
    from harness.session.up import StackSession


class Environment:
    """A stack that is up, as a context manager.

    For example::

        with harness.Environment.up() as environment:
            environment.stack.queue("InputQueue").send({"operation": "add", "a": 5, "b": 3})
            environment.clock.settle()

    Leaving the block stops what `up` started; an environment that was running before stays.
    """

    def __init__(
        self, session: StackSession, workspace: Workspace, settings: Settings, *, keep: bool
    ) -> None:
        self._session = session
        self._workspace = workspace
        self._settings = settings
        self._keep = keep
        self._stack = session.stack()

    @classmethod
    def up(
        cls,
        project: str | os.PathLike[str] | None = None,
        *,
        target: str | None = None,
        stack: str | None = None,
        namespace: str = "",
        port: int | None = None,
        keep: bool = False,
        verbose: bool = False,
    ) -> Self:
        """Bring the project's stack up, or deploy to the environment that is running.

        Args:
            project: The folder that holds `cdktf.json`, or one below it; default: the working directory.
            target: `embedded`, `container`, `endpoint` or `aws`; default: what is running, else the setting.
            stack: The stack of an app that has several.
            namespace: Stacks brought up with different namespaces do not see each other.
            port: The emulator's port on 127.0.0.1; default: the setting, else a free one.
            keep: Leave a started environment running after the block.
            verbose: Print each step on standard error, as the command line does.

        Raises:
            UsageError: The folder holds no project, or an argument is wrong.
            HarnessError: The stack cannot be brought up; nothing that this call started is left running.
        """
        if namespace and not namespace.isprintable():
            raise UsageError(f"namespace must be printable text, got {namespace!r}.")
        workspace = Workspace.find(None if project is None else Path(project))
        settings = load_settings(workspace)
        if stack is not None:
            settings = replace(settings, stack=stack)
        session = bring_up(
            workspace,
            settings,
            seed=namespace,
            progress=Progress(sys.stderr if verbose else None),
            asked=target,
            port=port,
            owner="detached" if keep else "this-process",
        )
        return cls(session, workspace, settings, keep=keep)

    @property
    def stack(self) -> Stack:
        """The stack: its queues, functions and outputs."""
        return self._stack

    @property
    def clock(self) -> Clock:
        """The stack's clock."""
        return self._stack.clock

    @property
    def faults(self) -> Faults:
        """The stack's faults."""
        return self._stack.faults

    @property
    def ledger(self) -> Ledger:
        """What has happened to the stack's messages."""
        return self._stack.ledger

    @property
    def url(self) -> str:
        """Where AWS's APIs answer: `http://127.0.0.1:PORT`; empty on AWS itself."""
        return self._session.environment.url

    def reset(self) -> None:
        """Empty the queues, and forget faults, moved time and history: for the beginning of each test.

        Raises:
            HarnessError: An earlier invocation does not end.
        """
        reset(self._session.environment, self._stack)

    def down(self) -> None:
        """Stop the environment if `up` started it; again does nothing."""
        if self._session.started:
            take_down(self._workspace, self._settings, Progress(), only=self._session.environment.id)
            self._session = replace(self._session, started=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._keep:
            self.down()
