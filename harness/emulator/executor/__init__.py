"""Runs functions as processes that speak the Lambda Runtime API.

`environments()` lists the execution environments; `debugging` starts and stops debuggers;
`forget_later_logs(account)` is for a clock that was set back. All are imported when they are first asked
for, since they import LocalStack.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.emulator.executor import debugging
    from harness.emulator.executor.cloudwatch import forget_later_logs
    from harness.emulator.executor.pool import environments

__all__ = ["debugging", "environments", "forget_later_logs"]


def __getattr__(name: str) -> Any:
    if name == "environments":
        return importlib.import_module("harness.emulator.executor.pool").environments
    if name == "debugging":
        return importlib.import_module("harness.emulator.executor.debugging")
    if name == "forget_later_logs":
        return importlib.import_module("harness.emulator.executor.cloudwatch").forget_later_logs
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
