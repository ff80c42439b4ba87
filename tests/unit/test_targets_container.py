from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from docker.errors import APIError, DockerException
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ReadTimeout

from harness.environments.engine import translated
from harness.environments.launch import (
    HIDDEN,
    Mount,
    Start,
    engine_socket,
    preferred_debug_port,
    taken_port,
    token_of,
    wants_token,
    without_token,
)
from harness.environments.localstack import capabilities_of
from harness.environments.targets.container import ContainerTarget, sweep_containers
from harness.model.errors import EngineError
from harness.project.settings import Settings
from harness.project.workspace import Workspace

TOKEN = "ls-x"  # noqa: S105 - of nobody
START = Start("0123456789abcdef", Path("/home/me/my project"), "detached", 4711, 12.5, 4566)


def test_our_image_gets_its_ports_and_sees_the_project_read_only() -> None:
    launch = START.of_own_image(debug_port=20001, strict_runtime=False)
    assert launch.command == [
        *("--port", "4566", "--instance", "0123456789abcdef", "--debug-port", "20001"),
    ]
    assert launch.ports == (4566, 20001)
    assert launch.mounts == (Mount("/home/me/my project", "/home/me/my project", read_only=True),)
    assert launch.environment == {}
    assert not launch.ends_with_stdin


def test_one_that_ends_with_its_process_is_told_so() -> None:
    launch = replace(START, owner="this-process").of_own_image(debug_port=20001, strict_runtime=True)
    assert launch.command is not None
    assert launch.command[-2:] == ["--strict-runtime", "--exit-with-stdin"]
    assert launch.ends_with_stdin


def test_a_localstack_gets_the_engine_and_a_token_only_where_there_is_one() -> None:
    launch = START.of_localstack_image(engine_socket="/run/user/1000/docker.sock", token=None)
    assert launch.command is None
    assert launch.environment["GATEWAY_LISTEN"] == "0.0.0.0:4566"
    assert launch.environment["LOCALSTACK_HOST"] == "127.0.0.1:4566"
    assert "LOCALSTACK_AUTH_TOKEN" not in launch.environment
    assert launch.mounts == (Mount("/run/user/1000/docker.sock", "/var/run/docker.sock", read_only=False),)
    with_token = START.of_localstack_image(engine_socket="/s", token=TOKEN)
    assert with_token.environment["LOCALSTACK_AUTH_TOKEN"] == TOKEN


def test_a_containers_name_is_one_that_docker_takes() -> None:
    assert START.name == "harness-my-project-01234567"
    assert replace(START, root=Path("/")).name == "harness-project-01234567"


def test_labels_say_whose_it_is() -> None:
    assert START.labels == {
        "sqs-lambda-harness.project": "/home/me/my project",
        "sqs-lambda-harness.instance": "0123456789abcdef",
        "sqs-lambda-harness.owner": "detached",
        "sqs-lambda-harness.owner-pid": "4711",
        "sqs-lambda-harness.owner-created": "12.5",
    }


def test_a_projects_debugger_has_the_same_port_each_time() -> None:
    assert preferred_debug_port(Path("/a")) == preferred_debug_port(Path("/a"))
    assert len({preferred_debug_port(Path(f"/{n}")) for n in range(20)}) > 15
    assert all(20000 <= preferred_debug_port(Path(f"/{n}")) < 28000 for n in range(200))


@pytest.mark.parametrize(
    ("refusal", "port"),
    [
        ("Error starting userland proxy: listen tcp4 127.0.0.1:4566: bind: address already in use", 4566),
        ("Bind for 127.0.0.1:20001 failed: port is already allocated", 20001),
        ("Ports are not available: listen tcp 127.0.0.1:20001: bind: ...", 20001),
        ("port is already allocated", 4566),
        ("no such image", None),
        ("Bind mount /x:4566 failed", None),
    ],
)
def test_a_taken_port_is_told_from_other_refusals(refusal: str, port: int | None) -> None:
    assert taken_port(refusal, (4566, 20001)) == port


def test_a_token_is_never_shown() -> None:
    assert without_token("activated ls-x with ls-x", "ls-x") == f"activated {HIDDEN} with {HIDDEN}"
    assert without_token("nothing here", None) == "nothing here"
    assert token_of({}) is None
    assert token_of({"LOCALSTACK_AUTH_TOKEN": "  "}) is None
    assert token_of({"LOCALSTACK_AUTH_TOKEN": "ls-x\n"}) == "ls-x"


def test_an_end_for_want_of_a_licence_is_told_from_others() -> None:
    assert wants_token(55, "")
    assert wants_token(1, "Please set LOCALSTACK_AUTH_TOKEN")
    assert not wants_token(0, "LOCALSTACK_AUTH_TOKEN")
    assert not wants_token(137, "Killed")


def test_the_engines_socket_is_that_of_its_address() -> None:
    assert engine_socket("unix:///run/user/1000/docker.sock") == "/run/user/1000/docker.sock"
    assert engine_socket("tcp://127.0.0.1:2375") == "/var/run/docker.sock"


def test_a_localstacks_capabilities_are_those_of_its_services() -> None:
    assert capabilities_of({"sqs": "running", "lambda": "disabled"}) == ("send", "results")
    everything = dict.fromkeys(("sqs", "lambda", "iam", "sts", "logs"), "available")
    assert capabilities_of(everything) == ("deploy", "send", "results", "logs", "settle")
    assert capabilities_of({"sqs": "error"}) == ()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            DockerException("Error", RequestsConnectionError(FileNotFoundError(2, "No"))),
            "No container engine",
        ),
        (RequestsConnectionError("Aborted", ConnectionRefusedError(111, "no")), "No container engine"),
        (DockerException(RequestsConnectionError(PermissionError(13, "no"))), "permission denied"),
        (ReadTimeout("late"), "takes too long"),
        (DockerException("Invalid bind address"), "no container engine that can be used"),
        (APIError("Oh", explanation="no space left on device"), "no container engine that can be used"),
    ],
)
def test_errors_of_the_engine_are_told_apart(error: Exception, said: str) -> None:
    with pytest.raises(EngineError, match=said), translated():
        raise error


def test_nothing_is_running_without_a_record_and_no_engine_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nowhere")
    target = ContainerTarget(Workspace(tmp_path), Settings())
    assert target.running() is None
    assert target.stop() is None
    sweep_containers(Workspace(tmp_path))
    assert os.listdir(tmp_path) == [".harness"]  # noqa: PTH208 - names are what is compared
