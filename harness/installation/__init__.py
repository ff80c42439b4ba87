"""The emulator's own Python environment on this machine: made once for all projects of a user, and kept."""

from harness.installation._place import CACHE_VARIABLE, Installation, cache_folder, installed, node_program
from harness.installation._runtimes import runtime_reports

__all__ = ["CACHE_VARIABLE", "Installation", "cache_folder", "installed", "node_program", "runtime_reports"]
