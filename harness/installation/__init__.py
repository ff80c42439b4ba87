"""The emulator's own Python environment on this machine: made once for all projects of a user, and kept."""

from harness.installation._ensure import ensure, installed, node_program
from harness.installation._place import Installation
from harness.installation._runtimes import runtime_reports
from harness.installation._source import SOURCE_VARIABLE
from harness.machine.cache import CACHE_VARIABLE, cache_folder

__all__ = [
    "CACHE_VARIABLE",
    "SOURCE_VARIABLE",
    "Installation",
    "cache_folder",
    "ensure",
    "installed",
    "node_program",
    "runtime_reports",
]
