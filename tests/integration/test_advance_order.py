"""One advance over many deadlines: what becomes due on the way happens as it would have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from harness.client.control import ControlApi

if TYPE_CHECKING:
    from tests.integration.conftest import Emulator
    from tests.support.mapped import MakeMapped, Mapped

pytestmark = [pytest.mark.needs("virtual_clock", "ledger"), pytest.mark.only_on("embedded", "container")]

DAYS = 24 * 3600
WORKS = """
def on(event):
    for record in event["Records"]:
        if record["body"].startswith("poison") and record["eventSourceARN"].endswith(":in"):
            raise RuntimeError(record["body"])
        if record["body"].startswith("again "):
            sqs.send_message(
                QueueUrl=record["body"].split()[1], MessageBody="once", MessageGroupId="g",
                MessageDeduplicationId="once",
            )
"""
Happened = tuple[float, str, str]
"""Seconds since the advance began, the kind of the event, and what it is about."""


class Story:
    """What the ledger tells of a mapped function's account, from now on.

    Attributes:
        bodies: What was sent, by message id.
    """

    def __init__(self, emulator: Emulator, mapped: Mapped) -> None:
        self.control = ControlApi(emulator.url, mapped.account)
        self._mapped = mapped
        self._began = float(self.control.call("POST", "clock", {"action": "freeze"})["now"])

    def send(self, url: str, body: str, **more: Any) -> None:
        self._mapped.sqs.send_message(QueueUrl=url, MessageBody=body, **more)

    def map(self, url: str, **arguments: Any) -> None:
        self._mapped.functions.create_event_source_mapping(
            FunctionName="mapped", EventSourceArn=self._mapped.arn(url), **arguments
        )

    def events(self, *kinds: str) -> list[Happened]:
        """The events of these kinds after the first moment, in order."""
        events = self.control.call("GET", "ledger")
        bodies = {event["message_id"]: event["body"] for event in events if event["kind"] == "sent"}

        batches = {
            event["batch_id"]: event["message_ids"] for event in events if event["kind"] == "batch_formed"
        }

        def about(event: dict[str, Any]) -> str:
            ids = [event["message_id"]] if "message_id" in event else batches[event["batch_id"]]
            return " ".join(bodies[one].split()[0] for one in ids)

        return [
            (round(event["at"] - self._began, 3), event["kind"], about(event))
            for event in events
            if event["kind"] in kinds and event["at"] > self._began
        ]


def test_all_that_waits_happens_within_one_advance_in_its_order(
    emulator: Emulator, make_mapped: MakeMapped
) -> None:
    mapped = make_mapped(WORKS, mapping=None, input_attributes={"VisibilityTimeout": "60"})
    story = Story(emulator, mapped)
    dead = mapped.queue("dead", {"VisibilityTimeout": "60"})
    window = mapped.queue("window", {"VisibilityTimeout": "90"})
    brief = mapped.queue("brief", {"MessageRetentionPeriod": "75"})
    fifo = mapped.queue("once.fifo", {"FifoQueue": "true", "VisibilityTimeout": "60"})
    redrive = json.dumps({"deadLetterTargetArn": mapped.arn(dead), "maxReceiveCount": 2})
    mapped.sqs.set_queue_attributes(QueueUrl=mapped.input, Attributes={"RedrivePolicy": redrive})
    for url in (mapped.input, dead, fifo):
        story.map(url, BatchSize=1)
    story.map(window, BatchSize=100, MaximumBatchingWindowInSeconds=30)

    story.send(brief, "read-by-nobody")
    story.send(fifo, "once", MessageGroupId="g", MessageDeduplicationId="once")
    story.send(window, "one")
    story.send(window, "two", DelaySeconds=20)
    story.send(mapped.input, "poison")
    story.send(mapped.input, "delayed", DelaySeconds=90)
    for delay in (299, 301):
        story.send(mapped.input, f"again {fifo}", DelaySeconds=delay)
    story.control.call("POST", "settle")
    story.control.call("POST", "clock", {"action": "advance", "seconds": 14 * DAYS})

    # What is deduplicated is not sent: it has the id of the first.
    kinds = ("visible", "batch_formed", "expired", "moved_to_dlq", "deduplicated", "invoke_failed", "deleted")
    happened = story.events(*kinds)
    assert [event for event in happened if event[0] < 301] == [
        (20, "visible", "two"),
        (30, "batch_formed", "one two"),
        (30, "deleted", "one"),
        (30, "deleted", "two"),
        (60, "visible", "poison"),
        (60, "batch_formed", "poison"),
        (60, "invoke_failed", "poison"),
        (75, "expired", "read-by-nobody"),
        (90, "visible", "delayed"),
        (90, "batch_formed", "delayed"),
        (90, "deleted", "delayed"),
        (120, "visible", "poison"),
        (120, "moved_to_dlq", "poison"),
        (120, "batch_formed", "poison"),
        (120, "deleted", "poison"),
        (299, "visible", "again"),
        (299, "batch_formed", "again"),
        (299, "deduplicated", "once"),
        (299, "deleted", "again"),
    ]
    # The function and the mapping of the queue that it has sent to are at work side by side.
    assert sorted(happened[-5:]) == [
        (301, "batch_formed", "again"),
        (301, "batch_formed", "once"),
        (301, "deleted", "again"),
        (301, "deleted", "once"),
        (301, "visible", "again"),
    ]
    assert story.control.call("GET", "clock")["next"] is None


def test_it_can_be_gone_through_deadline_by_deadline(emulator: Emulator, make_mapped: MakeMapped) -> None:
    mapped = make_mapped(WORKS, input_attributes={"VisibilityTimeout": "60"})
    story = Story(emulator, mapped)
    brief = mapped.queue("brief", {"MessageRetentionPeriod": "75"})
    story.send(brief, "read-by-nobody")
    story.send(mapped.input, "delayed", DelaySeconds=50)
    story.send(mapped.input, "well")
    story.control.call("POST", "settle")
    seen: list[Happened] = []
    while story.control.call("POST", "clock", {"action": "next"})["fired"]:
        seen.append(story.events("deleted", "expired")[-1])
    # The visibility timeout of what was deleted in time is no deadline.
    assert seen == [(50, "deleted", "delayed"), (75, "expired", "read-by-nobody")]
