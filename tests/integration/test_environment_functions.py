from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import boto3
import psutil
import pytest

from harness.control import ControlApi
from harness.progress import Progress
from harness.settings import Settings
from harness.targets.embedded import EmbeddedTarget
from harness.workspace import Workspace
from tests.support.mapped import Mapped

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Emulator

BUSY = """
def on(event):
    tell("started")
    wait_for_gate()
"""


@pytest.mark.parametrize("way", ["stop", "kill"])
def test_no_functions_process_outlives_the_emulator(emulator: Emulator, tmp_path: Path, way: str) -> None:
    workspace = Workspace(tmp_path)
    workspace.runtimes.symlink_to(emulator.workspace.runtimes)
    target = EmbeddedTarget(workspace, Settings())
    environment = target.start(Progress(), owner="detached")
    try:

        def client(service: str, account: str) -> Any:
            arguments = environment.endpoint(account=account).client_arguments()
            return boto3.session.Session().client(service, **arguments)  # type: ignore[call-overload]

        mapped = Mapped(client, BUSY)
        mapped.send("x")
        mapped.told(1)
        listed = ControlApi(environment.url, mapped.account).call("GET", "environments")
        functions = [psutil.Process(entry["pid"]) for entry in listed if entry["pid"]]
        assert functions
        everything = psutil.Process(environment.pid).children(recursive=True)
        if way == "kill":
            os.kill(environment.pid, signal.SIGKILL)
        else:
            target.stop()
        _, alive = psutil.wait_procs([*functions, *everything], timeout=20)
        assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    finally:
        target.stop()
