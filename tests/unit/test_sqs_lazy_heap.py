from __future__ import annotations

import random

from harness_emulator.sqs.lazy_heap import LazyHeap


def test_items_come_by_key_and_then_as_they_came() -> None:
    heap: LazyHeap[str] = LazyHeap()
    for item, key in (("b", 2), ("a", 1), ("c", 2)):
        heap.push(item, key)
    assert heap.first_key() == 1
    assert [heap.pop(), heap.pop(), heap.pop(), heap.pop()] == ["a", "b", "c", None]
    assert heap.first_key() is None


def test_an_item_has_its_last_key_alone() -> None:
    heap: LazyHeap[str] = LazyHeap()
    heap.push("a", 1)
    heap.push("b", 2)
    heap.push("a", 3)
    assert len(heap) == 2
    assert [heap.pop(), heap.pop(), heap.pop()] == ["b", "a", None]


def test_what_is_discarded_does_not_come() -> None:
    heap: LazyHeap[str] = LazyHeap()
    heap.push("a", 1)
    heap.push("b", 2)
    heap.discard("a")
    heap.discard("never there")
    assert "a" not in heap
    assert heap.first_key() == 2
    assert list(heap) == ["b"]


def test_only_what_is_due_comes() -> None:
    heap: LazyHeap[str] = LazyHeap()
    heap.push("a", 1.5)
    assert heap.pop_up_to(1.499) is None
    assert heap.pop_up_to(1.5) == "a"
    assert heap.pop_up_to(9) is None


def test_what_is_gone_takes_no_room() -> None:
    heap: LazyHeap[int] = LazyHeap()
    heap.push(-1, -1)  # stays in front, so that nothing behind it is ever reached
    for number in range(10_000):
        heap.push(number, number)
        heap.discard(number)
    for _ in range(10_000):
        heap.push(-1, -1)
    assert len(heap._heap) < 200
    heap.clear()
    assert (len(heap), heap.pop()) == (0, None)


def test_it_agrees_with_a_sorted_list() -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    heap: LazyHeap[int] = LazyHeap()
    known: dict[int, int] = {}
    for _ in range(5_000):
        item = chance.randrange(40)
        match chance.randrange(3):
            case 0:
                known[item] = chance.randrange(1_000) * 40 + item
                heap.push(item, known[item])
            case 1:
                known.pop(item, None)
                heap.discard(item)
            case _:
                first = min(known, key=known.__getitem__, default=None)
                assert heap.first_key() == (None if first is None else known[first])
                assert heap.pop() == first
                known.pop(first, None)  # type: ignore[arg-type]  # None is no item
        assert len(heap) == len(known)
