from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psutil
import pytest

from harness.environments.endpoint_probe import checked_url
from harness.environments.environment_file import read_record, write_record
from harness.environments.targets.endpoint import EndpointTarget
from harness.model.environment import RunningEnvironment
from harness.model.errors import UsageError
from harness.model.progress import Progress
from harness.project.settings import Settings
from harness.project.workspace import Workspace
from harness.terraform._launcher import direct
from harness.terraform.isolation import endpoint_options
from harness.terraform.queue_plan import is_importable

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = "http://127.0.0.1:9"  # nothing listens on the discard port


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def record(target: str) -> RunningEnvironment:
    return RunningEnvironment(
        id="one",
        target=target,
        url=NOBODY,
        pid=os.getpid(),
        pid_created=psutil.Process().create_time(),
        started_at=0.0,
        log="",
        owner="detached",
        capabilities=(),
        shared=target == "endpoint",
    )


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("http://127.0.0.1:4566", "http://127.0.0.1:4566"),
        (" http://127.0.0.1:4566/ ", "http://127.0.0.1:4566"),
        ("HTTP://LocalHost:4566", "http://localhost:4566"),
        ("https://localstack.example", "https://localstack.example"),
        ("http://[::1]:4566", "http://[::1]:4566"),
        ("http://amazonaws.com.example:80", "http://amazonaws.com.example:80"),
    ],
)
def test_an_endpoint_has_one_spelling(url: str, same: str) -> None:
    assert checked_url(url) == same


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("127.0.0.1:4566", "no URL"),
        ("localhost", "no URL"),
        ("", "no URL"),
        ("ftp://127.0.0.1:4566", "no URL"),
        ("http://", "no URL"),
        ("http://127.0.0.1:99999", "no URL"),
        ("http://127.0.0.1:port", "no URL"),
        ("http://127.0.0.1:4566/000000000000", "more than a scheme, a host and a port"),
        ("http://user:secret@127.0.0.1:4566", "more than a scheme, a host and a port"),
        ("https://sqs.us-east-1.amazonaws.com", "AWS itself"),
        ("https://SQS.us-east-1.amazonaws.com./", "AWS itself"),
        ("https://lambda.cn-north-1.amazonaws.com.cn", "AWS itself"),
        ("https://sqs.us-east-1.api.aws", "AWS itself"),
    ],
)
def test_what_is_no_endpoint_is_refused(url: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        checked_url(url)


def test_a_refused_url_does_not_repeat_a_password() -> None:
    with pytest.raises(UsageError) as refused:
        checked_url("http://user:secret@127.0.0.1:4566")
    assert "secret" not in str(refused.value)
    assert refused.value.hint == "Say http://127.0.0.1:4566."


def test_aws_has_a_target_of_its_own() -> None:
    with pytest.raises(UsageError) as refused:
        checked_url("https://sqs.us-east-1.amazonaws.com")
    assert "--target aws" in str(refused.value.hint)


def test_a_port_beside_the_url_is_refused(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="takes no --port"):
        EndpointTarget(workspace, Settings(endpoint=NOBODY), port=4566)


def test_the_setting_of_a_port_is_for_other_targets(workspace: Workspace) -> None:
    assert EndpointTarget(workspace, Settings(endpoint=NOBODY, port=4566)).running() is None


def test_no_endpoint_is_a_usage_error(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="no endpoint is set"):
        EndpointTarget(workspace, Settings()).start(Progress(), owner="detached")
    assert not workspace.environment_file.exists()


def test_nothing_is_running_and_nothing_stops_without_a_record(workspace: Workspace) -> None:
    target = EndpointTarget(workspace, Settings())
    assert target.running() is None
    assert target.stop() is None


def test_another_targets_record_is_left_alone(workspace: Workspace) -> None:
    write_record(workspace.environment_file, record("embedded"))
    target = EndpointTarget(workspace, Settings())
    assert target.running() is None
    assert target.stop() is None
    assert read_record(workspace.environment_file) == record("embedded")


def test_an_endpoint_is_nobodys_process() -> None:
    used = record("endpoint")
    assert (used.shared, used.holder) == (True, "not ours")
    assert not record("embedded").shared


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("http://127.0.0.1:4566", ("--isolate=4566", "--loopback=127.0.0.1")),
        ("http://127.0.0.2:4566", ("--isolate=4566", "--loopback=127.0.0.2")),
        ("http://[::1]:4566", ("--isolate=4566", "--loopback=::1")),
        ("http://localhost:4566", ("--isolate=4566",)),
        ("http://localhost", ("--isolate=80",)),
        ("http://10.0.0.7:4566", ("--isolate=", "--allow=10.0.0.7:4566")),
        ("https://localstack.example", ("--isolate=", "--allow=localstack.example:443")),
        ("http://[2001:db8::1]:4566", ("--isolate=", "--allow=[2001:db8::1]:4566")),
    ],
)
def test_terraform_reaches_the_endpoint_alone(url: str, options: tuple[str, ...]) -> None:
    assert endpoint_options(url) == options


def test_a_request_to_a_proxy_becomes_one_to_its_server() -> None:
    asked = (
        b"POST http://10.0.0.7:4566/000000000000/queue?x=http://y HTTP/1.1\r\nHost: 10.0.0.7:4566\r\n"
        b"Proxy-Connection: keep-alive\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nbody"
    )
    assert direct(asked) == (
        b"POST /000000000000/queue?x=http://y HTTP/1.1\r\nHost: 10.0.0.7:4566\r\nContent-Length: 4\r\n"
        b"Connection: close\r\n\r\nbody"
    )
    assert direct(b"GET http://10.0.0.7:4566 HTTP/1.1\r\n\r\n").startswith(b"GET / HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("url", "accepted"),
    [
        ("http://127.0.0.1:4566/000000000000/queue", True),
        ("http://sqs.us-east-1.localhost.localstack.cloud:4566/000000000000/queue", True),
        ("http://localhost:4566/queue/us-east-1/000000000000/name", False),
        ("http://localhost:4566/name", False),
        ("http://localhost:4566/000000000000/", False),
    ],
)
def test_the_aws_provider_takes_queue_urls_of_two_parts(url: str, accepted: bool) -> None:  # noqa: FBT001
    assert is_importable(url) is accepted
