"""The container engine that some tests need."""

from __future__ import annotations

import os

import pytest

from harness.errors import EngineError
from harness.targets.engine import connected
from harness.targets.launch import default_image


def require_engine() -> None:
    """Skip where there is no engine; fail where there has to be one, which is in CI."""
    _require(None)


def require_image() -> None:
    """The same, for the harness's own image."""
    _require(default_image())


def _require(image: str | None) -> None:
    try:
        with connected(10.0) as engine:
            missing = image is not None and engine.image(image) is None
    except EngineError as error:
        return _leave(str(error))
    if missing:
        return _leave(f"there is no image {image}: `make image`")
    return None


def _leave(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
