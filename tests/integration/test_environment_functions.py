from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import psutil
import pytest

from harness.client.control import ControlApi
from tests.support.mapped import Mapped

if TYPE_CHECKING:
    from tests.integration.conftest import StartEmulator

pytestmark = pytest.mark.only_on("embedded")

BUSY = """
def on(event):
    tell("started")
    wait_for_gate()
"""


@pytest.mark.parametrize("way", ["stop", "kill"])
def test_no_functions_process_outlives_the_emulator(start_emulator: StartEmulator, way: str) -> None:
    own, target = start_emulator()
    mapped = Mapped(own.client, BUSY)
    mapped.send("x")
    mapped.told(1)
    listed = ControlApi(own.url, mapped.account).call("GET", "environments")
    functions = [psutil.Process(entry["pid"]) for entry in listed if entry["pid"]]
    assert functions
    everything = psutil.Process(own.environment.pid).children(recursive=True)
    if way == "kill":
        os.kill(own.environment.pid, signal.SIGKILL)
    else:
        target.stop()
    _, alive = psutil.wait_procs([*functions, *everything], timeout=20)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
