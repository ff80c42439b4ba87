"""The plug-in beside pytest-split and pytest-xdist."""

from __future__ import annotations

import pytest

TESTS = """
import pytest
from pathlib import Path

@pytest.mark.parametrize("number", range(11))
def test_runs(number, harness_session, request):
    assert request.config.getoption("harness_target") == "embedded"
    with Path("ran.txt").open("a") as ran:
        print(number, file=ran)
"""


def test_groups_are_a_partition_of_the_tests_also_among_workers(pytester: pytest.Pytester) -> None:
    pytester.makefile(".json", cdktf="{}")
    pytester.makepyfile(TESTS)
    ran: list[list[str]] = []
    for group in ("1", "2"):
        result = pytester.runpytest_subprocess(
            *("--splits", "2", "--group", group, "-n", "2", "--harness-target", "embedded"),
            *("-p", "no:cacheprovider", "-p", "no:hypothesispytest"),
        )
        assert result.ret == pytest.ExitCode.OK
        ran.append((pytester.path / "ran.txt").read_text().split())
        (pytester.path / "ran.txt").unlink()
    first, second = ran
    assert len(first) in {5, 6}
    assert sorted([*first, *second], key=int) == [str(number) for number in range(11)]
