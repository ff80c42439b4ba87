"""Makes a deployed stack as new for the next test: code, queues, faults, clock and ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.client.control import ControlApi
from harness.model.errors import HarnessError

if TYPE_CHECKING:
    from harness.client import Stack
    from harness.model.environment import RunningEnvironment

_RESET_SECONDS = 10
"""How long one reset waits for invocations that are under way."""


def reset(environment: RunningEnvironment, stack: Stack) -> None:
    """Put the deployed code back, and empty the queues once no invocation would still send results.

    Args:
        environment: Where the stack runs.
        stack: The stack.

    Raises:
        HarnessError: An earlier invocation does not end, or the queues cannot be emptied.
    """
    deployment = stack.deployment
    for resource in deployment.functions:
        if resource.package and resource.code_sha256:
            stack.function(resource.name).restore_code(resource.code_sha256, resource.package)
    if not environment.control:
        from harness.client.emptying import empty  # noqa: PLC0415 - only where AWS's API is all there is

        empty(stack)
        return
    control = ControlApi(environment.url, deployment.account)
    longest = max((function.timeout for function in deployment.functions), default=0)
    # One call waits a while; a function that runs into its timeout may take longer than that.
    for _ in range(1 + longest // _RESET_SECONDS):
        if not control.call("POST", "reset")["mappings_still_busy"]:
            return
    raise HarnessError(
        "An invocation that an earlier test caused has not ended, so that its results could be this test's.",
        hint="Is a debugger stopped in it? `harness down` ends everything.",
    )
