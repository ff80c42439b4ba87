"""What of LocalStack's is replaced for functions that run as processes is there to be replaced."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.only_on("embedded")

SCRIPT = """
from localstack.services.lambda_.invocation.assignment import AssignmentService
from localstack.services.lambda_.invocation.runtime_executor import get_runtime_executor

service = AssignmentService()
service.environments["version"]["first"] = 1
plugin = get_runtime_executor()
assert plugin.__name__ == "ProcessRuntimeExecutor", plugin

from harness_emulator.localstack.function_patches import PATCHES, apply
from localstack.services.lambda_.invocation.lambda_models import InitializationType

apply()  # a second time: nothing is patched twice
for patch in PATCHES:
    replaced = vars(patch.owner)[patch.name]
    assert replaced.__wrapped__.__module__.startswith("localstack."), patch.reason


class Environment:
    initialization_type = InitializationType.on_demand

    def reserve(self):
        service.environments["version"][f"added {len(service.environments['version'])}"] = self

    def release(self):
        pass


service.environments["version"] = {"first": Environment(), "second": Environment()}
service.environments = dict(service.environments)
with service.get_environment("version", None, InitializationType.on_demand):
    values = service.environments["version"].values()
    for value in values:
        value.reserve()
print("done")
"""


def test_the_patches_fit_this_localstack() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=False,
        env={"LAMBDA_RUNTIME_EXECUTOR": "process", "PATH": "/usr/bin:/bin"},
    )
    assert done.stdout == "done\n", done.stderr
