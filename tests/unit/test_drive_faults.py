"""What a test asks to go wrong, over the emulator's own rules, without a server between them."""

from __future__ import annotations

from typing import Any

import pytest

from harness.client import Faults
from harness.model.errors import HarnessError, NotFoundInStackError, UsageError
from tests.support.faults_in_process import InProcess, found


@pytest.fixture
def control() -> InProcess:
    return InProcess()


@pytest.fixture
def faults(control: InProcess) -> Faults:
    return Faults(control, found({"InputQueue": "orders"}), found({"Adder": "adder"}))


def test_each_kind_has_a_method(faults: Faults) -> None:
    faults.crash(function="Adder", nth_invoke=1, when="after")
    faults.time_out(queue="InputQueue")
    faults.raise_("Bad", body="x")
    faults.throttle()
    faults.latency(2)
    faults.lose_delete(nth_delivery=2)
    faults.delay_delete(3)
    faults.duplicate(always=True)
    faults.reorder(seed=4)
    faults.short_receive(5)
    faults.empty_receive(nth_receive=6)
    faults.fail_send(7, code="Bad", nth_send=8)
    assert [str(fault) for fault in faults.list()] == [
        "fault-1: crash(function='adder', nth_invoke=1, when='after', always=False)",
        "fault-2: time_out(queue='orders', always=False)",
        "fault-3: raise(body='x', error='Bad', always=False)",
        "fault-4: throttle(always=False)",
        "fault-5: latency(seconds=2, always=False)",
        "fault-6: lose_delete(nth_delivery=2, always=False)",
        "fault-7: delay_delete(seconds=3, always=False)",
        "fault-8: duplicate(always=True)",
        "fault-9: reorder(seed=4, always=False)",
        "fault-10: short_receive(messages=5, always=False)",
        "fault-11: empty_receive(nth_receive=6, always=False)",
        "fault-12: fail_send(nth_send=8, entries=7, code='Bad', always=False)",
    ]


def test_an_adversary_is_sent_away_by_who_called_it(faults: Faults, control: InProcess) -> None:
    faults.no_adversary()
    assert control.asked == []  # a test without one costs nothing
    faults.adversary(3)
    others = Faults(control, found({}), found({}))
    others.no_adversary()
    assert others.adversary_seed() == 3
    faults.no_adversary()
    assert faults.adversary_seed() is None


def test_what_never_struck_is_known(faults: Faults, control: InProcess) -> None:
    assert faults.unfired() == ()
    assert control.asked == []  # a test without faults costs nothing
    first, second = faults.crash(), faults.throttle()
    control.book.rules()[1].fired = 1
    assert faults.unfired() == (first,)
    assert (first.times, second.times, second.fired) == (0, 1, 0)
    first.remove()
    assert faults.unfired() == ()
    assert first.times == 0
    faults.clear()
    assert faults.list() == ()


def test_a_queue_that_is_not_there_is_told_by_the_stack(faults: Faults) -> None:
    with pytest.raises(NotFoundInStackError, match="nothing is called Nowhere"):
        faults.lose_delete(queue="Nowhere")


@pytest.mark.parametrize(
    ("kind", "document", "said"),
    [
        ("explode", {}, '^"kind" must be one of crash, '),
        ("crash", {"nth_invoke": 0}, '^"nth_invoke" counts from 1; it is 0.$'),
        ("reorder", {"function": "Adder"}, '^"reorder" does not take function; it takes: nth_receive, queue'),
        ("crash", {"queue": 7}, '^"queue" must be text; it is 7'),
    ],
)
def test_what_cannot_mean_anything_is_refused_in_the_emulators_words(
    faults: Faults, kind: str, document: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        faults.add(kind, **document)
    assert faults.unfired() == ()


def test_a_rule_that_is_not_there_cannot_be_removed(faults: Faults) -> None:
    with pytest.raises(UsageError, match="There is no fault 'fault-9'"):
        faults.remove("fault-9")


def test_where_nothing_can_be_injected_that_is_said() -> None:
    with pytest.raises(HarnessError, match="no capability `faults`") as refused:
        Faults(None, found({}), found({})).crash()
    assert refused.value.hint
    assert "needs" in refused.value.hint
