"""Start and stop debugging of a function: the emulator runs its process under debugpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.client.control import ControlApi
from harness.model.environment import DEFAULT_ACCOUNT
from harness.model.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.model.environment import RunningEnvironment

DEFAULT_PORT = 5678
"""What editors suggest; an environment that has one port for all debuggers comes before it."""


@dataclass(frozen=True)
class DebugSession:
    """A function whose process a debugger can attach to.

    Attributes:
        function: Name or ARN, as it was asked for.
        account: The account the function is deployed in.
        host: Always the loopback interface.
        port: Where the debug adapter protocol is spoken.
        wait: Whether an invocation waits until a client has attached.
    """

    function: str
    account: str
    port: int
    wait: bool
    host: str = "127.0.0.1"


def start_debugging(
    environment: RunningEnvironment,
    function: str,
    *,
    source_root: Path,
    account: str = DEFAULT_ACCOUNT,
    port: int | None = None,
    wait: bool = True,
) -> DebugSession:
    """Have `function` run under debugpy from its next invocation on.

    While a client is attached the function's timeout is suspended, and all its invocations run one after
    the other in the one process that is debugged.

    Args:
        environment: The environment that is up.
        function: The function's AWS name or ARN.
        source_root: The project's folder: breakpoints set in its files are those of the deployed handler.
        account: The account the function is deployed in.
        port: On 127.0.0.1; 0 takes a free one. Default: the environment's own, where it has one, else 5678.
        wait: Invocations wait for a client before the handler's module is imported.

    Raises:
        UsageError: The environment has no capability `debug`.
        HarnessError: The function is not deployed in that account, or the port is taken.
    """
    _check(environment)
    control = ControlApi(environment.url, account)
    if port is None:
        port = control.call("GET", "health").get("debug_port") or DEFAULT_PORT
    answer = control.call(
        "POST",
        "debug",
        {"function": function, "port": port, "wait": wait, "source_root": str(source_root.resolve())},
    )
    return DebugSession(function, account, int(answer["port"]), wait)


def stop_debugging(environment: RunningEnvironment, function: str, *, account: str = DEFAULT_ACCOUNT) -> None:
    """Have `function` run without a debugger again, from its next invocation on; a client is let go of."""
    _check(environment)
    ControlApi(environment.url, account).call("DELETE", "debug", function=function)


def debugging(environment: RunningEnvironment, *, account: str = DEFAULT_ACCOUNT) -> list[dict[str, Any]]:
    """The functions of `account` that are debugged now, as the control API tells them."""
    _check(environment)
    answer: list[dict[str, Any]] = ControlApi(environment.url, account).call("GET", "debug")
    return answer


def _check(environment: RunningEnvironment) -> None:
    if "debug" not in environment.capabilities:
        raise UsageError(
            f"The target {environment.target!r} ({environment.address}) has no capability 'debug': its "
            "functions run where no debugger reaches them.",
            hint="Debug on a target that has it: `harness down`, then `harness up --target embedded`.",
        )
