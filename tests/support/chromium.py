"""A headless Chromium, driven over WebDriver: Debian's `chromium` and `chromium-driver`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *(
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
    ),
    *("--force-device-scale-factor=1", "--lang=en"),
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 60


def missing() -> str | None:
    """What is not there, and how to have it; None where all is."""
    if not any(shutil.which(name) for name in BROWSERS):
        return "no Chromium here: apt-get install chromium chromium-driver"
    if not shutil.which("chromedriver"):
        return "no chromedriver here: apt-get install chromium-driver"
    return None


@contextmanager
def browser(width: int = 1440, height: int = 900, *, dark: bool = False) -> Iterator[webdriver.Chrome]:
    """A browser with a profile of its own, ended and forgotten afterwards.

    Args:
        width: Of the window, in pixels.
        height: Of the window.
        dark: Whether it prefers dark colours.
    """
    options = Options()
    options.binary_location = str(next(found for name in BROWSERS if (found := shutil.which(name))))
    for flag in (*FLAGS, f"--window-size={width},{height}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = Service(str(shutil.which("chromedriver")), log_output=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        options.add_argument(f"--user-data-dir={profile}")
        driver = webdriver.Chrome(options=options, service=service)
        try:
            driver.set_page_load_timeout(SECONDS)
            driver.set_script_timeout(SECONDS)
            prefer(driver, dark=dark)
            yield driver
        finally:
            driver.quit()


def prefer(driver: webdriver.Chrome, *, dark: bool) -> None:
    """Prefer dark colours, or light ones."""
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]},
    )


def requests(driver: webdriver.Chrome) -> list[str]:
    """The URLs that the page asked for since the last call."""
    messages = [json.loads(entry["message"])["message"] for entry in _log(driver, "performance")]
    return [
        str(message["params"]["request"]["url"])
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]


def complaints(driver: webdriver.Chrome) -> list[dict[str, Any]]:
    """What stands in the page's console since the last call, but for advice to those who read pixels."""
    return [entry for entry in _log(driver, "browser") if "getImageData" not in entry["message"]]


def _log(driver: webdriver.Chrome, kind: str) -> list[dict[str, Any]]:
    return list(driver.get_log(kind))  # type: ignore[no-untyped-call]


def save_picture(driver: webdriver.Chrome, path: Path) -> None:
    """A screenshot of the window."""
    path.parent.mkdir(parents=True, exist_ok=True)
    driver.save_screenshot(os.fspath(path))
