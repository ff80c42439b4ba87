"""What a container is started with: the harness's own image, or somebody's LocalStack image."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from harness.model.host import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.model.environment import Owner

NAMESPACE = "sqs-lambda-harness"
IMAGE_LABEL = f"{NAMESPACE}.emulator"
"""On the harness's own image: its version."""
TOKEN = "LOCALSTACK_AUTH_TOKEN"  # noqa: S105 - a variable's name
HIDDEN = "[token]"
MARKER = "containers"
"""A file in `.harness/`, there where containers of the project may be: without it no engine need be asked."""
EXIT_WITHOUT_TOKEN = 55
ENGINE_SOCKET = "/var/run/docker.sock"
_DEBUG_PORTS = range(20000, 28000)
"""Below the ports that systems hand out by themselves, so that a project's own is seldom taken."""


@dataclass(frozen=True)
class Mount:
    """A path of this machine inside the container."""

    source: str
    target: str
    read_only: bool


@dataclass(frozen=True)
class ContainerLaunch:
    """How one container is started.

    Attributes:
        name: The container's.
        command: What follows the image's entry point; None leaves the image's own.
        environment: Its variables.
        ports: Published on loopback, each under its own number.
        mounts: What it sees of this machine.
        labels: By which it is found again.
        own: Whether the image is the harness's.
        ends_with_stdin: Whether it ends when the process that started it is gone.
    """

    name: str
    command: list[str] | None
    environment: dict[str, str]
    ports: tuple[int, ...]
    mounts: tuple[Mount, ...]
    labels: dict[str, str]
    own: bool
    ends_with_stdin: bool


@dataclass(frozen=True)
class Start:
    """What every container has.

    Attributes:
        instance: Id of this start.
        root: The project's folder.
        owner: Whether it outlives this process.
        owner_pid: This process.
        owner_created: That process's creation time.
        port: Where AWS's APIs answer.
    """

    instance: str
    root: Path
    owner: Owner
    owner_pid: int
    owner_created: float
    port: int

    @property
    def name(self) -> str:
        """The container's name: for people, and free."""
        project = re.sub(r"[^A-Za-z0-9_.-]+", "-", self.root.name).strip("-.") or "project"
        return f"harness-{project}-{self.instance[:8]}"

    @property
    def labels(self) -> dict[str, str]:
        """What says whose it is."""
        return {
            f"{NAMESPACE}.project": str(self.root),
            f"{NAMESPACE}.instance": self.instance,
            f"{NAMESPACE}.owner": self.owner,
            f"{NAMESPACE}.owner-pid": str(self.owner_pid),
            f"{NAMESPACE}.owner-created": repr(self.owner_created),
        }

    def of_own_image(self, *, debug_port: int, strict_runtime: bool) -> ContainerLaunch:
        """The harness's emulator."""
        ends = self.owner == "this-process"
        return ContainerLaunch(
            name=self.name,
            command=[
                *("--port", str(self.port), "--instance", self.instance, "--debug-port", str(debug_port)),
                *(("--strict-runtime",) if strict_runtime else ()),
                *(("--exit-with-stdin",) if ends else ()),
            ],
            environment={},
            ports=(self.port, debug_port),
            # A debugger shows the project's files, and finds them in the container under the same path.
            mounts=(Mount(str(self.root), str(self.root), read_only=True),),
            labels=self.labels,
            own=True,
            ends_with_stdin=ends,
        )

    def of_localstack_image(self, *, engine_socket: str, token: str | None) -> ContainerLaunch:
        """A LocalStack as its vendor makes it; it runs functions in containers of its own."""
        return ContainerLaunch(
            name=self.name,
            command=None,
            environment={
                "GATEWAY_LISTEN": f"0.0.0.0:{self.port}",
                # `off` makes queue URLs http://HOST:PORT/ACCOUNT/NAME, which the AWS provider accepts.
                "LOCALSTACK_HOST": f"{HOST}:{self.port}",
                "SQS_ENDPOINT_STRATEGY": "off",
                "MAIN_CONTAINER_NAME": self.name,
                "LAMBDA_DOCKER_FLAGS": f"--label {NAMESPACE}.started-by={self.instance}",
                "DISABLE_EVENTS": "1",
                **({TOKEN: token} if token else {}),
            },
            ports=(self.port,),
            mounts=(Mount(engine_socket, ENGINE_SOCKET, read_only=False),),
            labels=self.labels,
            own=False,
            ends_with_stdin=False,
        )


def default_image() -> str:
    """The harness's own image, of this version."""
    return f"{NAMESPACE}:{version(NAMESPACE)}"


def preferred_debug_port(root: Path) -> int:
    """The port that debuggers get where it is free: a project's is the same at every start."""
    number = int.from_bytes(hashlib.sha256(str(root).encode()).digest(), "big")
    return _DEBUG_PORTS[number % len(_DEBUG_PORTS)]


def engine_socket(address: str) -> str:
    """The engine's socket on this machine, which a LocalStack needs for its functions."""
    return address.removeprefix("unix://") if address.startswith("unix://") else ENGINE_SOCKET


def token_of(environ: Mapping[str, str] = os.environ) -> str | None:
    """The vendor's token, where one is set."""
    return environ.get(TOKEN, "").strip() or None


def without_token(text: str, token: str | None) -> str:
    """`text` as it may be shown and kept."""
    return text.replace(token, HIDDEN) if token else text


def wants_token(exit_code: int, log: str) -> bool:
    """Whether a container ended for want of a licence."""
    return exit_code == EXIT_WITHOUT_TOKEN or (exit_code != 0 and TOKEN in log)


def taken_port(refusal: str, ports: tuple[int, ...]) -> int | None:
    """Which of `ports` the engine could not publish, where that is why it refused to start."""
    if not re.search(
        r"address already in use|port is already allocated|ports are not available", refusal, re.IGNORECASE
    ):
        return None
    return next((port for port in ports if re.search(rf":{port}\b", refusal)), ports[0])
