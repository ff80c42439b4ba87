"""A heap whose items can be taken out without a search."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_REBUILT_FROM = 64
"""Entries of items that are gone, below which a heap is not rebuilt."""


class LazyHeap[Item]:
    """Items in the order of their keys; of equal keys, in the order in which they came.

    Every operation costs at most O(log n) on average. An item that is discarded leaves its entry behind,
    which is passed over later; when more than half of the entries are such, the heap is built anew.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Item]] = []
        self._numbers: dict[Item, int] = {}
        self._counter = itertools.count()

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Item]:
        """In no order."""
        return iter(self._numbers)

    def __contains__(self, item: Item) -> bool:
        return item in self._numbers

    def push(self, item: Item, key: float) -> None:
        """Put an item in, or give it another key."""
        number = self._numbers[item] = next(self._counter)
        heapq.heappush(self._heap, (key, number, item))
        if len(self._heap) > 2 * len(self._numbers) + _REBUILT_FROM:
            self._rebuild()

    def discard(self, item: Item) -> None:
        """Take an item out, if it is there."""
        if self._numbers.pop(item, None) is not None and (
            len(self._heap) > 2 * len(self._numbers) + _REBUILT_FROM
        ):
            self._rebuild()

    def first_key(self) -> float | None:
        """The smallest key; None where there is no item."""
        return self._heap[0][0] if self.first() is not None else None

    def first(self) -> Item | None:
        """The item with the smallest key, which stays."""
        heap, numbers = self._heap, self._numbers
        while heap:
            _, number, item = heap[0]
            if numbers.get(item) == number:
                return item
            heapq.heappop(heap)
        return None

    def pop(self) -> Item | None:
        """Take out the item with the smallest key."""
        heap, numbers = self._heap, self._numbers
        while heap:
            _, number, item = heapq.heappop(heap)
            if numbers.get(item) == number:
                del numbers[item]
                return item
        return None

    def pop_up_to(self, key: float) -> Item | None:
        """Take out the item with the smallest key, unless that is greater than `key`."""
        heap, numbers = self._heap, self._numbers
        while heap:
            first, number, item = heap[0]
            if numbers.get(item) == number:
                if first > key:
                    return None
                heapq.heappop(heap)
                del numbers[item]
                return item
            heapq.heappop(heap)
        return None

    def clear(self) -> None:
        """Take out everything."""
        self._heap.clear()
        self._numbers.clear()

    def _rebuild(self) -> None:
        numbers = self._numbers
        self._heap = [entry for entry in self._heap if numbers.get(entry[2]) == entry[1]]
        heapq.heapify(self._heap)
