"""The target `container` by itself: who owns a container, who removes it, which ports it gets."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from harness.environments import running_container
from harness.environments.launch import NAMESPACE, default_image
from harness.environments.targets.container import ContainerTarget, sweep_containers
from harness.machine.ports import free_ports
from harness.model.errors import EmulatorError, PortTakenError
from harness.model.progress import Progress
from harness.project.settings import Settings
from harness.project.workspace import Workspace
from tests.support.containers import containers_of, engine, remove_containers_of, running_containers_of
from tests.support.engine import require_image
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.only_on("container")

OWNER = """
import sys
from pathlib import Path
from harness.model.progress import Progress
from harness.project.settings import Settings
from harness.environments.targets.container import ContainerTarget
from harness.project.workspace import Workspace
environment = ContainerTarget(Workspace(Path(sys.argv[1])), Settings()).start(Progress(), owner=sys.argv[2])
print(environment.container, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    require_image()
    made = Workspace(tmp_path / "project")
    made.root.mkdir()
    yield made
    target(made).stop()
    left = containers_of(made.root)
    remove_containers_of(made.root)
    assert left == []


def target(workspace: Workspace, port: int | None = None, **settings: str) -> ContainerTarget:
    return ContainerTarget(workspace, Settings(**settings), port=port)  # type: ignore[arg-type]


def owner(workspace: Workspace, kind: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OWNER, str(workspace.root), kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_one_that_died_is_noticed_removed_and_replaced(workspace: Workspace) -> None:
    first = target(workspace).start(Progress(), owner="detached")
    with engine() as client:
        client.containers.get(first.container).kill()
    assert target(workspace).running() is None
    assert containers_of(workspace.root) == []
    assert not workspace.environment_file.exists()
    second = target(workspace).start(Progress(), owner="detached")
    assert second.id != first.id
    assert target(workspace).running() == second


def test_two_starts_at_once_start_one(workspace: Workspace) -> None:
    with ThreadPoolExecutor() as pool:
        starts = [pool.submit(target(workspace).start, Progress(), owner="detached") for _ in range(3)]
    assert len({start.result().id for start in starts}) == 1
    assert len(running_containers_of(workspace.root)) == 1


def test_the_log_is_copied_while_its_process_lives(workspace: Workspace) -> None:
    environment = target(workspace).start(Progress(), owner="this-process")
    log = Path(environment.log)
    assert log.parent == workspace.emulator
    assert eventually(lambda: "Ready on" in log.read_text())
    assert target(workspace).stop() == environment


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_one_of_a_process_ends_with_it_and_the_next_start_removes_it(
    workspace: Workspace, end: signal.Signals
) -> None:
    with owner(workspace, "this-process") as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        assert running_containers_of(workspace.root) == [name]
        process.send_signal(end)
    assert eventually(lambda: not running_containers_of(workspace.root))
    assert len(containers_of(workspace.root)) == 1  # it has ended; nobody has removed it yet
    environment = target(workspace).start(Progress(), owner="detached")
    assert [found["Name"] for found in containers_of(workspace.root)] == [f"/{environment.container}"]


def test_a_detached_one_outlives_its_process(workspace: Workspace) -> None:
    with owner(workspace, "detached") as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        process.kill()
    environment = target(workspace).running()
    assert environment is not None
    assert environment.container == name


def test_what_a_killed_start_left_is_removed_by_down_on_any_target(workspace: Workspace) -> None:
    with owner(workspace, "detached") as process:
        assert eventually(lambda: running_containers_of(workspace.root))
        process.kill()
    workspace.environment_file.unlink(missing_ok=True)  # whether it came so far or not
    sweep_containers(workspace)
    assert containers_of(workspace.root) == []
    assert not (workspace.state / "containers").exists()  # so that the next one asks no engine


def test_one_whose_owner_lives_is_left_alone(workspace: Workspace) -> None:
    with owner(workspace, "this-process") as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        workspace.environment_file.unlink()
        sweep_containers(workspace)
        assert running_containers_of(workspace.root) == [name]
        process.kill()
    sweep_containers(workspace)
    assert containers_of(workspace.root) == []


def test_a_given_port_is_used_and_a_taken_one_names_the_process(workspace: Workspace) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            PortTakenError, match=rf"Port {port} .* taken by .*process {psutil.Process().pid}"
        ):
            target(workspace, port).start(Progress(), owner="detached")
        assert containers_of(workspace.root) == []
        assert not workspace.environment_file.exists()
    assert target(workspace, port).start(Progress(), owner="detached").url == f"http://127.0.0.1:{port}"


def test_a_port_that_another_container_publishes_names_that_container(
    workspace: Workspace, tmp_path: Path
) -> None:
    second = Workspace(tmp_path / "second")
    second.root.mkdir()
    first = target(workspace).start(Progress(), owner="detached")
    port = int(first.url.rpartition(":")[2])
    with pytest.raises(PortTakenError, match=rf"Port {port} .* taken by the container {first.container}"):
        target(second, port).start(Progress(), owner="detached")
    assert containers_of(second.root) == []


def test_ports_that_are_taken_between_choosing_and_starting_are_chosen_again(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as web, socket.create_server(("127.0.0.1", 0)) as debug:
        choices = iter([(web.getsockname()[1], 20001), (None, debug.getsockname()[1])])

        def late(port: int | None, debug_port: int | None) -> tuple[int, int]:
            free = free_ports(port, None)
            chosen = next(choices, (None, debug_port))
            return chosen[0] or free[0], chosen[1] or free[1]

        monkeypatch.setattr(running_container, "free_ports", late)
        environment = target(workspace).start(Progress(), owner="detached")
        assert not environment.url.endswith(f":{web.getsockname()[1]}")
    assert running_containers_of(workspace.root) == [environment.container]
    assert len(containers_of(workspace.root)) == 1


def test_an_interrupted_start_leaves_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        assert len(running_containers_of(workspace.root)) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(running_container, "found_at", interrupted)
    with pytest.raises(KeyboardInterrupt):
        target(workspace).start(Progress(), owner="detached")
    assert containers_of(workspace.root) == []
    assert not workspace.environment_file.exists()


def test_a_start_that_takes_too_long_is_ended(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_container, "START_SECONDS", 0.0)
    monkeypatch.setattr(running_container, "found_at", lambda *_, **__: None)
    with pytest.raises(EmulatorError, match=r"does not answer at .* after 0 seconds"):
        target(workspace).start(Progress(), owner="detached")
    assert containers_of(workspace.root) == []


def test_nothing_of_the_hosts_settings_reaches_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "REALLOOKING")
    monkeypatch.setenv("LOCALSTACK_AUTH_TOKEN", "REALLOOKING-token")
    target(workspace).start(Progress(), owner="detached")
    (container,) = containers_of(workspace.root)
    assert "REALLOOKING" not in str(container["Config"]["Env"])


def test_ryuk_is_not_needed_and_its_setting_is_left_as_it_was(workspace: Workspace) -> None:
    from testcontainers.core.config import testcontainers_config  # noqa: PLC0415 - it reads the user's home

    before = testcontainers_config.ryuk_disabled
    environment = target(workspace).start(Progress(), owner="detached")
    assert testcontainers_config.ryuk_disabled == before
    with engine() as client:
        assert not [found.name for found in client.containers.list() if "ryuk" in (found.name or "")]
        labels = client.containers.get(environment.container).labels
    assert labels[f"{NAMESPACE}.project"] == str(workspace.root)
    assert labels[f"{NAMESPACE}.owner"] == "detached"
    assert default_image().endswith(labels[f"{NAMESPACE}.emulator"])
