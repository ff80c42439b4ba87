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


SEEDS = (0, 1, 3, 5)


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
            self.mapped.send(*(str(number) for number in range(first, first + 10)))
        self.until_nothing_is_left()
        fired = self.done()
        return self.told(), fired

    def ledger(self) -> list[str]:
        return comparable(self.control.call("GET", "ledger", timeout=60))


def test_the_ledgers_of_one_seed_differ_in_ids_and_wall_times_alone(
    emulator: Emulator, make_mapped: MakeMapped
) -> None:
    opposed = Opposed(emulator, make_mapped(COUNTS, mapping={"BatchSize": 4}))
    stories = {}
    for seed in SEEDS:
        told, fired = opposed.run(seed)
        stories[seed] = (told, fired, opposed.ledger())
        assert {body for batch in told for body, _ in batch} == {str(number) for number in range(20)}
    for seed, (told, fired, ledger) in stories.items():
        assert opposed.run(seed) == (told, fired)
        assert opposed.ledger() == ledger
    assert len({tuple(ledger) for *_, ledger in stories.values()}) == len(stories)
    assert len({json.dumps(told) for told, *_ in stories.values()}) == len(stories)


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
