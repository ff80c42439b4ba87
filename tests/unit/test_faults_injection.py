from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, override

import pytest

from harness.model.events import EventRecord
from harness_emulator.faults.adversary import Adversary
from harness_emulator.faults.rules import Moment, Rule, RuleBook, Strike
from harness_emulator.ledger.recorder import RECORDER
from tests.support.sqs_queues import Queues, bodies, put

if TYPE_CHECKING:
    from collections.abc import Iterator


class Kept:
    """Stands where the ledger's file is."""

    def __init__(self) -> None:
        self.events: list[EventRecord] = []

    def add(self, row: tuple[Any, ...]) -> None:
        self.events.append(EventRecord(*row))

    def told(self) -> list[dict[str, Any]]:
        """The faults' events, what is of the moment left out."""
        shown = [event.as_json() for event in self.events if event.kind == "fault_injected"]
        return [{k: v for k, v in e.items() if k not in {"seq", "at", "wall", "account"}} for e in shown]


@pytest.fixture
def ledger(monkeypatch: pytest.MonkeyPatch) -> Kept:
    kept = Kept()
    monkeypatch.setattr(RECORDER, "store", kept)
    return kept


@pytest.fixture
def queues() -> Iterator[Queues]:
    made = Queues()
    yield made
    made.of.faults.clear()


def armed(queues: Queues) -> bool:
    return queues.of.faults.armed


def rule(queues: Queues, kind: str, **document: Any) -> Rule:
    book: RuleBook = queues.of.faults.book
    return book.add({"kind": kind, **document}, queues=["plain", "ordered.fifo"], functions=["calc"])


def test_an_account_without_faults_is_not_armed(queues: Queues) -> None:
    assert not armed(queues)
    assert queues.of.faults.strike(Moment("invoke")) == []
    added = rule(queues, "crash")
    assert armed(queues)
    queues.of.faults.book.remove(added.id)
    assert not armed(queues)


def test_rules_and_what_else_decides_strike_together(queues: Queues) -> None:
    own = Rule("seed-7", "time_out", {}, {}, always=False)

    class Opponent(Adversary):
        @override
        def strike(self, moment: Moment) -> list[Strike]:
            return [(own, frozenset())] if moment.point == "invoke" else []

    queues.of.faults.adversary = Opponent(seed=7)
    assert armed(queues)
    crash = rule(queues, "crash")
    struck = queues.of.faults.strike(Moment("invoke", function="calc"))
    assert [found.id for found, _ in struck] == [crash.id, "seed-7"]
    queues.of.faults.clear()
    assert not armed(queues)


def test_what_struck_a_whole_batch_is_one_event_of_it(queues: Queues, ledger: Kept) -> None:
    rule(queues, "crash", when="after")
    messages = (("m1", 1, "a"), ("m2", 1, "b"))
    moment = Moment("invoke", "plain", "calc", messages=messages, batch_id="batch", request_id="r")
    queues.of.faults.strike(moment)
    assert ledger.told() == [
        {
            "kind": "fault_injected",
            "queue": "plain",
            "function": "calc",
            "batch_id": "batch",
            "request_id": "r",
            "rule": "fault-1",
            "fault": "crash after the handler",
        }
    ]


def test_what_struck_some_messages_is_an_event_of_each(queues: Queues, ledger: Kept) -> None:
    rule(queues, "delay_delete", seconds=1.5, body="a")
    messages = (("m1", 1, "a"), ("m2", 1, "b"), ("m3", 2, "aa"))
    queues.of.faults.strike(Moment("delete", "plain", "calc", messages=messages, batch_id="batch"))
    assert [(event["message_id"], event["receive_count"]) for event in ledger.told()] == [
        ("m1", 1),
        ("m3", 2),
    ]
    assert {event["fault"] for event in ledger.told()} == {"the delete comes 1.5 s later"}


def test_what_a_send_has_no_id_for_is_not_told_as_a_message(queues: Queues, ledger: Kept) -> None:
    rule(queues, "fail_send")
    queues.of.faults.strike(Moment("send", "plain", "calc", messages=(("0", 0, "a"),)))
    [event] = ledger.told()
    assert "message_id" not in event
    assert event["fault"] == "the send fails with InternalError"


