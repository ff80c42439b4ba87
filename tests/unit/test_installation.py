from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.installation import cache_folder

if TYPE_CHECKING:
    import pytest


def test_the_cache_is_in_the_platforms_own_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")

    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder({}) == Path("/home/ada/.cache/sqs-lambda-harness")
    assert cache_folder({"XDG_CACHE_HOME": "/var/cache"}) == Path("/var/cache/sqs-lambda-harness")
    assert cache_folder({"XDG_CACHE_HOME": "relative"}) == Path("/home/ada/.cache/sqs-lambda-harness")

    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder({"XDG_CACHE_HOME": "/var/cache"}) == Path(
        "/home/ada/Library/Caches/sqs-lambda-harness"
    )


def test_a_variable_says_where_the_cache_is() -> None:
    assert cache_folder({"HARNESS_CACHE_DIR": "/srv/shared", "XDG_CACHE_HOME": "/x"}) == Path("/srv/shared")
