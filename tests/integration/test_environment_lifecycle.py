from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psutil
import pytest

from harness.environments import emulator_process
from harness.environments.environment_file import read_record
from harness.environments.targets.embedded import EmbeddedTarget
from harness.machine import alive
from harness.model.errors import EmulatorError, PortTakenError
from harness.model.progress import Progress
from harness.project.settings import Settings
from harness.project.workspace import Workspace
from tests.support.ports import free_port
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.model.environment import RunningEnvironment

pytestmark = pytest.mark.only_on("embedded")

OWNER = """
import sys
from pathlib import Path
from harness.model.progress import Progress
from harness.project.settings import Settings
from harness.environments.targets.embedded import EmbeddedTarget
from harness.project.workspace import Workspace
target = EmbeddedTarget(Workspace(Path(sys.argv[1])), Settings())
print(target.start(Progress(), owner=sys.argv[2]).pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """A project of its own; whatever a test leaves up in it is stopped."""
    workspace = Workspace(tmp_path)
    yield workspace
    EmbeddedTarget(workspace, Settings()).stop()


def target(workspace: Workspace, port: int | None = None) -> EmbeddedTarget:
    return EmbeddedTarget(workspace, Settings(), port=port)


def is_alive(environment: RunningEnvironment) -> bool:
    return alive.is_process(environment.pid, environment.pid_created)


def emulators(workspace: Workspace) -> list[psutil.Process]:
    """The emulators of that project, whoever started them."""
    data = str(workspace.emulator)
    return [
        process for process in psutil.process_iter(["cmdline"]) if data in (process.info["cmdline"] or [])
    ]


def test_start_reuse_stop(workspace: Workspace) -> None:
    environment = target(workspace).start(Progress(), owner="detached")
    assert is_alive(environment)
    assert {"deploy", "send", "results", "logs", "debug"} <= set(environment.capabilities)
    # Another command, another object: the same environment.
    assert target(workspace).running() == environment
    assert target(workspace).start(Progress(), owner="detached") == environment
    assert len(emulators(workspace)) == 1
    assert target(workspace).stop() == environment
    assert not is_alive(environment)
    assert target(workspace).running() is None
    assert read_record(workspace.environment_file) is None
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(environment.url)  # noqa: S310 - loopback


def test_two_commands_at_once_start_one(workspace: Workspace) -> None:
    with ThreadPoolExecutor() as pool:
        starts = [pool.submit(target(workspace).start, Progress(), owner="detached") for _ in range(3)]
    assert len({start.result().id for start in starts}) == 1
    assert len(emulators(workspace)) == 1


def test_a_killed_environment_is_noticed_and_replaced(workspace: Workspace) -> None:
    first = target(workspace).start(Progress(), owner="detached")
    os.kill(first.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(first.pid)] if psutil.pid_exists(first.pid) else [], timeout=10)
    assert target(workspace).running() is None
    assert not workspace.environment_file.exists()
    second = target(workspace).start(Progress(), owner="detached")
    assert second.id != first.id
    assert target(workspace).running() == second


@pytest.mark.parametrize("notices", ["running", "stop"])
def test_nothing_is_held_of_an_emulator_that_was_killed(workspace: Workspace, notices: str) -> None:
    killed = target(workspace).start(Progress(), owner="this-process")
    held = emulator_process._OWN[killed.pid].stdin
    os.kill(killed.pid, signal.SIGKILL)
    assert eventually(lambda: not is_alive(killed))
    assert getattr(target(workspace), notices)() is None
    assert held is not None
    assert held.closed
    assert killed.pid not in emulator_process._OWN


def test_a_given_port_is_used_and_a_taken_one_names_its_holder(workspace: Workspace) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(PortTakenError, match=rf"Port {port} .* taken by .*process {os.getpid()}"):
            target(workspace, port).start(Progress(), owner="detached")
        assert emulators(workspace) == []
        assert not workspace.environment_file.exists()
    assert target(workspace, port).start(Progress(), owner="detached").url == f"http://127.0.0.1:{port}"


def test_nothing_listens_on_anything_but_loopback(workspace: Workspace) -> None:
    environment = target(workspace).start(Progress(), owner="detached")
    process = psutil.Process(environment.pid)
    listening = [
        connection.laddr
        for member in (process, *process.children(recursive=True))
        for connection in member.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN or connection.type == socket.SOCK_DGRAM
    ]
    assert listening
    assert {address[0] for address in listening} == {"127.0.0.1"}


def test_nothing_of_the_hosts_settings_reaches_the_emulator(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("SERVICES", "s3")
    monkeypatch.setenv("GATEWAY_LISTEN", "0.0.0.0:4566")
    environment = target(workspace).start(Progress(), owner="detached")
    variables = psutil.Process(environment.pid).environ()
    assert not {"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "HTTPS_PROXY", "SERVICES", "GATEWAY_LISTEN"} & set(
        variables
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
        f"{environment.url}/_localstack/health",
    ) as answer:
        services = json.load(answer)["services"]
    # With SERVICES=s3 it would be "disabled".
    assert services["sqs"] in {"available", "starting", "running"}


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_an_environment_of_a_process_ends_with_it(workspace: Workspace, end: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(workspace.root), "this-process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout is not None
        process = psutil.Process(int(owner.stdout.readline()))
        owner.send_signal(end)
    process.wait(timeout=20)
    assert emulators(workspace) == []


def test_a_detached_environment_outlives_the_process_that_started_it(workspace: Workspace) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(workspace.root), "detached"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.kill()
    environment = target(workspace).running()
    assert environment is not None
    assert environment.pid == pid


def test_an_interrupted_start_leaves_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        # A program's words are not there yet in the moment in which it takes its process over.
        assert eventually(lambda: len(emulators(workspace)) == 1)
        raise KeyboardInterrupt

    monkeypatch.setattr(select, "select", interrupted)
    with pytest.raises(KeyboardInterrupt):
        target(workspace).start(Progress(), owner="detached")
    assert emulators(workspace) == []
    assert not workspace.environment_file.exists()


def test_a_start_whose_command_is_killed_leaves_nothing(workspace: Workspace) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(workspace.root), "detached"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as owner:
        assert eventually(lambda: emulators(workspace))
        owner.kill()
    assert eventually(lambda: not emulators(workspace))
    assert target(workspace).running() is None


def test_a_start_that_takes_too_long_is_ended(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator_process, "START_SECONDS", 0.0)
    with pytest.raises(EmulatorError, match="not ready after 0 seconds"):
        target(workspace).start(Progress(), owner="detached")
    assert emulators(workspace) == []


def test_an_emulator_that_ends_while_it_starts_is_an_error_with_its_last_words(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator_process, "host_variables", lambda _: {"PYTHONHOME": "/nonexistent"})
    with pytest.raises(EmulatorError, match="ended while it started") as caught:
        target(workspace).start(Progress(), owner="detached")
    assert "encodings" in (caught.value.detail or "")
    assert not workspace.environment_file.exists()


def test_an_environment_that_hangs_is_replaced(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator_process, "HEALTH_SECONDS", 0.2)
    monkeypatch.setattr(alive, "STOP_SECONDS", 0.2)
    hanging = target(workspace).start(Progress(), owner="detached")
    os.kill(hanging.pid, signal.SIGSTOP)
    assert target(workspace).running() is None
    assert not is_alive(hanging)
    assert emulators(workspace) == []