def test_a_rule_repeats_a_message_once(queues: Queues) -> None:
    rule(queues, "duplicate", always=True)
    moment = Moment("delivered", "plain", messages=(("m1", 1, "a"),))
    again = Moment("delivered", "plain", messages=(("m1", 2, "a"), ("m2", 1, "b")))
    assert [set(taken) for _, taken in queues.of.faults.strike(moment)] == [{"m1"}]
    assert [set(taken) for _, taken in queues.of.faults.strike(again)] == [{"m2"}]
    assert queues.of.faults.strike(moment) == []


# Receives.


def test_another_order_is_of_all_that_is_visible_and_the_same_for_a_seed(queues: Queues) -> None:
    queue = queues.standard(VisibilityTimeout=0)
    put(queue, *"abcdef")
    rule(queues, "reorder", nth_receive=1)
    assert bodies(queue.receive(2)) == ["f", "e"]
    assert bodies(queue.receive(6)) == [*"abcdef"]
    rule(queues, "reorder", seed=5, nth_receive=1)
    rule(queues, "reorder", seed=5, nth_receive=2)
    shuffled = bodies(queue.receive(6))
    assert sorted(shuffled) == [*"abcdef"]
    assert shuffled != [*"abcdef"]
    assert bodies(queue.receive(6)) == shuffled


def test_another_order_leaves_what_was_received_too_often_to_the_dead_letter_queue(queues: Queues) -> None:
    dead = queues.standard("dead")
    policy = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 1})
    queue = queues.standard(VisibilityTimeout=0, RedrivePolicy=policy)
    put(queue, "old")
    queue.receive()
    put(queue, "new")
    rule(queues, "reorder")
    assert bodies(queue.receive(10)) == ["new"]
    assert bodies(dead.receive()) == ["old"]


def test_a_fifo_queue_keeps_its_order(queues: Queues) -> None:
    queue = queues.fifo()
    put(queue, "a", "b", group="g")
    added = rule(queues, "reorder", always=True)
    assert bodies(queue.receive(10)) == ["a", "b"]
    assert added.fired == 0


def test_a_receive_that_would_find_nothing_is_not_counted(queues: Queues) -> None:
    queue = queues.standard()
    added = rule(queues, "empty_receive", nth_receive=1)
    assert queue.receive() == []
    assert added.fired == 0
    put(queue, "a")
    assert queue.receive(wait_time_seconds=20) == []  # at once: time stands
    assert added.fired == 1
    assert bodies(queue.receive()) == ["a"]


def test_of_two_faults_of_a_receive_the_harder_counts(queues: Queues) -> None:
    queue = queues.standard()
    put(queue, *"abc")
    rule(queues, "short_receive", messages=2)
    rule(queues, "short_receive", messages=1)
    assert bodies(queue.receive(10)) == ["a"]
    assert bodies(queue.receive(10)) == ["b", "c"]


# Duplicates.


def test_a_repeated_message_is_visible_at_once_under_another_handle(queues: Queues) -> None:
    queue = queues.standard()
    put(queue, "a")
    [message] = queue.receive()
    handle = message.handle
    with queue.mutex:
        deleted = queue.remove(handle)
        assert deleted is message
        queue.repeat(message)
    queue.remove(handle)  # that of the first delivery: of no use any more
    [again] = queue.receive()
    assert (again.id, again.receive_count) == (message.id, 2)
    assert queue.remove(again.handle) is message
    assert queue.remove(again.handle) is None
    assert queue.approximate_number_of_messages == 0


def test_a_repeated_message_is_delivered_whatever_the_redrive_policy(queues: Queues) -> None:
    dead = queues.standard("dead")
    policy = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 1})
    queue = queues.standard(RedrivePolicy=policy)
    put(queue, "a")
    [message] = queue.receive()
    queue.remove(message.handle)
    queue.repeat(message)
    assert bodies(queue.receive()) == ["a"]
    assert dead.receive() == []
