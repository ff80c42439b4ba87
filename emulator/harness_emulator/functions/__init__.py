"""Runs functions as processes that speak the Lambda Runtime API.

`environments()` lists the execution environments; `debugging` starts and stops debuggers;
`forget_later_logs(account)` is for a clock that was set back. All are imported when they are first asked
for, since they import LocalStack.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness_emulator.functions import debugging
    from harness_emulator.functions.pool import environments
    from harness_emulator.localstack.cloudwatch import forget_later_logs

__all__ = ["debugging", "environments", "forget_later_logs"]


def __getattr__(name: str) -> Any:
    if name == "environments":
        return importlib.import_module("harness_emulator.functions.pool").environments
    if name == "debugging":
        return importlib.import_module("harness_emulator.functions.debugging")
    if name == "forget_later_logs":
        return importlib.import_module("harness_emulator.localstack.cloudwatch").forget_later_logs
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
