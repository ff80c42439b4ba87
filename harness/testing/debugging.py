"""`pytest --harness-debug`: the debugger follows the stack of the test that runs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from harness.model.errors import EmulatorError
from harness.testing.terminal import shown_progress

if TYPE_CHECKING:
    import pytest

    from harness.client.debugging import DebugSession
    from harness.testing.options import Options
    from harness.testing.session import Deployed, HarnessSession

_PATIENCE = 3600.0  # seconds that a test waits for a result while somebody debugs


class Debugger:
    """Debugs the mapped function of one variation at a time, for they share a port.

    Args:
        config: The run.
        options: Its options.
        session: Its environment.
    """

    def __init__(self, config: pytest.Config, options: Options, session: HarnessSession) -> None:
        self._config = config
        self._options = options
        self._session = session
        self._current: tuple[Deployed, DebugSession] | None = None

    def follow(self, deployed: Deployed) -> None:
        """Debug the function that this variation's mapping invokes, where the run asks for it."""
        if self._options.debug_port is None or (self._current and self._current[0] is deployed):
            return
        from harness.client.deadline import lengthen_deadlines  # noqa: PLC0415 - the same
        from harness.client.debugging import start_debugging  # noqa: PLC0415 - only where a run debugs

        lengthen_deadlines(_PATIENCE)

        self.close()
        function = deployed.stack.function_mapped()
        session = start_debugging(
            deployed.environment,
            function.name,
            account=deployed.deployment.account,
            source_root=self._session.workspace.root,
            port=self._options.debug_port or None,
            wait=self._options.debug_wait,
        )
        self._current = deployed, session
        waits = "invocations wait for it" if session.wait else "invocations do not wait for it"
        text = f"harness: attach a debugger to {session.host}:{session.port} ({function.name}; {waits})"
        with shown_progress(self._config, text):
            pass

    def close(self) -> None:
        """Let the function run without a debugger again."""
        if self._current is None:
            return
        from harness.client.debugging import stop_debugging  # noqa: PLC0415 - only where a run debugs

        deployed, session = self._current
        self._current = None
        with suppress(EmulatorError):  # it ended before its debugger
            stop_debugging(deployed.environment, session.function, account=session.account)
