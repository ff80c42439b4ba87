"""What goes wrong when a rule says so, kind by kind; after each, `settle` returns when nothing moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.mapped import Mapped
from tests.support.timed import Timed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Emulator

pytestmark = [pytest.mark.only_on("embedded", "container"), pytest.mark.needs("faults", "virtual_clock")]

HIDDEN = 60
"""The input queue's visibility timeout."""
TELLS_TWICE = """
import time
runs = 0

def on(event):
    global runs
    runs += 1
    bodies = [record["body"] for record in event["Records"]]
    count = event["Records"][0]["attributes"]["ApproximateReceiveCount"]
    tell({"run": runs, "bodies": bodies, "count": count})
    if "silent" not in bodies:
        tell({"run": runs, "end": bodies})
"""


class Scene:
    """A mapped function, time that stands, and rules."""

    def __init__(self, mapped: Mapped, timed: Timed) -> None:
        self.mapped = mapped
        self.timed = timed
        self.fault = timed.fault

    def happens(self, *bodies: str) -> list[Any]:
        """Send, settle, and take what the function has told since."""
        if bodies:
            self.mapped.send(*bodies)
        self.timed.settle()
        visible, _ = self.mapped.counts(self.mapped.output)
        return self.mapped.told(visible)

    def later(self, seconds: float) -> list[Any]:
        """The same after some time."""
        self.timed.advance(seconds)
        return self.happens()

    def left(self) -> tuple[int, int]:
        """Visible messages of the input queue, and those in flight."""
        return self.mapped.counts(self.mapped.input)


@pytest.fixture(scope="module")
def mapped(emulator: Emulator) -> Iterator[Mapped]:
    made = Mapped(
        emulator.client,
        TELLS_TWICE,
        input_attributes={"VisibilityTimeout": str(HIDDEN)},
        mapping={"BatchSize": 10},
    )
    yield made
    made.close()


@pytest.fixture
def scene(emulator: Emulator, mapped: Mapped) -> Iterator[Scene]:
    timed = Timed(emulator.url, mapped.account)
    timed.settle()
    timed.control.call("POST", "reset")
    timed.freeze()
    yield Scene(mapped, timed)
    timed.control.call("DELETE", "faults")
    timed.control.call("POST", "clock", {"action": "resume"})


def bodies(told: list[Any]) -> list[Any]:
    """What the runs got, without what they told at their ends."""
    return [document["bodies"] for document in told if "bodies" in document]


def ends(told: list[Any]) -> list[Any]:
    return [document["end"] for document in told if "end" in document]


# What breaks an invocation.


@pytest.mark.parametrize(
    ("when", "begun", "ended"), [("before", 0, 0), ("during", 1, 0), ("after", 1, 1)], ids=str
)
def test_a_crash(scene: Scene, when: str, begun: int, ended: int) -> None:
    scene.fault("crash", function="mapped", when=when)
    told = scene.happens("a")
    assert (len(bodies(told)), len(ends(told))) == (begun, ended)
    assert scene.left() == (0, 1)
    assert scene.later(HIDDEN - 1) == []
    [again, end] = scene.later(1)
    assert (again["bodies"], again["count"], again["run"]) == (["a"], "2", 1)  # a new process
    assert end["end"] == ["a"]
    assert (scene.left(), scene.timed.fired()) == ((0, 0), [1])
