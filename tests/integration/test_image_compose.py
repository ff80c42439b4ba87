"""The emulator by docker-compose.yml, as `make up-docker` and `make down-docker` start and stop it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from harness.client.boto import client
from harness.environments.emulator_process import health
from harness.machine.ports import is_taken
from harness.model.environment import RunningEnvironment
from tests.support.command_line import Project
from tests.support.engine import docker, inspected, require_image, unavailable
from tests.support.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.only_on("container")

URL = "http://127.0.0.1:4566"
PORTS = (4566, 5678)


@dataclass(frozen=True)
class Compose:
    """Runs `python -m tools.compose` with a project name of the test's own.

    Attributes:
        image: What it starts; it is there, and must not be built in a test.
        project: Compose's name for what belongs together.
    """

    image: str
    project: str

    def run(self, action: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `up` or `down`."""
        done = subprocess.run(
            [sys.executable, "-m", "tools.compose", action],
            cwd=ROOT,
            env={
                **os.environ,
                "COMPOSE_PROJECT_NAME": self.project,
                "HARNESS_IMAGE": self.image,
                **variables,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 3 and "docker-compose" in done.stderr and not variables:
            unavailable(done.stderr)
        return done

    def containers(self) -> list[str]:
        """The project's containers."""
        label = f"label=com.docker.compose.project={self.project}"
        return docker("ps", "--all", "--quiet", "--filter", label).split()

    def networks(self) -> list[str]:
        """The project's networks."""
        return docker("network", "ls", "--quiet", "--filter", f"name={self.project}").split()


@pytest.fixture
def compose() -> Iterator[Compose]:
    """What it leaves is removed."""
    made = Compose(require_image(), f"test{uuid.uuid4().hex[:8]}")
    for port in PORTS:
        if is_taken(port):
            unavailable(f"Another process has the port {port}, which docker-compose.yml publishes.")
    yield made
    made.run("down")


def test_up_serves_on_loopback_and_down_leaves_nothing(compose: Compose) -> None:
    up = compose.run("up")
    assert up.returncode == 0, up.stderr
    assert f".venv/bin/harness up --target endpoint --endpoint {URL}" in up.stdout

    answer = health(URL)
    assert answer is not None
    assert answer["debug_port"] == 5678
    [container] = compose.containers()
    found = inspected(container)
    bound = {
        port: [each["HostIp"] for each in hosts] for port, hosts in found["NetworkSettings"]["Ports"].items()
    }
    assert bound == {"4566/tcp": ["127.0.0.1"], "5678/tcp": ["127.0.0.1"]}
    assert [(each["Source"], each["Destination"], each["RW"]) for each in found["Mounts"]] == [
        (str(ROOT), str(ROOT), False)
    ]
    # Not only in what the engine says: this machine's other addresses do not answer.
    gateway = next(iter(found["NetworkSettings"]["Networks"].values()))["Gateway"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((gateway, 4566), timeout=5)

    assert compose.run("down").returncode == 0
    assert compose.containers() == []
    assert health(URL) is None
    assert compose.networks() == []


def test_the_harness_attaches_to_it_and_leaves_it_as_it_was(compose: Compose, tmp_path: Path) -> None:
    assert compose.run("up").returncode == 0
    project = Project.copied_to(tmp_path / "project")
    up = project.harness("up", "--target", "endpoint", "--endpoint", URL, "--json").json()
    assert up["environment"]["url"] == URL
    assert "debug" in up["environment"]["capabilities"]
    urls = {queue["url"] for queue in up["deployment"]["queues"]}
    assert urls == {f"{URL}/000000000000/calculatrice-{end}-queue" for end in ("input", "output")}

    sent = project.harness("send", "--file", "examples/operations.jsonl", "--wait", "--json").json()
    assert len(sent["results"]) == 10

    environment = RunningEnvironment.from_json(up["environment"])
    sqs = client(environment.endpoint(), "sqs")
    assert set(sqs.list_queues()["QueueUrls"]) == urls
    assert project.harness("down").code == 0
    assert sqs.list_queues().get("QueueUrls", []) == []
    assert health(URL) is not None


def test_up_with_a_port_that_is_taken_says_so_and_leaves_nothing(compose: Compose) -> None:
    with socket.create_server(("127.0.0.1", PORTS[0])):
        up = compose.run("up")
    assert up.returncode == 1
    assert up.stderr.startswith("error: The container does not start:")
    assert "Where a port is taken (4566, or 5678 for debuggers)" in up.stderr
    assert compose.containers() == []


def test_up_without_compose_names_what_to_install(compose: Compose, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "docker").write_text('#!/bin/sh\n[ "$1" = version ] && echo 1 && exit 0\nexit 1\n')
    (programs / "docker").chmod(0o755)
    up = compose.run("up", PATH=str(programs))
    assert (up.returncode, up.stdout) == (3, "")
    assert up.stderr.startswith("error: Neither `docker compose` nor `docker-compose` is on this machine.")


def test_up_without_an_engine_says_how_to_get_one(compose: Compose, tmp_path: Path) -> None:
    up = compose.run("up", PATH=str(tmp_path))
    assert up.returncode == 3
    assert up.stderr.startswith("error: No container engine: there is no `docker` on PATH.")
