"""What goes wrong on the way to a container: one message each, and nothing is left."""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from harness.environments.engine import connected
from harness.environments.launch import default_image
from harness.environments.targets.container import ContainerTarget
from harness.model.errors import EmulatorError, EngineError, ImageMissingError, TokenMissingError
from harness.model.progress import Progress
from harness.project.settings import Settings
from harness.project.workspace import Workspace
from tests.support.command_line import Project
from tests.support.containers import containers_of, image_of, remove_containers_of
from tests.support.engine import require_engine, require_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.only_on("container")

TOKEN = "ls-REALLOOKING-token"  # noqa: S105 - of nobody
WITHOUT_RIGHTS = """
import os, sys
from harness.model.errors import EngineError
from harness.environments.engine import connected
os.seteuid(65534) if os.geteuid() == 0 else None
try:
    with connected(5.0): pass
except EngineError as error:
    print(error)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace(tmp_path / "project")
    made.root.mkdir()
    yield made
    left = containers_of(made.root)
    remove_containers_of(made.root)
    assert left == []
    assert not made.environment_file.exists()


def start(workspace: Workspace, image: str | None = None) -> None:
    ContainerTarget(workspace, Settings(image=image)).start(Progress(), owner="detached")


@contextmanager
def answering(path: Path, answer: bytes) -> Iterator[str]:
    """A Unix socket on which something answers every request with the same; its address."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                connection, _ = listener.accept()
                with connection:
                    if connection.recv(65536):
                        connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"unix://{path}"
        finally:
            over.set()
            with socket.socket(socket.AF_UNIX) as last:
                last.connect(str(path))  # wakes the thread
            thread.join()


def test_without_an_engine_up_says_so_and_begins_nothing(tmp_path: Path) -> None:
    project = Project.copied_to(tmp_path / "project")
    nowhere = f"unix://{tmp_path}/docker.sock"
    answer = project.harness("up", "--target", "container", "--json", DOCKER_HOST=nowhere)
    assert answer.code == 3
    assert answer.error()["type"] == "EngineError"
    assert answer.error()["message"] == f"No container engine answers at {nowhere}."
    assert "--target embedded" in answer.error()["hint"]
    assert not (project.root / "lambda_deployment.zip").exists()
    assert project.processes() == []
    for target, state in (("container", "missing"), ("embedded", "warning")):
        doctor = project.harness("doctor", "--json", DOCKER_HOST=nowhere, HARNESS_TARGET=target)
        (check,) = [check for check in doctor.json()["checks"] if check["name"] == "Container engine"]
        assert (check["state"], doctor.code) == (state, 3 if state == "missing" else 0)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
)
def test_what_is_no_engine_is_said_to_be_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    with answering(tmp_path / "s", answer) as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        with (
            pytest.raises(EngineError, match="no container engine that can be used") as caught,
            connected(5.0),
        ):
            pass
    assert "docker version" in str(caught.value.hint)


def test_an_engine_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
        with pytest.raises(EngineError, match="takes too long"), connected(0.2):
            pass


def test_a_socket_that_an_engine_left_behind_is_let_go_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "s"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
    with pytest.raises(EngineError, match="No container engine answers"), connected(5.0):
        pass
    gc.collect()  # a socket that is left open is a warning now, and hence an error of this test


def test_an_engine_without_rights_names_its_group(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as closed:
        closed.bind(str(tmp_path / "s"))
        closed.listen()
        os.chmod(tmp_path / "s", 0)  # noqa: PTH101 - nobody but root may connect
        for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
            folder.chmod(0o755)
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_RIGHTS],
            env={**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/s"},
            capture_output=True,
            text=True,
            check=True,
        )
    assert "permission denied" in done.stdout
    assert "usermod -aG docker" in done.stdout


def test_a_missing_image_of_ours_says_how_to_build_it(workspace: Workspace) -> None:
    require_engine()
    with pytest.raises(
        ImageMissingError, match=r"sqs-lambda-harness:0\.0\.0 is not on this machine"
    ) as caught:
        start(workspace, "sqs-lambda-harness:0.0.0")
    assert "make image" in str(caught.value.hint)


def test_another_missing_image_is_told_in_the_engines_words(workspace: Workspace) -> None:
    require_engine()
    with pytest.raises(ImageMissingError, match="cannot be pulled") as caught:
        start(workspace, "127.0.0.1:9/nothing/here:1")  # no registry listens on the discard port
    assert "127.0.0.1:9" in str(caught.value.detail)
    with pytest.raises(EngineError, match="refused") as refused:
        start(workspace, "NO IMAGE")
    assert "invalid reference" in str(refused.value.detail)


def test_a_container_that_dies_leaves_its_last_words(workspace: Workspace) -> None:
    require_image()
    lines = f"FROM {default_image()}", 'ENTRYPOINT ["sh", "-c", "echo my last words; exit 7"]'
    with image_of(*lines) as image, pytest.raises(EmulatorError, match="exit code 7") as caught:
        start(workspace, image)
    assert caught.value.detail == "my last words"


def test_a_container_that_cannot_be_started_is_told_in_the_engines_words(workspace: Workspace) -> None:
    require_image()
    lines = f"FROM {default_image()}", 'ENTRYPOINT ["/no/such/program"]'
    with image_of(*lines) as image, pytest.raises(EngineError, match="refused") as caught:
        start(workspace, image)
    assert "/no/such/program" in str(caught.value.detail)


@pytest.mark.parametrize("token", ["", TOKEN])
def test_an_image_that_wants_a_token_says_which_variable(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    require_image()
    monkeypatch.setenv("LOCALSTACK_AUTH_TOKEN", token)
    lines = (
        f"FROM {default_image()}",
        'LABEL sqs-lambda-harness.emulator=""',
        'ENTRYPOINT ["sh", "-c", "echo License activation failed [$LOCALSTACK_AUTH_TOKEN]; exit 55"]',
    )
    with image_of(*lines) as image, pytest.raises(TokenMissingError, match="wants a token") as caught:
        start(workspace, image)
    assert ("refused the one" in caught.value.message) == bool(token)
    assert "LOCALSTACK_AUTH_TOKEN" in str(caught.value.hint)
    assert caught.value.detail == f"License activation failed [{'[token]' if token else ''}]"
    assert TOKEN not in (workspace.emulator / "emulator.log").read_text()


def test_a_runtime_that_the_container_lacks_is_an_error_where_the_settings_say_so(tmp_path: Path) -> None:
    require_image()
    project = Project.copied_to(tmp_path / "project")
    answer = project.harness(
        *("up", "--target", "container", "--json"),
        HARNESS_STRICT_RUNTIME="true",
        CALCULATRICE_RUNTIME="python3.8",
    )
    assert answer.code == 3
    assert answer.error()["type"] == "RuntimeMissingError"
    assert "python3.8 is not in the environment (container harness-project-" in answer.error()["message"]
    assert containers_of(project.root) == []
