from typing import Any

import pytest

from harness.model.faults import KINDS, InvalidFaultError
from harness_emulator.faults.rules import Moment, Rule, RuleBook


def add(book: RuleBook, **document: Any) -> Rule:
    return book.add(document, queues=["in", "in.fifo"], functions=["calc"])


def struck(book: RuleBook, *messages: tuple[str, int, str], **moment: Any) -> list[tuple[str, set[str]]]:
    found = Moment(**{"point": "invoke", "queue": "in", "function": "calc", **moment}, messages=messages)
    return [(rule.kind, set(taken)) for rule, taken in book.strike(found)]


def test_a_rule_strikes_once() -> None:
    book = RuleBook()
    rule = add(book, kind="crash", function="calc")
    assert struck(book, ("m1", 1, "a")) == [("crash", {"m1"})]
    assert struck(book, ("m2", 1, "b")) == []
    assert rule.fired == 1


def test_a_rule_that_always_strikes_does() -> None:
    book = RuleBook()
    add(book, kind="raise", always=True)
    assert [len(struck(book, ("m", n, "a"))) for n in (1, 2, 3)] == [1, 1, 1]


def test_the_nth_invocation_is_counted_from_when_the_rule_was_added() -> None:
    book = RuleBook()
    add(book, kind="crash", function="calc", nth_invoke=2)
    assert [len(struck(book, ("m", 1, "a"))) for _ in range(4)] == [0, 1, 0, 0]


def test_only_what_it_is_aimed_at_is_counted() -> None:
    book = RuleBook()
    add(book, kind="crash", body="poison", nth_invoke=2)
    assert struck(book, ("m1", 1, "poison")) == []
    assert struck(book, ("m2", 1, "fine")) == []
    assert struck(book, ("m3", 1, "fine"), ("m4", 1, "poison")) == [("crash", {"m4"})]


def test_the_nth_delivery_is_the_messages_own_receive_count() -> None:
    book = RuleBook()
    add(book, kind="lose_delete", nth_delivery=2, always=True)
    assert struck(book, ("m1", 1, "a"), point="delete") == []
    assert struck(book, ("m1", 2, "a"), ("m2", 1, "a"), point="delete") == [("lose_delete", {"m1"})]


def test_a_rule_strikes_at_its_point_queue_and_function_alone() -> None:
    book = RuleBook()
    add(book, kind="crash", queue="in")
    assert struck(book, point="delete") == []
    assert struck(book, queue="other") == []
    assert len(struck(book)) == 1


def test_what_fifo_queues_rule_out_does_not_happen_there() -> None:
    book = RuleBook()
    add(book, kind="duplicate", always=True)
    assert struck(book, ("m1", 1, "a"), point="delivered", fifo=True) == []
    assert len(struck(book, ("m1", 1, "a"), point="delivered")) == 1


def test_rules_are_listed_and_removed() -> None:
    book = RuleBook()
    first, second = add(book, kind="crash"), add(book, kind="raise")
    assert [rule.id for rule in book.rules()] == ["fault-1", "fault-2"]
    assert book.remove(first.id) == [first]
    assert book.remove() == [second]
    with pytest.raises(InvalidFaultError, match="no fault 'fault-1'"):
        book.remove("fault-1")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"kind": "explode"}, "\"kind\" must be one of crash, .*; it is 'explode'"),
        ({}, '"kind" must be one of'),
        ({"kind": "crash", "queue": "nowhere"}, "no queue 'nowhere'; there are: in, in.fifo"),
        ({"kind": "crash", "function": "nobody"}, "no function 'nobody'; there are: calc"),
        ({"kind": "crash", "nth_invoke": 0}, '"nth_invoke" counts from 1; it is 0'),
        ({"kind": "crash", "nth_invoke": True}, '"nth_invoke" counts from 1'),
        ({"kind": "crash", "when": "later"}, '"when" must be before, during or after'),
        ({"kind": "crash", "when": {"member": "after"}}, '"when" must be before, during or after'),
        ({"kind": "latency", "seconds": 1e9}, '"seconds" of "latency" must be 1209600 .14 days. at most'),
        ({"kind": "latency", "seconds": -1}, '"seconds" of "latency" must be a number from 0'),
        (
            {"kind": "reorder", "function": "calc"},
            '"reorder" does not take function; it takes: nth_receive, queue',
        ),
        ({"kind": "duplicate", "queue": "in.fifo"}, '"duplicate" cannot happen on a FIFO queue'),
        ({"kind": "raise", "always": 1}, '"always" must be true or false'),
        ({"kind": "raise", "body": ""}, '"body" must be text'),
    ],
)
def test_a_rule_that_cannot_mean_anything_is_refused(document: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidFaultError, match=said):
        add(RuleBook(), **document)


def test_every_kind_says_what_it_means() -> None:
    assert all(kind.meaning.endswith(".") for kind in KINDS.values())
