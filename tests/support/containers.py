"""Looking at containers, and making images to try the container target with."""

from __future__ import annotations

import contextlib
import io
import uuid
from typing import TYPE_CHECKING, Any

import docker

from harness.environments.launch import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def engine() -> Iterator[docker.DockerClient]:
    """The engine, past everything of the harness's."""
    client = docker.from_env()
    try:
        yield client
    finally:
        client.close()


def containers_of(root: Path) -> list[dict[str, Any]]:
    """What the engine tells of a project's containers, whether they run or not."""
    with engine() as client:
        found = client.containers.list(
            all=True, filters={"label": f"{NAMESPACE}.project={root}"}, ignore_removed=True
        )
        return [container.attrs for container in found]


def running_containers_of(root: Path) -> list[str]:
    """The names of those that run."""
    return [found["Name"].lstrip("/") for found in containers_of(root) if found["State"]["Running"]]


def remove_containers_of(root: Path) -> None:
    """Whatever a test that failed left."""
    with engine() as client:
        for found in containers_of(root):
            with contextlib.suppress(docker.errors.NotFound):
                client.containers.get(found["Id"]).remove(force=True, v=True)


@contextlib.contextmanager
def image_of(*lines: str) -> Iterator[str]:
    """An image of these Dockerfile lines; its name."""
    name = f"harness-test-{uuid.uuid4().hex[:12]}:latest"
    text = "\n".join(lines)
    with engine() as client:
        client.images.build(fileobj=io.BytesIO(text.encode()), tag=name, rm=True, forcerm=True)
        try:
            yield name
        finally:
            client.images.remove(name, force=True)
