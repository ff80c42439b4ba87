"""After an account has settled nothing happens in it: shown by a thousand scenarios, each from its seed.

Each account has its scenarios one after the other, and others have theirs between two of them, so that
something has time to happen. Whether it did, the ledger tells.
"""

from __future__ import annotations

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from harness.client.control import ControlApi

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Emulator
    from tests.support.mapped import MakeMapped, Mapped

# The emulator in a container is the same: what is shown here of a thousand scenarios need not be shown twice.
pytestmark = [pytest.mark.needs("virtual_clock", "ledger"), pytest.mark.only_on("embedded")]

SCENARIOS = 1000
AT_ONCE = 2
SETTLE_SECONDS = 60
DOES = """
import time

group = {"MessageGroupId": "g"} if os.environ["INPUT"].endswith(".fifo") else {}
functions = boto3.client("lambda")

def on(event):
    for record in event["Records"]:
        {"ok": lambda *_: None, "fail": fail, "pass": pass_on, "back": back, "slow": slow, "tell": tell_on,
         "event": invoke}[(job := json.loads(record["body"]))["do"]](record, job)

def fail(record, job):
    raise RuntimeError("as asked")

def pass_on(record, job):
    for then in job["then"]:
        sqs.send_message(QueueUrl=os.environ["INPUT"], MessageBody=json.dumps(then), **group)

def back(record, job):
    if record["eventSourceARN"].rpartition(":")[2] == os.environ["INPUT"].rpartition("/")[2]:
        back_at_once(record)
    raise RuntimeError("as asked")

def slow(record, job):
    time.sleep(job["seconds"])

def tell_on(record, job):
    tell(job)

def invoke(record, job):
    payload = json.dumps({"Records": [{"body": json.dumps(then)} for then in job["then"]]})
    functions.invoke(FunctionName="mapped", InvocationType="Event", Payload=payload)
"""
MAPPINGS: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({}, {"BatchSize": 1}),
    ({}, {"BatchSize": 10, "FunctionResponseTypes": ["ReportBatchItemFailures"]}),
    ({}, {"BatchSize": 100, "MaximumBatchingWindowInSeconds": 3}),
    ({}, {"BatchSize": 2, "ScalingConfig": {"MaximumConcurrency": 2}}),
    ({"fifo": True}, {"BatchSize": 3}),
    (
        {},
        {
            "BatchSize": 5,
            "FilterCriteria": {"Filters": [{"Pattern": '{"body": {"n": [{"numeric": ["<", 9]}]}}'}]},
        },
    ),
)


