"""`pytest --harness-adversary SEEDS`: each test that uses `stack` runs under each seed."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pytest
from _pytest.runner import (
    runtestprotocol,
)  # as pytest-rerunfailures does; pytest offers no other way to rerun

from harness.model.errors import HarnessError
from harness.testing import verdicts
from harness.testing.shrinking import shrink
from harness.testing.terminal import shown_progress
from harness.testing.verdicts import SEED, VERDICT, Verdict

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from harness.client import InjectedFault, Stack

NAME = "harness-adversary"
FIXTURE = "harness_seed"
_ERROR: pytest.StashKey[str] = pytest.StashKey()
_INJECTED: pytest.StashKey[tuple[InjectedFault, ...]] = pytest.StashKey()


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for.

    Attributes:
        seeds: The seeds, in their order.
        only: The keys of the faults that may happen; None for all that a seed decides.
        shrink: Whether to look for the faults that a failure takes.
        result: A file that is told what came of it, as JSON; None for none.
    """

    seeds: tuple[int, ...]
    only: tuple[str, ...] | None
    shrink: bool
    result: Path | None


@dataclass
class _Current:
    """The adversary of the test that runs: its seed, None for no adversary; and what it may do."""

    seed: int | None
    only: tuple[str, ...] | None


class AdversaryRun:
    """A plug-in that is registered where the option is given.

    Args:
        config: The run.
        wanted: What is asked for.
    """

    def __init__(self, config: pytest.Config, wanted: Wanted) -> None:
        self._config = config
        self._wanted = wanted
        self._current = _Current(None, wanted.only)
        self._reports = verdicts.Reports()

    def oppose(self, stack: Stack) -> None:
        """Called when a test gets its stack, after the reset.

        Raises:
            HarnessError: There are no faults where it runs.
        """
        if self._current.seed is not None:
            from harness.client.batches import one_call_at_a_time  # noqa: PLC0415 - loaded with the stack

            one_call_at_a_time()
            stack.faults.adversary(self._current.seed, self._current.only)

    def note_deeds(self, item: pytest.Item, stack: Stack) -> None:
        """Called when a test has failed, before anything is cleared."""
        try:
            item.stash[_INJECTED] = stack.faults.adversary_did()
        except HarnessError:  # its own failure says more
            item.stash[_INJECTED] = ()

    # Which tests.

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Have each test that uses the stack once for each seed, all tests of one seed after another."""
        if FIXTURE in metafunc.fixturenames:
            ids = [f"seed={seed}" for seed in self._wanted.seeds]
            metafunc.parametrize(FIXTURE, self._wanted.seeds, indirect=True, ids=ids, scope="session")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out the others: no seed changes them."""
        others = [item for item in items if seed_of(item) is None]
        if others:
            config.hook.pytest_deselected(items=others)
            items[:] = [item for item in items if seed_of(item) is not None]

    # Running them.

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Run a test; where it fails, look for the faults that this takes."""
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        item.user_properties.append((SEED, seed_of(item)))
        reports = self._run(item, nextitem, seed_of(item), self._wanted.only)
        if (failed := _failed(reports)) is not None and failed.when == "call":
            reports = self._explained(item, nextitem, reports, failed)
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _run(
        self,
        item: pytest.Item,
        nextitem: pytest.Item | None,
        seed: int | None,
        only: Sequence[str] | None,
    ) -> list[pytest.TestReport]:
        self._current = _Current(seed, None if only is None else tuple(only))
        item.stash[_INJECTED], item.stash[_ERROR] = (), ""
        return runtestprotocol(item, log=False, nextitem=nextitem)

    def _explained(
        self,
        item: pytest.Item,
        nextitem: pytest.Item | None,
        reports: list[pytest.TestReport],
        failed: pytest.TestReport,
    ) -> list[pytest.TestReport]:
        """The reports of a failed test with a verdict; of its last rerun, where shrinking led to one."""
        began = time.perf_counter()
        seed = seed_of(item)
        deeds, error = item.stash[_INJECTED], item.stash[_ERROR]
        runs = 0
        kept = list(item.user_properties)

        def again(only: Sequence[str] | None, of: int | None = seed) -> list[pytest.TestReport]:
            nonlocal runs
            runs += 1
            item.user_properties[:] = [entry for entry in kept if entry[0] == SEED]
            getattr(item, "_report_sections", []).clear()  # what was captured in the runs before
            return self._run(item, nextitem, of, only)

        def fails(only: Sequence[str]) -> bool:
            again(only)
            return item.stash[_ERROR] == error

        left, state = tuple(deed.key for deed in deeds), verdicts.ALL
        if self._wanted.shrink and not self._config.getoption("usepdb", default=False):
            title = f"harness: seed {seed} fails; looking for the faults that this takes"
            with shown_progress(self._config, title):
                if not fails(left):
                    state = verdicts.NOT_REPEATED
                else:
                    shrunk = shrink(left, fails)
                    left, state = shrunk.keys, verdicts.SHRUNK if shrunk.minimal else verdicts.CUT_SHORT
                if state == verdicts.SHRUNK and not left:
                    again(None, None)
                    alone = item.stash[_ERROR] == error
                    state = verdicts.ANYWAY if alone else verdicts.ORDER
                # Its timeline is to show what is told.
                last = again(left, None if state == verdicts.ANYWAY else seed)
            if item.stash[_ERROR] == error:
                reports = last
            item.user_properties[:] = kept
        failed = _failed(reports) or failed
        verdict = Verdict(
            test=item.nodeid,
            seed=seed or 0,
            state=state,
            did=[asdict(deed) for deed in deeds if deed.key in left],
            of=len(deeds),
            runs=runs,
            seconds=time.perf_counter() - began,
        )
        failed.user_properties.append((VERDICT, json.dumps(asdict(verdict))))
        failed.sections.append((verdicts.TITLE, "\n".join(verdict.lines(failed))))
        return reports

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note what the adversary did, and what went wrong, while it is known."""
        report = yield
        if report.failed and call.excinfo is not None:
            item.stash[_ERROR] = _error(report, call.excinfo)
        if report.failed and call.when == "call" and (stack := item.funcargs.get("stack")) is not None:  # type: ignore[attr-defined]
            self.note_deeds(item, stack)
        return report

    # What came of it.

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count; in the first process of pytest-xdist, too."""
        self._reports.add(report)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which seed failed, by which faults, and how to see it again."""
        self._reports.show(terminalreporter)
        if self._wanted.result is not None:
            document = self._reports.as_json(self._wanted.seeds)
            self._wanted.result.write_text(json.dumps(document), encoding="utf-8")


def seed_of(item: pytest.Item) -> int | None:
    """The seed that a test runs under."""
    callspec = getattr(item, "callspec", None)
    return None if callspec is None else callspec.params.get(FIXTURE)


def _failed(reports: Sequence[pytest.TestReport]) -> pytest.TestReport | None:
    return next((report for report in reports if report.failed), None)


def _error(report: pytest.TestReport, raised: pytest.ExceptionInfo[BaseException]) -> str:
    """What tells one failure from another: the phase, the error's type, where it was raised."""
    crash = getattr(report.longrepr, "reprcrash", None)
    place = "" if crash is None else f"{crash.path}:{crash.lineno}"
    return f"{report.when} {raised.typename} {place}"
