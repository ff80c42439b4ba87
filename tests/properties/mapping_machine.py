"""A mapping, with a real handler process that does what each message says, beside the model of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.properties.mapping_model import Mapping, Verdict, body
from tests.properties.model import Outcome, Queue, Seen
from tests.properties.queue_machine import MOMENT

if TYPE_CHECKING:
    from tests.properties.world import World

DEAD_LETTER_RETENTION = 1_209_600
FUNCTION = "dictated"
FUNCTION_TIMEOUT = 10
"""Seconds, real ones: a handler needs milliseconds."""
HANDLER = """
import json, time
from report import tell

def handler(event, context):
    began = time.monotonic_ns()
    records, said = event["Records"], {}
    for record in records:
        plan = json.loads(record["body"])["plan"]
        count = int(record["attributes"]["ApproximateReceiveCount"])
        said[record["messageId"]] = plan[count - 1] if count <= len(plan) else "ok"
    tell({"began": began, "records": records})
    if "raise" in said.values():
        raise RuntimeError("as the message says")
    if "garble" in said.values():
        return {"batchItemFailures": [{"itemIdentifier": "nobody"}]}
    named = [one for one, verdict in said.items() if verdict == "list"]
    return {"batchItemFailures": [{"itemIdentifier": one} for one in named]}
"""

verdicts: st.SearchStrategy[Verdict] = st.sampled_from(("ok", "raise", "list", "garble"))
plans = st.lists(verdicts, max_size=4)
groups = st.sampled_from(("red", "green", "blue"))


class MappingMachine(RuleBasedStateMachine):
    """Random messages and times; what the handler was given is checked after each.

    Args:
        world: Where; it holds the function.
        output: The URL of the queue that the function tells.
        fifo: Whether the mapped queue is a FIFO queue.
    """

    def __init__(self, world: World, output: str, *, fifo: bool) -> None:
        super().__init__()
        self.world, self.output, self.fifo = world, output, fifo
        self.now = world.now()
        self.number = 0
        self.url = self.dead = self.uuid = ""
        self.dead_model = Queue(fifo=fifo, retention=DEAD_LETTER_RETENTION)
        self.model = Mapping(Queue(fifo=fifo), 1, reports=False)

    @initialize(
        visibility=st.sampled_from((10, 10, 40)),
        delay=st.sampled_from((0, 0, 5)),
        retention=st.sampled_from((60, 345_600, 345_600)),
        most=st.sampled_from((None, 1, 2, 3)),
        batch_size=st.sampled_from((1, 2, 3, 10)),
        reports=st.booleans(),
    )
    def create(
        self, visibility: int, delay: int, retention: int, most: int | None, batch_size: int, *, reports: bool
    ) -> None:
        """The queues and the mapping of this example."""
        self.dead = self.world.queue(fifo=self.fifo, MessageRetentionPeriod=DEAD_LETTER_RETENTION)
        attributes: dict[str, Any] = {
            "VisibilityTimeout": visibility,
            "DelaySeconds": delay,
            "MessageRetentionPeriod": retention,
        }
        if most is not None:
            target = self.world.arn(self.dead)
            attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": most})
        self.url = self.world.queue(fifo=self.fifo, **attributes)
        queue = Queue(self.fifo, visibility, delay, retention, most, self.dead_model)
        self.model = Mapping(queue, batch_size, reports=reports)
        self.uuid = self.world.functions.create_event_source_mapping(
            FunctionName=FUNCTION,
            EventSourceArn=self.world.arn(self.url),
            BatchSize=batch_size,
            FunctionResponseTypes=["ReportBatchItemFailures"] if reports else [],
        )["UUID"]
        self.world.settle()

    @rule(batch=st.lists(st.tuples(groups, plans), min_size=1, max_size=10))
    def send(self, batch: list[tuple[str, list[Verdict]]]) -> None:
        """SendMessageBatch."""
        entries: list[dict[str, Any]] = []
        for number, (group, plan) in enumerate(batch, self.number):
            entry = {"Id": str(number), "MessageBody": body(number, plan)}
            if self.fifo:
                entry |= {"MessageGroupId": group, "MessageDeduplicationId": str(number)}
            entries.append(entry)
        self.number += len(batch)
        answer = self.world.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)
        ids = {one["Id"]: one["MessageId"] for one in answer["Successful"]}
        for entry in entries:
            self.model.queue.sent(
                self.now, ids[entry["Id"]], entry["MessageBody"], group=entry.get("MessageGroupId")
            )
        self._replay(self.now)

    @rule(seconds=st.sampled_from((1, 9, 60, 200)))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self._replay(self.world.advance(seconds))

    @precondition(lambda self: self.model.queue.deadlines(self.now))
    @rule(offset=st.sampled_from((-MOMENT, 0.0, MOMENT)))
    def wait_for_deadline(self, offset: float) -> None:
        """Time passes, up to the next moment at which something changes."""
        wait = self.model.queue.deadlines(self.now)[0] + offset - self.now
        self._replay(self.world.advance(max(0.0, wait)))

    @rule()
    def disable_or_enable(self) -> None:
        """UpdateEventSourceMapping: a disabled one leaves the messages where they are (B-16)."""
        enabled = not self.model.enabled
        self.world.functions.update_event_source_mapping(UUID=self.uuid, Enabled=enabled)
        self.model.enabled = enabled
        self._replay(self.now)

    def _replay(self, until: float) -> None:
        """What the handler was given since the last look is what it should have been given."""
        self.world.settle()
        documents = []
        while seen := self.world.receive(self.output, 10):
            documents += [json.loads(one.body) for one in seen]
            self.world.delete_all(self.output, seen)
        documents.sort(key=lambda document: document["began"])
        batches = [[_seen(record) for record in document["records"]] for document in documents]
        since, self.now = self.now, until
        self.model.replay(batches, since, until)

    @rule()
    def look_at_dead_letters(self) -> None:
        """Receive and delete all dead letters."""
        while seen := self.world.receive(self.dead, 10):
            self.dead_model.received(self.now, seen, 10)
            for one in seen:
                assert self.dead_model.deleted(self.now, one.handle) is Outcome.DONE
            self.world.delete_all(self.dead, seen)
        self.dead_model.received(self.now, [], 10)

    @invariant()
    def counters_agree(self) -> None:
        """What the queues say of themselves is what the model says."""
        if not self.uuid:
            return
        for url, model in ((self.url, self.model.queue), (self.dead, self.dead_model)):
            found, expected = self.world.counts(url), model.counts(self.now)
            assert found == expected, f"{url}: visible, in flight, delayed: {found}; the model: {expected}"

    def teardown(self) -> None:
        """Nothing is lost: each message is deleted, a dead letter, or too old."""
        if not self.uuid:
            return
        try:
            if not self.model.enabled:
                self.disable_or_enable()
            while self.model.queue.messages:
                self.wait_for_deadline(0.0)
            self.look_at_dead_letters()
            self.counters_agree()
        finally:
            self.world.functions.delete_event_source_mapping(UUID=self.uuid)
            for url in (self.url, self.dead):
                self.world.sqs.delete_queue(QueueUrl=url)


def _seen(record: dict[str, Any]) -> Seen:
    attributes = record["attributes"]
    return Seen(
        record["messageId"],
        record["body"],
        int(attributes["ApproximateReceiveCount"]),
        record["receiptHandle"],
        attributes.get("MessageGroupId"),
    )
