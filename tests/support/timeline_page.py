"""A timeline in a browser, as its user has it: pointer, keyboard, and what can be read on the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from harness.report.timeline import render
from tests.support import chromium

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

    from tests.support.ledger_samples import Event

SECONDS = 60.0


@dataclass(frozen=True)
class Page:
    """A page that is loaded.

    Attributes:
        driver: The browser.
    """

    driver: Chrome

    @classmethod
    def of(cls, driver: Chrome, events: list[Event], file: Path) -> Page:
        """The events' timeline, written to `file` and loaded from there."""
        file.write_text(render(events, title="A run", about="of a test"), encoding="utf-8")
        chromium.requests(driver)
        chromium.complaints(driver)
        chromium.prefer(driver, dark=False)
        driver.get(file.as_uri())
        page = cls(driver)
        page.wait(lambda: page.run("return document.documentElement.dataset.state"))
        return page

    def run(self, script: str, *arguments: Any) -> Any:
        """The result of a script in the page; `app` is the page's own."""
        return self.driver.execute_script("const app = window.timeline?.app;" + script, *arguments)

    def frames(self, body: str, count: int) -> list[float]:
        """How long each of `count` frames took, in milliseconds, while `body` ran with `i` before each."""
        script = f"""
            const [count, done] = arguments;
            const app = window.timeline.app;
            const took = [];
            let last = performance.now();
            let i = 0;
            const step = (now) => {{
                took.push(now - last);
                last = now;
                if (i === count) return done(took.slice(1));
                {body};
                i++;
                requestAnimationFrame(step);
            }};
            requestAnimationFrame(step);
        """
        return list(self.driver.execute_async_script(script, count))

    def busy(self) -> float:
        """For how long the page has kept a processor busy, in seconds: other programs do not count."""
        metrics = self.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
        return next(float(metric["value"]) for metric in metrics if metric["name"] == "TaskDuration")

    def wait(self, condition: Callable[[], Any]) -> Any:
        """Wait until it is true; returns what it returned."""
        return WebDriverWait(self.driver, SECONDS, poll_frequency=0.05).until(lambda _: condition())

    def settle(self) -> None:
        """Let the page draw what is to be drawn."""
        self.driver.execute_async_script(
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done));"
        )

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        return [found.text for found in self.driver.find_elements(By.CSS_SELECTOR, selector)]

    def boxes(self, message: str) -> list[dict[str, Any]]:
        """Where a message's deliveries are on the canvas."""
        return list(self.run("return window.timeline.boxes(arguments[0])", message))

    def view(self) -> tuple[float, float]:
        """From where to where the axis is seen."""
        self.settle()
        start, end = self.run("return [app.view.from, app.view.to]")
        return start, end

    def pixel(self, x: float, y: float) -> tuple[int, int, int]:
        """The canvas's colour at a place."""
        red, green, blue = self.run(
            "const r = devicePixelRatio; return [...document.getElementById('canvas').getContext('2d')"
            ".getImageData(arguments[0] * r, arguments[1] * r, 1, 1).data].slice(0, 3)",
            x,
            y,
        )
        return red, green, blue

    def point(self, x: float, y: float) -> ActionChains:
        """The pointer over a place of the canvas."""
        canvas = self.find("#canvas")
        size = canvas.size
        chain = ActionChains(self.driver, duration=0)
        chain.move_to_element_with_offset(canvas, round(x - size["width"] / 2), round(y - size["height"] / 2))
        return chain

    def wheel(self, x: float, y: float, delta: int) -> None:
        canvas = self.find("#canvas")
        size = canvas.size
        origin = ScrollOrigin.from_element(
            canvas, round(x - size["width"] / 2), round(y - size["height"] / 2)
        )
        ActionChains(self.driver, duration=0).scroll_from_origin(origin, 0, delta).perform()

    def press(self, *keys: str) -> None:
        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def filter(self, text: str) -> None:
        """Write into the filter, as a user does."""
        field = self.find("#text")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text)
        self.wait(lambda: self.run("return app.filter.applied") == text.lower())
        self.settle()