class Site:
    """One account in which scenarios are played.

    Args:
        control: Of the account.
        mapped: What is in it: a function that does what messages say, its queue, a dead-letter queue.
        mapping: How the queue is mapped.
    """

    def __init__(self, control: ControlApi, mapped: Mapped, mapping: dict[str, Any]) -> None:
        self._control = control
        self._mapped = mapped
        self._group = {"MessageGroupId": "g"} if mapped.fifo else {}
        self._settled: tuple[int, float] | None = None
        self._quiet: list[tuple[int, float, float]] = []
        dead = mapped.queue(
            "dead.fifo" if mapped.fifo else "dead", {"FifoQueue": "true"} if mapped.fifo else {}
        )
        redrive = json.dumps({"deadLetterTargetArn": mapped.arn(dead), "maxReceiveCount": 2})
        mapped.sqs.set_queue_attributes(QueueUrl=mapped.input, Attributes={"RedrivePolicy": redrive})
        mapped.functions.create_event_source_mapping(
            FunctionName="mapped", EventSourceArn=mapped.arn(dead), BatchSize=10
        )
        mapped.map(**mapping)
        control.call("POST", "clock", {"action": "freeze"})

    def play(self, seed: int) -> None:
        """Play a scenario to its end, and let the account settle."""
        began = time.time()
        if self._settled is not None:
            self._quiet.append((*self._settled, began))
        chance = random.Random(seed)  # noqa: S311 - a seed is all that is wanted
        for _ in range(chance.choice((1, 1, 2))):
            chance.choices((self._send, self._invoke, self._advance, self._meddle), (6, 1, 2, 1))[0](chance)
        self._control.call("POST", "settle", {"timeout": SETTLE_SECONDS}, timeout=2 * SETTLE_SECONDS)
        self._settled = seed, time.time()

    def check(self) -> int:
        """Nothing happened between a settle and the next scenario; returns how much happened in all."""
        events = self._control.call("GET", "ledger")
        for seed, settled, began in self._quiet:
            late = [event for event in events if settled < event["wall"] < began]
            assert not late, f"seed {seed}: after it had settled there happened {late}"
        return len(events)

    def _send(self, chance: random.Random) -> None:
        delays = {} if self._mapped.fifo else {"DelaySeconds": chance.choice((0, 0, 0, 1, 5))}
        entries = [
            {"Id": str(n), "MessageBody": json.dumps(job(chance)), **delays, **self._group}
            for n in range(chance.randint(1, 3))
        ]
        self._mapped.sqs.send_message_batch(QueueUrl=self._mapped.input, Entries=entries)

    def _invoke(self, chance: random.Random) -> None:
        payload = json.dumps({"Records": [{"body": json.dumps(job(chance, ("tell", "pass", "slow")))}]})
        self._mapped.functions.invoke(FunctionName="mapped", InvocationType="Event", Payload=payload)

    def _advance(self, chance: random.Random) -> None:
        seconds = chance.choice((0.5, 3, 31, 31, 90))
        self._control.call("POST", "clock", {"action": "advance", "seconds": seconds}, timeout=120)

    def _meddle(self, chance: random.Random) -> None:
        """Receive what the function has told, and give some of it back."""
        answer = self._mapped.sqs.receive_message(QueueUrl=self._mapped.output, MaxNumberOfMessages=3)
        for message in answer.get("Messages", ()):
            if chance.random() < 0.5:
                self._mapped.sqs.change_message_visibility(
                    QueueUrl=self._mapped.output,
                    ReceiptHandle=message["ReceiptHandle"],
                    VisibilityTimeout=chance.choice((0, 5)),
                )


def job(chance: random.Random, kinds: tuple[str, ...] = (), depth: int = 1) -> dict[str, Any]:
    """What a message asks the function to do."""
    weights = {"ok": 8, "fail": 2, "back": 1, "slow": 3, "tell": 2, "pass": 2, "event": 1}
    known = {kind: weight for kind, weight in weights.items() if not kinds or kind in kinds}
    [kind] = chance.choices(list(known), list(known.values()))
    made: dict[str, Any] = {"do": kind, "n": chance.randint(0, 9), "unique": chance.random()}
    if kind == "slow":
        made["seconds"] = chance.choice((0.001, 0.005, 0.02))
    if kind in {"pass", "event"}:
        if depth == 0:
            return {**made, "do": "ok"}
        few = ("tell", "pass", "slow") if kind == "event" else ()
        made["then"] = [job(chance, few, depth - 1) for _ in range(chance.randint(1, 2))]
    return made


def in_parallel(work: list[Callable[[], Any]], at_once: int) -> list[Any]:
    with ThreadPoolExecutor(at_once) as threads:
        return [future.result() for future in [threads.submit(one) for one in work]]


def test_after_an_account_has_settled_nothing_happens(emulator: Emulator, make_mapped: MakeMapped) -> None:
    def site(number: int) -> Site:
        more, mapping = MAPPINGS[number]
        mapped = make_mapped(DOES, mapping=None, **more)
        return Site(ControlApi(emulator.url, mapped.account), mapped, mapping)

    sites = in_parallel([lambda n=n: site(n) for n in range(len(MAPPINGS))], AT_ONCE)  # type: ignore[misc]

    def play(own: list[Site], seeds: range) -> None:
        for seed in seeds:
            own[seed // AT_ONCE % len(own)].play(seed)

    in_parallel(
        [lambda n=n: play(sites[n::AT_ONCE], range(n, SCENARIOS, AT_ONCE)) for n in range(AT_ONCE)],  # type: ignore[misc]
        AT_ONCE,
    )
    assert sum(one.check() for one in sites) > 10 * SCENARIOS
