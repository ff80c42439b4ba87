"""A queue and its dead-letter queue over SQS's API, beside the model of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.properties.model import LONGEST_INVISIBLE, Outcome, Queue

if TYPE_CHECKING:
    from tests.properties.world import World

MOMENT = 0.125
"""Seconds before or after a deadline: a number that floats add without an error."""

bodies = st.sampled_from("abcd")
groups = st.sampled_from(("red", "red", "green", "blue"))
places = st.integers(0, 7)
timeouts = st.one_of(st.none(), st.sampled_from((0, 1, 7, 30)))


class QueueMachine(RuleBasedStateMachine):
    """Random calls, each checked at once; after each, the counters.

    Args:
        world: Where.
        fifo: Whether it is about FIFO queues.
    """

    def __init__(self, world: World, *, fifo: bool) -> None:
        super().__init__()
        self.world, self.fifo = world, fifo
        self.now = world.now()
        self.number = 0
        self.handles: list[str] = []
        self.url = self.dead = ""
        self.model = self.dead_model = Queue(fifo=fifo)

    @initialize(
        visibility=st.sampled_from((0, 1, 10, 30)),
        delay=st.sampled_from((0, 0, 0, 5)),
        retention=st.sampled_from((60, 345_600, 345_600)),
        most=st.sampled_from((None, 1, 2, 3)),
        dead_retention=st.sampled_from((60, 1_209_600)),
        per_group=st.booleans(),
    )
    def create(
        self,
        *,
        visibility: int,
        delay: int,
        retention: int,
        most: int | None,
        dead_retention: int,
        per_group: bool,
    ) -> None:
        """The queues of this example."""
        self.dead = self.world.queue(fifo=self.fifo, MessageRetentionPeriod=dead_retention)
        attributes: dict[str, Any] = {
            "VisibilityTimeout": visibility,
            "DelaySeconds": delay,
            "MessageRetentionPeriod": retention,
        }
        if most is not None:
            target = self.world.arn(self.dead)
            attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": most})
        if self.fifo and per_group:
            attributes["DeduplicationScope"] = "messageGroup"
        self.url = self.world.queue(fifo=self.fifo, **attributes)
        self.dead_model = Queue(fifo=self.fifo, retention=dead_retention)
        self.model = Queue(
            fifo=self.fifo,
            visibility=visibility,
            delay=delay,
            retention=retention,
            most=most,
            dead_letters=self.dead_model,
            per_group=per_group,
        )

    # Sending.

    @rule(group=groups, key=st.one_of(st.none(), bodies), delay=st.one_of(st.none(), st.sampled_from((0, 3))))
    def send(self, group: str, key: str | None, delay: int | None) -> None:
        """SendMessage; `key` is what deduplicates, None a key of its own."""
        arguments = self._message(group, key, delay)
        answer = self.world.sqs.send_message(QueueUrl=self.url, **arguments)
        self._sent(answer["MessageId"], arguments)

    @rule(batch=st.lists(st.tuples(groups, st.one_of(st.none(), bodies)), min_size=1, max_size=10))
    def send_batch(self, batch: list[tuple[str, str | None]]) -> None:
        """SendMessageBatch."""
        entries = [{"Id": str(n), **self._message(group, key, None)} for n, (group, key) in enumerate(batch)]
        answer = self.world.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)
        assert not answer.get("Failed")
        for one in answer["Successful"]:
            self._sent(one["MessageId"], entries[int(one["Id"])])

    def _message(self, group: str, key: str | None, delay: int | None) -> dict[str, Any]:
        self.number += 1
        message: dict[str, Any] = {"MessageBody": f"{self.number}"}
        if self.fifo:
            message["MessageGroupId"] = group
            message["MessageDeduplicationId"] = key or f"key-{self.number}"
        elif delay is not None:
            message["DelaySeconds"] = delay
        return message

    def _sent(self, message_id: str, message: dict[str, Any]) -> None:
        self.model.sent(
            self.now,
            message_id,
            message["MessageBody"],
            delay=message.get("DelaySeconds"),
            group=message.get("MessageGroupId"),
            deduplication=message.get("MessageDeduplicationId"),
        )

    # Receiving, and what is done with what came.

    @rule(maximum=st.integers(1, 10), timeout=timeouts)
    def receive(self, maximum: int, timeout: int | None) -> None:
        """ReceiveMessage."""
        more = {} if timeout is None else {"VisibilityTimeout": timeout}
        seen = self.world.receive(self.url, maximum, **more)
        self.model.received(self.now, seen, maximum, timeout)
        self.handles += [one.handle for one in seen]
        if self.model.doubtful:
            self.look_at_dead_letters()

    @rule(place=places)
    def delete(self, place: int) -> None:
        """DeleteMessage, with one of the latest handles."""
        if (handle := self._handle(place)) is None:
            return
        before = list(self.model.messages)
        outcome = self.model.deleted(self.now, handle)
        refused = self.world.is_refused("delete_message", QueueUrl=self.url, ReceiptHandle=handle)
        if outcome is not Outcome.OPEN:
            assert refused is (outcome is Outcome.REFUSED), f"{outcome}: refused is {refused}"
        elif sum(self.world.counts(self.url)) < len(before):  # it did, which AWS does not rule out
            self.model.messages.remove(self.model.handles[handle])

    @rule(place=places, timeout=st.sampled_from((0, 1, 12, 100, LONGEST_INVISIBLE - 10, LONGEST_INVISIBLE)))
    def change_visibility(self, place: int, timeout: int) -> None:
        """ChangeMessageVisibility, with one of the latest handles."""
        if (handle := self._handle(place)) is None:
            return
        outcome = self.model.visibility_changed(self.now, handle, timeout)
        if outcome is Outcome.OPEN:
            return
        refused = self.world.is_refused(
            "change_message_visibility", QueueUrl=self.url, ReceiptHandle=handle, VisibilityTimeout=timeout
        )
        assert refused is (outcome is Outcome.REFUSED), f"{outcome}: refused is {refused}"

    @rule(place=places)
    def give_back(self, place: int) -> None:
        """ChangeMessageVisibility to 0: in a group, those received with it are still in flight (A-64)."""
        self.change_visibility(place, 0)

    def _handle(self, place: int) -> str | None:
        """One of the latest receipt handles."""
        return self.handles[-1 - place % len(self.handles)] if self.handles else None

    @rule()
    def look_at_dead_letters(self) -> None:
        """Receive and delete all dead letters."""
        if not self.model.doubtful:
            self._compare(self.dead, self.dead_model)
        while seen := self.world.receive(self.dead, 10):
            # What is in doubt is not known to be there until it is seen.
            ids = {one.id for one in seen}
            self.model.bury_doubtful(self.now, ids)
            self.dead_model.received(self.now, seen, 10)
            for one in seen:
                assert self.dead_model.deleted(self.now, one.handle) is Outcome.DONE
            self.world.delete_all(self.dead, seen)
        # What has moved and was too old for that queue is seen nowhere: its receipt handle is refused.
        arguments = {"QueueUrl": self.url, "VisibilityTimeout": 0}
        gone = {
            message.id
            for message in self.model.doubtful
            if self.world.is_refused("change_message_visibility", ReceiptHandle=message.handle, **arguments)
        }
        self.model.bury_doubtful(self.now, gone)
        self.model.doubtful.clear()
        self.dead_model.received(self.now, [], 10)

    # Everything else.

    @rule()
    def purge(self) -> None:
        """PurgeQueue."""
        refused = self.world.is_refused("purge_queue", QueueUrl=self.url)
        assert refused is (self.model.purge(self.now) is Outcome.REFUSED)

    @rule(seconds=st.sampled_from((1, 5, 60, 240, 43_200)))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.now = self.world.advance(seconds)

    @precondition(lambda self: self.model.deadlines(self.now))
    @rule(place=places, offset=st.sampled_from((-MOMENT, 0.0, MOMENT)))
    def wait_for_deadline(self, place: int, offset: float) -> None:
        """Time passes, up to one of the next moments at which something changes."""
        deadlines = self.model.deadlines(self.now)
        self.now = self.world.advance(max(0.0, deadlines[place % len(deadlines)] + offset - self.now))

    @invariant()
    def counters_agree(self) -> None:
        """What the queue says of itself is what the model says."""
        if self.url:
            self._compare(self.url, self.model)

    def _compare(self, url: str, model: Queue) -> None:
        found, expected = self.world.counts(url), model.counts(self.now)
        assert found == expected, f"{url}: visible, in flight, delayed: {found}; the model: {expected}"

    def teardown(self) -> None:
        """Nothing is lost: what is left comes, once everything is visible that does not expire first."""
        if not self.url:
            return
        try:
            visible_at = max((one.visible_at for one in self.model.messages), default=self.now)
            self.now = self.world.advance(max(0.0, visible_at - self.now))
            while seen := self.world.receive(self.url, 10, VisibilityTimeout=LONGEST_INVISIBLE):
                self.model.received(self.now, seen, 10, LONGEST_INVISIBLE)
            self.model.received(self.now, [], 10)
            self.look_at_dead_letters()
            self.counters_agree()
        finally:
            for url in (self.url, self.dead):
                self.world.sqs.delete_queue(QueueUrl=url)
