from __future__ import annotations

import pytest

from harness_emulator.mapping.advice import Facts, advise


@pytest.mark.parametrize(
    ("facts", "advised"),
    [
        (Facts(visibility=60, timeout=10), []),
        (Facts(visibility=59, timeout=10), [("B-13", "visibility timeout is 59 s: AWS advises 60 s")]),
        (
            Facts(visibility=60, timeout=10, window=5),
            [("B-13", "AWS advises 65 s, six times the function's timeout of 10 s plus the batching window")],
        ),
        (Facts(visibility=60, timeout=10, receives=5), []),
        (Facts(visibility=60, timeout=10, receives=4), [("B-13", "maxReceiveCount is 4")]),
        (Facts(visibility=60, timeout=10, reserved=5), []),
        (Facts(visibility=60, timeout=10, reserved=0), [("B-13", "reserved concurrency is 0")]),
        (Facts(visibility=60, timeout=10, reserved=10, concurrency=10), []),
        (
            Facts(visibility=60, timeout=10, reserved=10, concurrency=11),
            [("B-52", "MaximumConcurrency is 11")],
        ),
    ],
)
def test_advice(facts: Facts, advised: list[tuple[str, str]]) -> None:
    found = advise(facts)
    assert [row for row, _ in found] == [row for row, _ in advised]
    assert all(part in message for (_, message), (_, part) in zip(found, advised, strict=True))
