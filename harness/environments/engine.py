"""This machine's container engine, through Docker's API: what is wrong with it is told in one message.

Imported only where a container is started, stopped or looked for: the libraries take half a second.
"""

from __future__ import annotations

import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from requests.exceptions import RequestException, Timeout
from testcontainers.core.docker_client import DockerClient, get_docker_host

from harness.model.errors import EngineError, ImageMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker.models.containers import Container
    from docker.models.images import Image

DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
CALL_SECONDS = 60.0
"""How long the engine may take for one answer; pulling an image has no limit."""
LABEL = "sqs-lambda-harness"
WITHOUT = "or leave containers out: `--target embedded` needs none."
NOT_HERE = {"exited", "dead", "removing"}


class Engine:
    """The engine that answers; made by `connected`."""

    def __init__(self, client: DockerClient) -> None:
        self._docker = client.client

    @property
    def address(self) -> str:
        """Where it answers."""
        return address()

    def version(self) -> str:
        """Its own version, as it tells it."""
        return str(self._docker.version().get("Version", "of no version"))

    def image(self, name: str) -> Image | None:
        """The image, where this machine has it."""
        try:
            return self._docker.images.get(name)
        except ImageNotFound:
            return None

    def pull(self, name: str) -> Image:
        """Get an image from its registry.

        Raises:
            ImageMissingError: It cannot be had; with the engine's own words.
        """
        try:
            found = self._docker.images.pull(name)
        except APIError as error:
            raise ImageMissingError(
                f"The image {name} is not on this machine, and cannot be pulled.",
                hint="Is the setting `image` (HARNESS_IMAGE) right? Without it the harness uses its own.",
                detail=said(error),
            ) from None
        return found

    def container(self, name: str) -> Container | None:
        """The container of that name or id, whether it runs or not."""
        try:
            return self._docker.containers.get(name)
        except NotFound:
            return None

    def labelled(self, **labels: str) -> list[Container]:
        """All containers with these labels of the harness's, whether they run or not."""
        filters = [f"{LABEL}.{name.replace('_', '-')}={value}" for name, value in labels.items()]
        return self._docker.containers.list(all=True, filters={"label": filters}, ignore_removed=True)

    def publisher(self, port: int) -> str | None:
        """The container that publishes `port` of this machine."""
        found = self._docker.containers.list(filters={"publish": str(port)}, ignore_removed=True)
        return f"the container {found[0].name}" if found else None


@contextmanager
def connected(seconds: float = CALL_SECONDS) -> Iterator[Engine]:
    """The engine; whatever goes wrong with it inside the block is an error that says so.

    Raises:
        EngineError: None answers, this user may not use it, it is another machine's, or it refused.
    """
    _knock(seconds)
    with translated():
        client = DockerClient(timeout=seconds)
        try:
            host = urlsplit(client.client.api.base_url).hostname
            if host not in {"localhost", "127.0.0.1", "::1", "localunixsocket"}:
                raise EngineError(
                    f"The container engine at {address()} is another machine's: what it publishes is not on "
                    "this one's loopback interface.",
                    hint="Use this machine's own (unset DOCKER_HOST, or `docker context use default`), "
                    + WITHOUT,
                )
            yield Engine(client)
        finally:
            client.client.close()


def _knock(seconds: float) -> None:
    """See that somebody listens: Docker's client leaves its socket open where nobody does."""
    where = urlsplit(address())
    if where.scheme != "unix":
        return
    try:
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.settimeout(seconds)
            knocking.connect(where.path)
    except OSError as error:
        raise _as_engine_error(error) from error


def remove(container: Container, *, ask_first: bool = False) -> None:
    """Remove a container with its volumes, running or not.

    Args:
        container: It.
        ask_first: Whether it gets time to end what it started itself.
    """
    with suppress(NotFound):
        if ask_first:
            container.stop(timeout=10)
        try:
            container.remove(force=True, v=True)
        except APIError as error:
            if error.status_code != 409:  # noqa: PLR2004 - conflict: somebody else is removing it already
                raise


def address() -> str:
    """Where the engine should answer."""
    return get_docker_host() or DEFAULT_ADDRESS


def said(error: Exception) -> str:
    """What the engine says to its refusal."""
    return str(getattr(error, "explanation", None) or error).strip()


@contextmanager
def translated() -> Iterator[None]:
    """Errors of Docker's libraries as the harness's own."""
    try:
        yield
    except (DockerException, RequestException) as error:
        raise _as_engine_error(error) from error


def _as_engine_error(error: Exception) -> EngineError:
    causes = list(_causes(error))

    def caused_by(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    where = address()
    if isinstance(error, APIError) and error.response is not None and error.explanation:
        return EngineError(f"The container engine at {where} refused.", detail=said(error))
    if caused_by(PermissionError):
        return EngineError(
            f"This user may not use the container engine at {where}: permission denied.",
            hint=f"Join its group (`sudo usermod -aG docker $USER`, then log in again), {WITHOUT}",
        )
    if caused_by(FileNotFoundError, ConnectionRefusedError):
        return EngineError(
            f"No container engine answers at {where}.",
            hint=f"Start Docker, {WITHOUT}",
        )
    if caused_by(Timeout, TimeoutError):
        return EngineError(f"The container engine at {where} takes too long to answer.", hint=_RESTART)
    return _nonsense(said(error))


_RESTART = f"Is it Docker, and well? `docker version` shows it. Restart it, {WITHOUT}"


def _nonsense(detail: str) -> EngineError:
    return EngineError(
        f"What answers at {address()} is no container engine that can be used.", hint=_RESTART, detail=detail
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and all that led to it: the libraries wrap them in one another, also as arguments."""
    pending: list[Any] = [error]
    seen: set[int] = set()
    while pending:
        cause = pending.pop()
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            pending += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
