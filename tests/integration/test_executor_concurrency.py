"""Concurrent invocations, environments that wait, and updates under way."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import pytest

from harness.client.control import ControlApi
from tests.support.processes import alive
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Emulator
    from tests.support.lambda_functions import LambdaFunctions

pytestmark = pytest.mark.only_on("embedded", "container")

MEETS = """
    import os, socket
    def handler(event, context):
        with socket.create_connection(("127.0.0.1", event)) as meeting:
            meeting.sendall(b"here")
            meeting.recv(1)
        return os.getpid()
"""


class Meeting:
    """Where handlers wait for each other: each one connects, and goes on when it is told to."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(60)
        self._guests: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._listener.close()

    def wait_for(self, count: int) -> None:
        """Wait until so many handlers are here."""
        while len(self._guests) < count:
            guest, _ = self._listener.accept()
            assert guest.recv(4) == b"here"
            self._guests.append(guest)

    def release(self) -> None:
        """Let all go on."""
        for guest in self._guests:
            guest.close()
        self._guests.clear()


@pytest.fixture
def meeting() -> Iterator[Meeting]:
    with Meeting() as meeting:
        yield meeting


@contextmanager
def invoking(functions: LambdaFunctions, name: str, event: Any, count: int) -> Iterator[list[Any]]:
    """So many invocations at once; their results are in the list after the block."""
    results: list[Any] = []
    with ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(functions.invoke, name, event) for _ in range(count)]
        yield results
    results += [future.result() for future in futures]


def environments(emulator: Emulator, functions: LambdaFunctions, name: str) -> list[dict[str, Any]]:
    """The function's environments, as the control API lists them."""
    listed: list[dict[str, Any]] = ControlApi(emulator.url, functions.account).call("GET", "environments")
    return [entry for entry in listed if entry["function"] == name]


@pytest.mark.only_on("embedded")
def test_each_concurrent_invocation_has_an_environment_which_is_used_again(
    functions: LambdaFunctions, emulator: Emulator, meeting: Meeting
) -> None:
    name = functions.create(MEETS, Timeout=60)
    with invoking(functions, name, meeting.port, 5) as results:
        meeting.wait_for(5)
        at_work = environments(emulator, functions, name)
        meeting.release()
    pids = {result.payload for result in results}
    assert len(pids) == 5
    assert {entry["pid"] for entry in at_work} == pids
    assert {entry["state"] for entry in at_work} == {"invoking"}
    assert {(entry["runtime"], entry["account"]) for entry in at_work} == {
        (functions.runtime, functions.account)
    }

    with invoking(functions, name, meeting.port, 3) as results:
        meeting.wait_for(3)
        meeting.release()
    assert {result.payload for result in results} < pids
    assert {entry["state"] for entry in environments(emulator, functions, name)} == {"idle"}

    functions.api.delete_function(FunctionName=name)
    assert eventually(lambda: not any(map(alive, pids)))
    assert eventually(lambda: not environments(emulator, functions, name))


@pytest.mark.only_on("embedded")
def test_reserved_concurrency_throttles(functions: LambdaFunctions, meeting: Meeting) -> None:
    name = functions.create(MEETS, Timeout=60)
    functions.api.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    with invoking(functions, name, meeting.port, 1) as results:
        meeting.wait_for(1)
        with pytest.raises(functions.api.exceptions.TooManyRequestsException) as refused:
            functions.api.invoke(FunctionName=name, Payload="0")
        meeting.release()
    assert refused.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert results[0].error is None


@pytest.mark.only_on("embedded")
def test_an_update_lets_the_invocation_under_way_finish(functions: LambdaFunctions, meeting: Meeting) -> None:
    name = functions.create(MEETS, Timeout=60)
    with invoking(functions, name, meeting.port, 1) as results:
        meeting.wait_for(1)
        functions.update(name, "def handler(event, context): return 'new'")
        assert functions.invoke(name).payload == "new"
        meeting.release()
    assert results[0].error is None
    assert eventually(lambda: not alive(results[0].payload))


def test_provisioned_environments_are_ready_and_say_so(
    functions: LambdaFunctions, emulator: Emulator
) -> None:
    name = functions.create("""
        import os
        def handler(event, context):
            return [os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], os.getpid()]
    """)
    version = functions.api.publish_version(FunctionName=name)["Version"]
    functions.api.put_provisioned_concurrency_config(
        FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=2
    )
    wanted = {"FunctionName": name, "Qualifier": version}
    assert eventually(lambda: functions.api.get_provisioned_concurrency_config(**wanted)["Status"] == "READY")
    ready = {entry["pid"] for entry in environments(emulator, functions, name) if entry["version"] == version}
    answer = functions.api.invoke(**wanted, Payload="0")
    kind, pid = json.loads(answer["Payload"].read())
    assert kind == "provisioned-concurrency"
    assert pid in ready
