"""Runs functions as processes that speak the Lambda Runtime API.

`environments()` lists the execution environments; `debugging` starts and stops debuggers.
"""

from harness.emulator.executor import debugging
from harness.emulator.executor.pool import environments

__all__ = ["debugging", "environments"]
