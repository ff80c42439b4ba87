"""One seed, one story: under a frozen clock the adversary's runs can be told apart by their ids alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.timed import Timed
from tests.support.told_apart import comparable

if TYPE_CHECKING:
    from tests.integration.conftest import Emulator
    from tests.support.mapped import MakeMapped, Mapped

pytestmark = pytest.mark.only_on("embedded", "container")

COUNTS = """
def on(event):
    tell([(record["body"], record["attributes"]["ApproximateReceiveCount"]) for record in event["Records"]])
"""


class Opposed(Timed):
    """The account of a mapped function, with an adversary."""

    def __init__(self, emulator: Emulator, mapped: Mapped) -> None:
        super().__init__(emulator.url, mapped.account)
        self.mapped = mapped

    def begin(self, seed: int, only: list[str] | None = None) -> None:
        """As new, at a time that stands."""
        assert not self.control.call("POST", "reset")["mappings_still_busy"]
        self.freeze()
        self.control.call("POST", "faults", {"kind": "adversary", "seed": seed, "only": only})

    def until_nothing_is_left(self) -> None:
        for _ in range(100):
            self.settle()
            if not self.control.call("POST", "clock", {"action": "next", "seconds": 3600})["fired"]:
                return
        pytest.fail("it goes on and on")

    def done(self) -> list[dict[str, str]]:
        [adversary] = self.control.call("GET", "faults")
        return list(adversary["did"])

    def told(self) -> list[Any]:
        found = []
        for _ in range(200):
            answer = self.mapped.sqs.receive_message(QueueUrl=self.mapped.output, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                found.append(json.loads(message["Body"]))
                self.mapped.sqs.delete_message(
                    QueueUrl=self.mapped.output, ReceiptHandle=message["ReceiptHandle"]
                )
            if self.mapped.counts(self.mapped.output) == (0, 0):
                return found
        pytest.fail("it goes on and on")

    def run(self, seed: int, only: list[str] | None = None) -> Any:
        self.begin(seed, only)
        for first in (0, 10):
            bodies = (str(number) for number in range(first, first + 10))
            self.mapped.send(*bodies, group="g" if self.mapped.fifo else None)
        self.until_nothing_is_left()
        fired = self.done()
        return self.told(), fired

    def events(self, **wanted: Any) -> Any:
        return self.control.call("GET", "ledger", timeout=60, **wanted)

    def ledger(self) -> list[str]:
        return comparable(self.events())

    def sent(self) -> list[str]:
        """The ids of the input queue's messages, in the order in which they were sent."""
        return [event["message_id"] for event in self.events(kind="sent") if event["queue"] == "in.fifo"]

    def handled(self) -> list[str]:
        """The same in the order in which the function got them first."""
        batches = (event["message_ids"] for event in self.events(kind="batch_formed"))
        return list(dict.fromkeys(message for batch in batches for message in batch))


MAPPINGS: dict[str, dict[str, Any]] = {
    "standard": {"mapping": {"BatchSize": 4}},
    # As many batches at once as there are messages: those that are throttled or late wait side by side.
    "single": {"mapping": {"BatchSize": 1}},
    "window": {"mapping": {"BatchSize": 15, "MaximumBatchingWindowInSeconds": 5}},
    "fifo": {"mapping": {"BatchSize": 3}, "fifo": True},
}


@pytest.mark.needs("ledger")
@pytest.mark.parametrize(
    ("kind", "seeds"), [("standard", (1, 3)), ("single", (4,)), ("window", (5,)), ("fifo", (6,))]
)
def test_the_ledgers_of_one_seed_differ_in_ids_and_wall_times_alone(
    emulator: Emulator, make_mapped: MakeMapped, kind: str, seeds: tuple[int, ...]
) -> None:
    opposed = Opposed(emulator, make_mapped(COUNTS, **MAPPINGS[kind]))
    stories = {}
    for seed in seeds:
        told, fired = opposed.run(seed)
        stories[seed] = (told, fired, opposed.ledger())
        assert {int(body) for batch in told for body, _ in batch} == set(range(20))
        if kind == "fifo":
            assert opposed.handled() == opposed.sent()
    for seed, (told, fired, ledger) in stories.items():
        assert opposed.run(seed) == (told, fired)
        assert opposed.ledger() == ledger
    assert len({tuple(ledger) for *_, ledger in stories.values()}) == len(stories)
    assert len({json.dumps(told) for told, *_ in stories.values()}) == len(stories)


def test_seeds_tell_different_stories(emulator: Emulator, make_mapped: MakeMapped) -> None:
    mapped = make_mapped(COUNTS, mapping={"BatchSize": 4})
    opposed = Opposed(emulator, mapped)
    stories = [json.dumps(opposed.run(seed)) for seed in (0, 1, 2, 4)]
    assert len(set(stories)) == 4


def test_what_a_seed_did_can_be_done_in_part(emulator: Emulator, make_mapped: MakeMapped) -> None:
    opposed = Opposed(emulator, make_mapped(COUNTS, mapping={"BatchSize": 4}))
    _, fired = opposed.run(3)
    keys = [entry["key"] for entry in fired]
    assert len(keys) > 1
    told, again = opposed.run(3, keys[:1])
    assert [entry["key"] for entry in again] == keys[:1]
    told, again = opposed.run(3, [])
    assert again == []
    assert sorted(count for batch in told for _, count in batch) == ["1"] * 20
