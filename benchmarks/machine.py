"""What the figures were measured on."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from typing import TYPE_CHECKING

import psutil

from harness.project.settings import Settings
from harness.terraform.program import find_terraform
from harness_emulator.functions.runtimes.discovery import find_interpreter

if TYPE_CHECKING:
    from harness.project.workspace import Workspace

GIBIBYTE = 2**30


def facts(workspace: Workspace) -> dict[str, str]:
    """The machine and the versions that matter to the figures."""
    settings = Settings.load(workspace, {})
    handlers = (find_interpreter(package.runtime) for package in settings.packages)
    return {
        "machine": f"{psutil.cpu_count()} cores ({platform.machine()}), "
        f"{psutil.virtual_memory().total / GIBIBYTE:.0f} GiB, {platform.system()} {platform.release()}",
        "load before": " ".join(f"{load:.2f}" for load in os.getloadavg()),
        "Python": platform.python_version(),
        "handlers": ", ".join(
            f"{interpreter.runtime} on Python {'.'.join(map(str, interpreter.version))}"
            for interpreter in handlers
        ),
        "Terraform": str(find_terraform(workspace, settings).version),
        "LocalStack": importlib.metadata.version("localstack-core"),
        "AWS provider binding": importlib.metadata.version("cdktf-cdktf-provider-aws"),
    }
