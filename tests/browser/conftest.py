"""Pages in a real browser, headless."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support import chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selenium.webdriver import Chrome


@pytest.fixture(scope="session")
def browser() -> Iterator[Chrome]:
    """A browser for all tests; a test loads its own page."""
    reason = chromium.missing()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    with chromium.browser() as driver:
        yield driver
