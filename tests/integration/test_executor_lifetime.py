"""When the emulator ends, however it ends, everything that functions started ends too."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.support.lambda_functions import LambdaFunctions
from tests.support.processes import alive
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.integration.conftest import Emulator, StartEmulator

pytestmark = pytest.mark.only_on("embedded")

STARTS_OTHERS = """
    import os, signal, subprocess, threading
    def handler(event, context):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen(["sleep", "600"])
        escaped = subprocess.Popen(["sleep", "600"], start_new_session=True)
        pids = [os.getpid(), child.pid, escaped.pid]
        if event:
            print("pids", *pids)
            threading.Event().wait()
        return pids
"""


@pytest.fixture
def own(start_emulator: StartEmulator) -> Emulator:
    """An emulator of the test's own."""
    return start_emulator()[0]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_the_emulator(own: Emulator, how: signal.Signals) -> None:
    functions = LambdaFunctions(own.client, "000000000000")
    name = functions.create(STARTS_OTHERS, Timeout=600)
    pids = functions.invoke(name).payload
    # A second environment, in the middle of an invocation.
    functions.api.invoke(FunctionName=name, Payload="1", InvocationType="Event")
    message = next(e["message"] for e in functions.logged(name, "^pids") if e["message"].startswith("pids"))
    pids += [int(word) for word in message.split()[1:]]
    family = [child.pid for child in psutil.Process(own.environment.pid).children(recursive=True)]
    everything = [own.environment.pid, *pids, *family]
    assert all(map(alive, everything))
    os.kill(own.environment.pid, how)
    assert eventually(lambda: not any(map(alive, everything)))


def test_a_reaper_that_was_killed_is_replaced(own: Emulator) -> None:
    functions = LambdaFunctions(own.client, "000000000000")
    functions.invoke(functions.create("def handler(event, context): pass"))
    emulator = psutil.Process(own.environment.pid)
    (reaper,) = (child for child in emulator.children() if "reaper.py" in " ".join(child.cmdline()))
    reaper.kill()
    assert eventually(lambda: not alive(reaper.pid))
    pids = functions.invoke(functions.create(STARTS_OTHERS)).payload
    emulator.kill()
    assert eventually(lambda: not any(map(alive, pids)))
