"""A container that this process started: its log, and its end. Imports Docker's libraries."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import docker.types
import psutil
from docker.errors import APIError
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from harness.environments.container_removal import remove_named
from harness.environments.emulator_process import LOG_LINES, health, port_taken
from harness.environments.endpoint_probe import Found, look
from harness.environments.engine import CALL_SECONDS, NOT_HERE, address, connected, said, translated
from harness.environments.launch import (
    MARKER,
    TOKEN,
    Start,
    engine_socket,
    preferred_debug_port,
    taken_port,
    wants_token,
    without_token,
)
from harness.machine.ports import free_ports, is_taken
from harness.model.errors import EmulatorError, EndpointError, EngineError, TokenMissingError
from harness.model.host import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from docker.models.containers import Container

    from harness.environments.container_images import Image
    from harness.environments.launch import ContainerLaunch
    from harness.model.environment import Owner
    from harness.project.workspace import Workspace

START_SECONDS = 120.0
"""A start of the harness's own image that takes longer is given up."""
LOCALSTACK_SECONDS = 180.0
POLL_SECONDS = 0.1
PORT_ATTEMPTS = 5
JOIN_SECONDS = 5.0


class _PortRefusedError(Exception):
    """The engine could not publish a port."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.port = port


class RunningContainer:
    """A container that this process started, and that answers.

    Args:
        launch: What it was started with.
        image: Its image.
        url: Where AWS's APIs answer.
        log: The copy of its log.
        token: What must not appear in that copy.
    """

    def __init__(self, launch: ContainerLaunch, image: Image, url: str, log: Path, token: str | None) -> None:
        self.name = launch.name
        self.url = url
        self.log = log
        self.found: Found
        self._launch = launch
        self._image = image
        self._token = token
        with translated():
            self._container = _described(launch, image)
        self._stdin: Any = None
        self._reader: threading.Thread | None = None

    def start(self, instance: str) -> None:
        """Start it and wait until it answers; nothing stays when that fails.

        Raises:
            _PortRefusedError: One of its ports was taken meanwhile.
            EmulatorError: It ended, or took too long.
        """
        try:
            with translated():
                self._run()
                self.found = self._wait(instance)
        except BaseException:
            self.remove()
            raise

    def remove(self) -> bool:
        """Remove it; whether it was still there, and ran."""
        ran = False
        try:
            with translated():
                ran = remove_named(self.name)
        finally:
            if self._stdin is not None:
                _close_connection(self._stdin)
                self._stdin = None
            if self._reader is not None:
                self._reader.join(JOIN_SECONDS)
            self._container.get_docker_client().client.close()
        return ran

    def _run(self) -> None:
        # In a thread, which no Ctrl-C interrupts: the engine would finish what it was asked for, and nobody
        # would know of the container.
        with ThreadPoolExecutor(1, thread_name_prefix="harness-container") as pool, _without_ryuk():
            try:
                pool.submit(self._container.start).result()
            except APIError as error:
                port = taken_port(said(error), self._launch.ports)
                if port is not None:
                    raise _PortRefusedError(port) from None
                raise
        container = self._container.get_wrapped_container()
        if self._launch.ends_with_stdin:
            self._stdin = container.attach_socket(params={"stdin": 1, "stream": 1})
        self._reader = threading.Thread(
            target=_copy_log, args=(container, self.log, self._token), name="harness-log", daemon=True
        )
        self._reader.start()

    def _wait(self, instance: str) -> Found:
        limit = START_SECONDS if self._image.own else LOCALSTACK_SECONDS
        deadline = time.monotonic() + limit
        while True:
            found = found_at(self.url, instance if self._image.own else None)
            if found is not None:
                return found
            self._container.reload()
            if self._container.status in NOT_HERE:
                raise self._ended()
            if time.monotonic() > deadline:
                raise EmulatorError(
                    f"The container of {self._image.name} does not answer at {self.url} after {limit:.0f} "
                    f"seconds, and was removed.{_nested()} Its log: {self.log}",
                    detail=self._last_lines(),
                )
            time.sleep(POLL_SECONDS)

    def _ended(self) -> EmulatorError:
        state = self._container.get_wrapped_container().attrs["State"]
        code = int(state["ExitCode"])
        log = self._last_lines()
        if not self._image.own and wants_token(code, log):
            return TokenMissingError(
                f"The image {self._image.name} ended: it wants a token of its vendor's"
                + (f", and refused the one in {TOKEN}." if self._token else "."),
                hint=f"Set {TOKEN} in the environment of this command, or take an image that wants none: "
                "the harness's own (leave the setting `image` out), or localstack/localstack:4.14.0.",
                detail=log,
            )
        memory = " (it was killed for want of memory)" if state.get("OOMKilled") else ""
        return EmulatorError(
            f"The container of {self._image.name} ended while it started, with exit code {code}{memory}.",
            detail=log or None,
        )

    def _last_lines(self) -> str:
        text = self._container.get_wrapped_container().logs(tail=LOG_LINES).decode(errors="replace")
        return without_token(text, self._token).rstrip()


def found_at(url: str, instance: str | None) -> Found | None:
    """What answers at `url` and what it can do, by its own account; None until it does.

    Args:
        url: Where.
        instance: The id of the emulator of ours that it must be; None for any LocalStack.
    """
    if instance is None:
        with contextlib.suppress(EndpointError):
            return look(url)
        return None
    answer = health(url)
    if answer is None or answer.get("instance") != instance:
        return None
    return Found(
        instance,
        "the harness's emulator",
        tuple(answer.get("capabilities", ())),
        control=True,
        api=answer.get("api", 0),
        emulator=str(answer.get("version", "")),
    )


def start(
    workspace: Workspace,
    image: Image,
    *,
    instance: str,
    owner: Owner,
    port: int | None,
    strict_runtime: bool,
    token: str | None,
) -> RunningContainer:
    """Start a container and wait until it answers.

    Args:
        workspace: The project.
        image: What to start.
        instance: Id of this start.
        owner: Whether it outlives this process.
        port: The port asked for; None takes a free one.
        strict_runtime: Refuse to run a function with another Python than its runtime's.
        token: The vendor's token, which the harness's own image does not get.

    Raises:
        PortTakenError: `port` is taken.
        EngineError: The engine refused.
        EmulatorError: It ended, or took too long; nothing is left running.
    """
    shutil.rmtree(workspace.emulator, ignore_errors=True)
    workspace.emulator.mkdir(parents=True, exist_ok=True)
    if port and is_taken(port):
        raise port_taken(port, _publisher(port))
    (workspace.state / MARKER).touch()
    debug_port: int | None = preferred_debug_port(workspace.root)
    for _ in range(PORT_ATTEMPTS):
        chosen, debug_port = free_ports(port, debug_port)
        begun = Start(instance, workspace.root, owner, os.getpid(), psutil.Process().create_time(), chosen)
        launch = (
            begun.of_own_image(debug_port=debug_port, strict_runtime=strict_runtime)
            if image.own
            else begun.of_localstack_image(engine_socket=engine_socket(address()), token=token)
        )
        container = RunningContainer(
            launch,
            image,
            f"http://{HOST}:{chosen}",
            workspace.emulator / "emulator.log",
            None if image.own else token,
        )
        try:
            container.start(instance)
        except _PortRefusedError as refused:
            if refused.port == port:
                raise port_taken(port, _publisher(port)) from None
            debug_port = None
        else:
            return container
    raise EngineError(
        f"No free port: each of {PORT_ATTEMPTS} was taken before the container was started.",
        hint="Try again, or name one with --port.",
    )


def _described(launch: ContainerLaunch, image: Image) -> DockerContainer:
    """The container as Testcontainers takes it."""
    container = DockerContainer(
        image.name,
        docker_client_kw={"timeout": CALL_SECONDS},
        command=launch.command,  # type: ignore[arg-type] # a list is what it passes on
        env=dict(launch.environment),
        name=launch.name,
    )
    container.image = image.name  # as asked for, whatever prefix Testcontainers is configured to add
    for port in launch.ports:
        container.ports[f"{port}/tcp"] = (HOST, port)  # type: ignore[assignment] # docker takes the address, too
    return container.with_kwargs(
        labels=launch.labels,
        mounts=[
            docker.types.Mount(mount.target, mount.source, type="bind", read_only=mount.read_only)
            for mount in launch.mounts
        ],
        stdin_open=launch.ends_with_stdin,
        # Files of the project that only their owner may read are read with the owner's rights.
        **({"user": f"{os.getuid()}:{os.getgid()}"} if image.own else {}),
    )


@contextlib.contextmanager
def _without_ryuk() -> Iterator[None]:
    """Ryuk would end with this process what is to outlive it, and is one more image to get."""
    before = testcontainers_config.ryuk_disabled
    testcontainers_config.ryuk_disabled = True
    try:
        yield
    finally:
        testcontainers_config.ryuk_disabled = before


def _copy_log(container: Container, path: Path, token: str | None) -> None:
    """Write the container's log into a file, line by line, until the container is gone."""
    rest = ""
    try:
        chunks = container.logs(stream=True, follow=True)
        with path.open("w", encoding="utf-8") as file, _closed_after(chunks):
            for chunk in chunks:
                *lines, rest = (rest + chunk.decode(errors="replace")).split("\n")
                file.writelines(without_token(line, token) + "\n" for line in lines)
                file.flush()
            file.write(without_token(rest, token))
    except Exception:  # noqa: BLE001 - a copy that ends early fails nobody; the engine has the log itself
        return


@contextlib.contextmanager
def _closed_after(stream: Any) -> Iterator[None]:
    try:
        yield
    finally:
        _close_connection(stream)


def _close_connection(stream: Any) -> None:
    """Close a stream of Docker's library with the socket below it, which its own `close` leaves open."""
    socket = getattr(stream, "_sock", None)
    with contextlib.suppress(OSError):
        stream._response.close()  # noqa: SLF001 - nothing public leads there
    if socket is not None:
        socket.close()


def _publisher(port: int) -> str | None:
    with contextlib.suppress(EngineError), connected() as engine:
        return engine.publisher(port)
    return None


def _nested() -> str:
    """A hint for the one case in which a published port is elsewhere."""
    inside = os.path.exists("/.dockerenv")  # noqa: PTH110 - a plain question
    return " This runs in a container itself: what the engine publishes is on its host." if inside else ""
