"""A function under a debugger: its port, its one process, and the limits that stand still."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from harness.client.control import ControlApi
from harness.model.errors import HarnessError
from tests.support.dap_client import DapClient
from tests.support.ports import free_port
from tests.support.processes import alive
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.conftest import Emulator
    from tests.support.lambda_functions import LambdaFunctions

pytestmark = pytest.mark.only_on("embedded")

SOURCE = """\
import os, threading
def handler(event, context):
    doubled = event * 2
    if event == 13:
        threading.Event().wait()
    return [doubled, os.getpid()]
"""
AFTER_DOUBLED = 4


@pytest.fixture(scope="module")
def control(emulator: Emulator, functions: LambdaFunctions) -> ControlApi:
    return ControlApi(emulator.url, functions.account)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "app.py"
    path.write_text(SOURCE)
    return path


@contextmanager
def debugged(control: ControlApi, name: str, source: Path, *, wait: bool, port: int = 0) -> Iterator[int]:
    """The port of a function under a debugger."""
    answer = control.call(
        "POST", "debug", {"function": name, "port": port, "wait": wait, "source_root": str(source.parent)}
    )
    yield answer["port"]
    assert control.call("DELETE", "debug", function=name) == {"stopped": True}


def session(control: ControlApi, name: str) -> dict[str, Any]:
    (found,) = (entry for entry in control.call("GET", "debug") if entry["function"] == name)
    return dict(found)


@pytest.mark.parametrize("runtime", ["python3.9", "python3.13"])
def test_a_breakpoint_in_the_users_own_file_longer_than_the_timeout(
    functions: LambdaFunctions, control: ControlApi, source: Path, runtime: str
) -> None:
    name = functions.create(SOURCE, Runtime=runtime, Timeout=1)
    before = functions.invoke(name, 1).payload[1]
    with debugged(control, name, source, wait=True) as port, ThreadPoolExecutor(1) as pool:
        assert eventually(lambda: not alive(before)), "its idle process makes room"
        result = pool.submit(functions.invoke, name, 21)
        with DapClient(port) as client:
            client.attach(source, (AFTER_DOUBLED,))
            thread = client.stopped()
            frame = client.top_frame(thread)
            assert (frame["source"]["path"], frame["line"]) == (str(source), AFTER_DOUBLED)
            assert client.variables(frame)["doubled"] == "42"
            left = "context.get_remaining_time_in_millis()"
            assert eventually(lambda: float(client.evaluate(frame, left)) <= 0)
            assert session(control, name)["attached"]
            client.resume(thread)
            assert result.result().payload[0] == 42
            client.detach()
        assert eventually(lambda: not session(control, name)["attached"])
        debugged_pid = result.result().payload[1]
        assert functions.invoke(name, 2).payload == [4, debugged_pid]
        failed = functions.invoke(name, 13)
        assert failed.payload["errorType"] == "Sandbox.Timedout", "nobody is attached any more"
    assert eventually(lambda: not alive(debugged_pid))
    after = functions.invoke(name, 3)
    assert (after.error, after.payload[0]) == (None, 6)


def test_invocations_share_one_process_and_the_port_outlives_it(
    functions: LambdaFunctions, control: ControlApi, source: Path
) -> None:
    name = functions.create(SOURCE)
    with debugged(control, name, source, wait=False) as port:
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda event: functions.invoke(name, event).payload, range(4)))
        assert [doubled for doubled, _ in answers] == [0, 2, 4, 6]
        assert len({pid for _, pid in answers}) == 1
        functions.update(name, SOURCE.replace("event * 2", "event * 3"))
        source.write_text(SOURCE.replace("event * 2", "event * 3"))
        tripled, pid = functions.invoke(name, 5).payload
        assert (tripled, session(control, name)["port"]) == (15, port)
        assert pid not in {pid for _, pid in answers}
        with DapClient(port) as client, ThreadPoolExecutor(1) as pool:
            client.attach(source, (AFTER_DOUBLED,))
            result = pool.submit(functions.invoke, name, 7)
            thread = client.stopped()
            assert client.variables(client.top_frame(thread))["doubled"] == "21"
            client.resume(thread)
            assert result.result().payload == [21, pid]
            client.detach()


def test_a_waiting_function_can_be_given_up(
    functions: LambdaFunctions, control: ControlApi, source: Path
) -> None:
    name = functions.create(SOURCE)
    with ThreadPoolExecutor(1) as pool:
        with debugged(control, name, source, wait=True, port=free_port()) as port:
            result = pool.submit(functions.invoke, name, 1)
            assert eventually(lambda: session(control, name)["pid"])
        assert result.result().payload[0] == 2
    assert functions.invoke(name, 2).payload[0] == 4
    with socket.create_server(("127.0.0.1", port)):
        assert control.call("GET", "debug") == []


def test_a_deleted_function_takes_its_session_along(
    functions: LambdaFunctions, control: ControlApi, source: Path
) -> None:
    name = functions.create(SOURCE)
    asked = {"function": name, "port": 0, "wait": False, "source_root": str(source.parent)}
    control.call("POST", "debug", asked)
    pid = functions.invoke(name, 1).payload[1]
    functions.api.delete_function(FunctionName=name)
    assert eventually(lambda: control.call("GET", "debug") == [])
    assert eventually(lambda: not alive(pid))


def test_a_taken_port_and_an_unknown_function_are_named(
    functions: LambdaFunctions, control: ControlApi
) -> None:
    name = functions.create(SOURCE)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(HarnessError, match=f"port {port} on 127.0.0.1 is taken by another process"):
            control.call("POST", "debug", {"function": name, "port": port})
    with pytest.raises(
        HarnessError, match=f"No function 'nobody' is deployed in account {functions.account}"
    ):
        control.call("POST", "debug", {"function": "nobody"})
    arn = f"arn:aws:lambda:us-east-1:{functions.account}:function:{name}"
    assert control.call("POST", "debug", {"function": arn, "wait": False})["function"] == name
    assert control.call("DELETE", "debug", function=arn) == {"stopped": True}
    assert control.call("DELETE", "debug", function=arn) == {"stopped": False}
