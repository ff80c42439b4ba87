"""The container target's image: there, to be pulled, or to be built. Imports Docker's libraries."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from harness.environments.engine import connected
from harness.environments.launch import IMAGE_LABEL, NAMESPACE, default_image
from harness.model.errors import ImageMissingError

if TYPE_CHECKING:
    from harness.model.progress import Progress


@dataclass(frozen=True)
class Image:
    """An image of this machine.

    Attributes:
        name: As it was asked for.
        own: Whether it is the harness's.
    """

    name: str
    own: bool


def check_engine(image: str) -> None:
    """See whether a container of `image` can be started.

    Raises:
        EngineError: It cannot.
    """
    with connected() as engine:
        if engine.image(image) is None and _is_own_name(image):
            raise _own_image_missing(image)


def ensure_image(name: str, progress: Progress) -> Image:
    """The image, pulled where it is none of the harness's and not on this machine.

    Raises:
        ImageMissingError: It cannot be had.
        EngineError: There is no engine that can be used.
    """
    with connected() as engine:
        found = engine.image(name)
        if found is None:
            if _is_own_name(name):
                raise _own_image_missing(name)
            with progress.step("image") as step:
                found = engine.pull(name)
                step.detail = f"{name}, pulled"
        label = found.labels.get(IMAGE_LABEL)
        if label and label != version(NAMESPACE):
            progress.warn(
                f"The image {name} is of version {label}, the harness of {version(NAMESPACE)}: `make image`."
            )
        return Image(name, own=bool(label))


def _is_own_name(image: str) -> bool:
    """Whether only a build can make it: whoever has that name in a registry, it is not this project."""
    return image.partition(":")[0] == NAMESPACE


def _own_image_missing(name: str) -> ImageMissingError:
    return ImageMissingError(
        f"The image {name} is not on this machine.",
        hint=f"Build it in a checkout of {NAMESPACE}: `make image` "
        f"(or `docker build -f docker/Dockerfile -t {default_image()} .`).",
    )
