"""The setting `virtual_time`: which functions' handlers have the time of the stack's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.client.control import ControlApi, RefusedError
from harness.model.errors import NotFoundInStackError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.client import Stack


def share_time(stack: Stack, functions: Sequence[str]) -> None:
    """Let the handlers of these functions, and of no others, have the time of the stack's clock.

    Where there is no clock to move, they have it anyway.

    Args:
        stack: The deployed stack.
        functions: Construct ids or AWS names.

    Raises:
        UsageError: The stack has no such function.
    """
    if "virtual_clock" not in stack.capabilities:
        return
    try:
        arns = [stack.function(name).arn for name in functions]
    except NotFoundInStackError as error:
        raise UsageError(f"The setting virtual_time: {error.message}", hint=error.hint) from None
    control = ControlApi(stack.endpoint.url, stack.endpoint.account)
    try:
        control.call("POST", "virtual-time", {"functions": arns})
    except RefusedError:  # an emulator of an earlier version, which gives nobody its time
        if arns:
            raise
