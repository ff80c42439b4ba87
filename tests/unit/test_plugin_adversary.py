"""Tests under seeds, in pytest runs of their own; nothing starts, and what a seed does is made up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.plugin_project import BASE, calls, run

FAULTS = """
    from harness.client.faults import InjectedFault

    environment.capabilities += ("faults",)

    class Faults:
        '''Seed n does n things: key-1 to key-n.'''
        def __init__(self):
            self.keys = ()
        def adversary(self, seed, only=None):
            every = [f"key-{number}" for number in range(1, seed + 1)]
            self.keys = tuple(key for key in every if only is None or key in only)
            note("seed", seed, *(["all"] if only is None else only))
        def no_adversary(self):
            self.keys = ()
        def adversary_did(self):
            return tuple(InjectedFault(key, "crash", f"{key.capitalize()} was done.") for key in self.keys)
        def unfired(self):
            return ()

    plain = stack

    def stack(account):
        made = plain(account)
        made.faults = Faults()
        return made
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # these tests may run in a worker themselves
    pytester.makefile(".json", cdktf="{}")
    pytester.makeconftest(BASE.format(broken="pass") + FAULTS)
    return pytester


def seeds_of(project: pytest.Pytester) -> list[str]:
    return [line.removeprefix("seed ") for line in calls(project) if line.startswith("seed ")]


def result_of(project: pytest.Pytester) -> Any:
    return json.loads((project.path / "result.json").read_text())


def under(project: pytest.Pytester, seeds: str, *more: str) -> pytest.RunResult:
    return run(project, f"--harness-adversary={seeds}", "--harness-adversary-result=result.json", "-x", *more)


def test_each_test_with_a_stack_runs_under_each_seed_seed_by_seed(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        def test_one(stack, harness_seed):
            assert len(stack.faults.keys) == harness_seed
        def test_two(stack): ...
        def test_alone(): ...
        """
    )
    result = under(project, "1-3")
    result.assert_outcomes(passed=6, deselected=1)
    assert seeds_of(project) == [f"{seed} all" for seed in (1, 1, 2, 2, 3, 3)]
    assert sum(line.startswith("up ") for line in calls(project)) == 1
    result.stdout.fnmatch_lines(["*harness: adversary*", "3 seeds (1 to 3), 6 tests in *: all passed"])
    assert result_of(project)["failed"] == []


def test_the_first_failure_is_shrunk_and_ends_the_run(project: pytest.Pytester) -> None:
    project.makepyfile("def test_one(stack):\n    assert 'key-5' not in stack.faults.keys, 'it was lost'")
    result = under(project, "3-9")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- harness: adversary -*",
            "Seed 5 makes *::test_one[[]seed=5[]] fail.",
            "1 fault of 5 makes it fail (found in * runs, * s):",
            "  1. Key-5 was done.",
            "Again: harness test --seed 5 --only key-5 '*test_one[[]seed=5[]]'",
            "*= harness: adversary =*",
            "Seed 5 makes *",
            "3 seeds (3 to 5), 3 tests in *: 1 failed",
        ]
    )
    [failure] = result_of(project)["failures"]
    assert (failure["seed"], failure["state"], failure["of"]) == (5, "shrunk", 5)
    assert [did["key"] for did in failure["did"]] == ["key-5"]
    assert seeds_of(project)[-1] == "5 key-5"
    assert not any(line.startswith(("6 ", "7 ")) for line in seeds_of(project))


def test_what_was_found_can_be_done_again(project: pytest.Pytester) -> None:
    project.makepyfile("def test_one(stack):\n    assert 'key-5' not in stack.faults.keys, 'it was lost'")
    under(
        project, "5", "--harness-adversary-only=key-5", "test_what_was_found_can_be_done_again.py"
    ).assert_outcomes(failed=1)
    assert seeds_of(project) == ["5 key-5"]
    under(project, "5", "--harness-adversary-only=none").assert_outcomes(passed=1)


def test_without_shrinking_all_is_told(project: pytest.Pytester) -> None:
    project.makepyfile("def test_one(stack):\n    assert 'key-2' not in stack.faults.keys")
    result = under(project, "3", "--harness-adversary-no-shrink")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["With 3 faults:", "  1. Key-1 *", "  2. Key-2 *", "  3. Key-3 *", "Again: * --seed 3 *"]
    )
    assert seeds_of(project) == ["3 all"]


def test_a_failure_that_is_no_matter_of_seeds_is_called_that(project: pytest.Pytester) -> None:
    project.makepyfile("def test_one(stack):\n    assert False")
    result = under(project, "3")
    result.stdout.fnmatch_lines(["*::test_one[[]seed=3[]] fails.", "It fails without the adversary, too *"])
    assert result_of(project)["failures"][0]["replay"].startswith("pytest ")


def test_a_failure_that_does_not_come_again_is_called_that(project: pytest.Pytester) -> None:
    project.makepyfile("runs = []\ndef test_one(stack):\n    runs.append(1)\n    assert len(runs) > 1")
    result = under(project, "3")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["It did not fail again with the same 3 faults: *clock.freeze()*"])


def test_another_failure_is_not_taken_for_it(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        def test_one(stack):
            assert len(stack.faults.keys) != 1, "another one"
            if "key-2" in stack.faults.keys and "key-4" in stack.faults.keys:
                raise ValueError("this one")
        """
    )
    under(project, "4")
    assert [did["key"] for did in result_of(project)["failures"][0]["did"]] == ["key-2", "key-4"]


def test_fixtures_of_a_module_are_there_after_a_failure(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import pytest
        made = []
        @pytest.fixture(scope="module")
        def shared():
            made.append(1)
            yield made
            made.append(0)
        def test_one(stack, shared):
            assert "key-1" not in stack.faults.keys
        def test_two(stack, shared):
            assert shared == [1]
        """
    )
    result = run(project, "--harness-adversary=1")
    result.assert_outcomes(failed=1, passed=1)


def test_each_failure_is_told_under_xdist_too(project: pytest.Pytester) -> None:
    project.makepyfile("def test_one(stack):\n    assert 'key-3' not in stack.faults.keys")
    result = run(project, "--harness-adversary=1-4", "-n2")
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(["Seed ? makes *", "1 fault of *", "4 seeds (1 to 4), 4 tests *: 2 failed"])


@pytest.mark.parametrize("seeds", ["x", "-1", "3-", "5-3", "1-2-3", ""])
def test_seeds_that_are_none_are_refused(project: pytest.Pytester, seeds: str) -> None:
    assert run(project, f"--harness-adversary={seeds}").ret == pytest.ExitCode.USAGE_ERROR


def test_where_no_test_uses_the_stack_that_is_said(project: pytest.Pytester) -> None:
    project.makepyfile("def test_alone(): ...")
    result = run(project, "--harness-adversary=1-2")
    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(["No test that was chosen uses `stack`*"])
