"""A container of an image that is a LocalStack, and none of the harness's.

The image is made of the harness's own: stock LocalStack starts in it, with nothing of the harness's, on the
one of its servers whose dependencies are there. The vendor's image starts a container for each function, of
an image that has to be pulled: that is not shown here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import pytest

from harness.environments.launch import default_image
from harness.environments.targets.container import ContainerTarget
from harness.model.progress import Progress
from harness.project.settings import Settings
from harness.project.workspace import Workspace
from tests.support.containers import containers_of, engine, image_of, remove_containers_of
from tests.support.engine import require_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.model.environment import RunningEnvironment

pytestmark = pytest.mark.only_on("container")

TOKEN = "ls-REALLOOKING-token"  # noqa: S105 - of nobody


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    require_image()
    made = Workspace(tmp_path_factory.mktemp("localstack") / "project")
    made.root.mkdir()
    yield made
    remove_containers_of(made.root)


@pytest.fixture(scope="module")
def target(workspace: Workspace) -> Iterator[ContainerTarget]:
    lines = (
        f"FROM {default_image()}",
        'LABEL sqs-lambda-harness.emulator=""',
        "ENV SERVICES=sqs,logs,sts STRICT_SERVICE_LOADING=1 GATEWAY_SERVER=hypercorn",
        'ENTRYPOINT ["/opt/sqs-lambda-harness/venv/bin/python", "-m", "localstack.runtime.main"]',
        "CMD []",
    )
    with image_of(*lines) as image:
        yield ContainerTarget(workspace, Settings(image=image))


@pytest.fixture(scope="module")
def environment(target: ContainerTarget, workspace: Workspace) -> Iterator[RunningEnvironment]:
    with pytest.MonkeyPatch.context() as host:
        host.setenv("LOCALSTACK_AUTH_TOKEN", TOKEN)
        yield target.start(Progress(), owner="this-process")
    stopped = target.stop()
    assert stopped is not None
    assert containers_of(workspace.root) == []


def test_what_it_can_do_is_what_its_health_says(environment: RunningEnvironment) -> None:
    assert not environment.control
    assert environment.capabilities == ("send", "results", "logs")  # it has no Lambda, so nothing deploys


def test_it_is_recognized_by_its_own_session(
    target: ContainerTarget, environment: RunningEnvironment
) -> None:
    assert target.running() == environment
    (container,) = containers_of(target._workspace.root)
    assert environment.id not in container["Name"]


def test_queue_urls_are_right_on_this_machine(environment: RunningEnvironment) -> None:
    client = boto3.client("sqs", **environment.endpoint().client_arguments())
    url = client.create_queue(QueueName="one")["QueueUrl"]
    assert url == f"{environment.url}/000000000000/one"
    client.send_message(QueueUrl=url, MessageBody="x")
    assert client.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]["Body"] == "x"
    client.close()


def test_it_gets_the_engines_socket_and_the_token_and_nothing_of_it_is_kept(
    environment: RunningEnvironment, workspace: Workspace
) -> None:
    (container,) = containers_of(workspace.root)
    assert [mount["Destination"] for mount in container["Mounts"] if mount["Type"] == "bind"] == [
        "/var/run/docker.sock"
    ]
    assert f"LOCALSTACK_AUTH_TOKEN={TOKEN}" in container["Config"]["Env"]
    assert f"GATEWAY_LISTEN=0.0.0.0:{urlsplit(environment.url).port}" in container["Config"]["Env"]
    kept = [path for path in workspace.state.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if TOKEN.encode() in path.read_bytes()]


def test_its_ports_are_on_loopback_alone(environment: RunningEnvironment) -> None:
    with engine() as client:
        published = client.containers.get(environment.container).ports
    assert {binding["HostIp"] for bindings in published.values() for binding in bindings or ()} == {
        "127.0.0.1"
    }
