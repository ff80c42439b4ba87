from __future__ import annotations

from typing import Any

import pytest

from harness.model.faults import KINDS, InvalidFaultError
from harness_emulator.faults.adversary import DELIVERIES, WHIMS, Adversary
from harness_emulator.faults.rules import Moment

SEEDS = range(60)


def moment(point: str, *numbers: int, delivery: int = 1, run: str = "", **more: Any) -> Moment:
    """A moment of messages by their numbers; their ids are others in each run."""
    about: dict[str, Any] = {"messages": tuple((f"{run}{number}", delivery, "{}") for number in numbers)}
    if point in {"receive", "send"}:
        entries = (("0", 0, "{}"), ("1", 0, "{}")) if point == "send" else ()
        about = {"messages": entries, "near": tuple(("in", f"{run}{number}", delivery) for number in numbers)}
    return Moment(**{"point": point, "queue": "in", "function": "adder", **about, **more})


def entered(adversary: Adversary, count: int, run: str = "") -> Adversary:
    for number in range(1, count + 1):
        adversary.entered("in", f"{run}{number}")
    return adversary


def struck(adversary: Adversary, *moments: Moment) -> list[tuple[str, str, dict[str, Any]]]:
    return [(rule.id, rule.kind, rule.options) for found in moments for rule, _ in adversary.strike(found)]


def everything(run: str = "", fifo: bool = False) -> list[Moment]:  # noqa: FBT001, FBT002 - a test's
    points = sorted({KINDS[kind].point for kind in WHIMS})
    return [
        moment(point, first, first + 1, run=run, fifo=fifo) for point in points for first in range(1, 20, 2)
    ]


@pytest.mark.parametrize("seed", [0, 1, 7, 10**12])
def test_a_seed_decides_the_same_each_time_whatever_the_ids(seed: int) -> None:
    one = struck(entered(Adversary(seed), 20, "a"), *everything("a"))
    two = struck(entered(Adversary(seed), 20, "b"), *everything("b"))
    assert one == two


def test_the_order_in_which_it_is_asked_does_not_matter() -> None:
    moments = everything()
    for seed in SEEDS:
        one = struck(entered(Adversary(seed), 20), *moments)
        two = struck(entered(Adversary(seed), 20), *reversed(moments))
        assert sorted(one, key=str) == sorted(two, key=str)


def test_seeds_differ_and_between_them_use_every_kind() -> None:
    found = [struck(Adversary(seed), *everything()) for seed in SEEDS]
    assert len({str(strikes) for strikes in found}) > len(SEEDS) * 0.9
    assert {kind for strikes in found for _, kind, _ in strikes} == set(WHIMS)
    assert any(not strikes for strikes in found) or min(map(len, found)) < 5


def test_each_key_strikes_once() -> None:
    for seed in SEEDS:
        adversary = Adversary(seed)
        keys = [key for key, *_ in struck(adversary, *everything())]
        assert len(set(keys)) == len(keys)
        again = everything()
        struck(adversary, *again)
        assert struck(adversary, *again) == []


def test_later_deliveries_go_through() -> None:
    late = [moment(found.point, 1, 2, delivery=DELIVERIES + 1) for found in everything()]
    assert all(struck(Adversary(seed), *late) == [] for seed in SEEDS)


def test_who_is_late_goes_through_with_the_batch_that_it_is_in() -> None:
    mixed = Moment(
        "invoke", "in", "adder", messages=(("1", 1, "{}"), ("2", DELIVERIES + 1, "{}")), batch_id="b"
    )
    assert all(struck(Adversary(seed), mixed) == [] for seed in range(300))
    deletes = Moment("delete", "in", "adder", messages=mixed.messages)
    taken = {ids for seed in range(300) for _, ids in Adversary(seed).strike(deletes)}
    assert taken == {frozenset({"1"})}


def test_fifo_queues_keep_their_order_and_repeat_nothing() -> None:
    kinds = {kind for seed in SEEDS for _, kind, _ in struck(Adversary(seed), *everything(fifo=True))}
    assert "crash" in kinds
    assert not kinds & {"reorder", "duplicate"}


def test_what_no_mapping_delivers_is_left_alone() -> None:
    direct = Moment("invoke", function="adder")
    assert all(struck(Adversary(seed), direct) == [] for seed in SEEDS)


def test_a_batch_is_struck_as_a_whole_and_a_delete_for_each_message() -> None:
    batches, deletes = set(), set()
    for seed in SEEDS:
        adversary = entered(Adversary(seed), 2)
        batches |= {ids for rule, ids in adversary.strike(moment("invoke", 1, 2)) if rule.kind == "crash"}
        deletes |= {ids for rule, ids in adversary.strike(moment("delete", 1, 2))}
    assert batches == {frozenset({"1", "2"})}
    assert deletes == {frozenset({"1"}), frozenset({"2"})}


def test_only_some_keys_can_be_done_again() -> None:
    for seed in SEEDS:
        everywhere = struck(entered(Adversary(seed), 20), *everything())
        keys = [key for key, *_ in everywhere][::2]
        again = struck(entered(Adversary(seed, keys), 20), *everything())
        assert again == [strike for strike in everywhere if strike[0] in keys]
        assert struck(Adversary(seed, []), *everything()) == []


def test_what_it_did_is_told() -> None:
    seed = next(
        seed for seed in SEEDS if any("crash" in key for key, *_ in struck(Adversary(seed), *everything()))
    )
    adversary = entered(Adversary(seed), 20)
    strikes = struck(adversary, *everything())
    listed = adversary.as_json()
    assert [entry["key"] for entry in listed["did"]] == [key for key, *_ in strikes]
    assert (listed["id"], listed["seed"], listed["only"]) == ("adversary", seed, None)
    [said, *_] = [entry["said"] for entry in listed["did"] if entry["fault"] == "crash"]
    assert said.startswith("The process of adder died ")
    assert "of in in its first delivery in the batch." in said
    assert all(entry["said"].endswith(".") and "{" not in entry["said"] for entry in listed["did"])


def test_turns_go_round_in_an_order_of_the_seeds_own() -> None:
    names = ["c", "a", "b"]
    orders = []
    for seed in range(20):
        one, two = Adversary(seed), Adversary(seed)
        order = [one.choose(names) for _ in range(12)]
        assert order == [two.choose(sorted(names)) for _ in range(12)]
        assert set(order) <= set(names)
        orders.append(tuple(order))
    assert len(set(orders)) == 20


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, '"seed" must be a whole number from 0 on; it is None'),
        ({"seed": -1}, '"seed" must be a whole number'),
        ({"seed": True}, '"seed" must be a whole number'),
        ({"seed": "7"}, "it is '7'"),
        ({"seed": 7, "only": "crash"}, '"only" must be a list of keys'),
        ({"seed": 7, "only": [1]}, '"only" must be a list of keys'),
        ({"seed": 7, "rate": 1}, '"adversary" does not take rate; it takes: seed, only'),
    ],
)
def test_one_that_cannot_mean_anything_is_refused(document: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidFaultError, match=said):
        Adversary.of({"kind": "adversary", **document})


def test_it_is_read() -> None:
    adversary = Adversary.of({"kind": "adversary", "seed": 7, "only": ["a"], "account": "000000000000"})
    assert (adversary.seed, adversary.only) == (7, frozenset({"a"}))
