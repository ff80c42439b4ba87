"""The container engine and the emulator's image, for tests that cannot do without.

Where they are missing, tests skip with the reason; with CI=true in the environment that is a failure.
"""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from typing import Any, NoReturn

import pytest

from tools import image


def require_engine() -> None:
    """Skip, or fail in CI, where no container engine answers."""
    reason = _engine_trouble()
    if reason is not None:
        unavailable(reason)


def require_image() -> str:
    """The image's name; skip, or fail in CI, where it is not there or was made of other sources."""
    require_engine()
    reason = _image_trouble()
    if reason is not None:
        unavailable(reason)
    return image.tag()


def unavailable(reason: str) -> NoReturn:
    """Something that the machine should have is missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason} (CI=true: no reason to skip)", pytrace=False)
    pytest.skip(reason)


def docker(*arguments: str) -> str:
    """What a `docker` command prints, all of it; it must succeed."""
    done = subprocess.run(
        ["docker", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stdout}"
    return done.stdout.strip()


def inspected(name: str) -> Any:
    """What the engine knows about a container or an image."""
    return json.loads(docker("inspect", name))[0]


@cache
def _engine_trouble() -> str | None:
    try:
        image.require_engine()
    except image.ImageError as error:
        return str(error)
    return None


@cache
def _image_trouble() -> str | None:
    found = image.inspect(image.tag())
    if found is None:
        return f"The image {image.tag()} is not built: make image"
    if found["Config"]["Labels"].get(image.SOURCES_LABEL) != image.sources_digest():
        return f"The image {image.tag()} was built of other sources: make image"
    return None
