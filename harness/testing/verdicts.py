"""What came of a run under an adversary: how many seeds passed, and what made one fail."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from harness.testing.timelines import PROPERTY

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

SEED = "adversary_seed"
VERDICT = "adversary"
"""Properties of a report: of each test under a seed, and of one that failed under it."""
TITLE = "harness: adversary"

ALL, SHRUNK, CUT_SHORT, ORDER = "all", "shrunk", "cut_short", "order"
NOT_REPEATED, ANYWAY = "not_repeated", "anyway"


@dataclass(frozen=True)
class Verdict:
    """Why a test failed under a seed.

    Attributes:
        test: Its node id.
        seed: The seed.
        state: One of the words above.
        did: The faults that are left: `key`, `fault`, `said`.
        of: How many there were at first.
        runs: How often the test was run again.
        seconds: How long that took.
    """

    test: str
    seed: int
    state: str
    did: list[dict[str, str]]
    of: int
    runs: int
    seconds: float

    @property
    def replay(self) -> str:
        """The command that shows it again."""
        only = [word for did in self.did for word in ("--only", did["key"])]
        if self.state in {ALL, NOT_REPEATED}:
            only = []
        elif self.state == ORDER:
            only = ["--only", "none"]
        elif self.state == ANYWAY:
            return f"pytest {shlex.quote(self.test.replace(f'[seed={self.seed}]', ''))}"
        return shlex.join(["harness", "test", "--seed", str(self.seed), *only, self.test])

    def lines(self, report: pytest.TestReport) -> list[str]:
        """What is told about it."""
        count = len(self.did)
        faults = f"{count} fault{'' if count == 1 else 's'}"
        runs = f"{self.runs} run{'' if self.runs == 1 else 's'}, {self.seconds:.1f} s"
        told = {
            ALL: f"With {faults}:",
            SHRUNK: f"{faults} of {self.of} make it fail (found in {runs}):",
            CUT_SHORT: f"{faults} of {self.of} make it fail; perhaps fewer do ({runs}, then it ended):",
            ORDER: f"No fault is needed: the order in which the mappings take turns is enough ({runs}).",
            NOT_REPEATED: f"It did not fail again with the same {faults}: something in it depends on more "
            f"than the seed. `clock.freeze()` before the first send makes it repeatable.",
            ANYWAY: f"It fails without the adversary, too ({runs}).",
        }[self.state]
        if self.state == SHRUNK and count == 1:
            told = told.replace("make", "makes")
        timeline = [str(value) for name, value in report.user_properties if name == PROPERTY]
        return [
            f"Seed {self.seed} makes {self.test} fail." if self.state != ANYWAY else f"{self.test} fails.",
            told,
            *(f"  {number}. {did['said']}" for number, did in enumerate(self.did, start=1)),
            *(f"Timeline: {path}" for path in timeline[-1:]),
            f"Again: {self.replay}",
        ]


@dataclass
class Reports:
    """The reports of a run, counted."""

    seeds: dict[int, bool] = field(default_factory=dict)
    tests: int = 0
    verdicts: list[tuple[Verdict, pytest.TestReport]] = field(default_factory=list)
    _began: float | None = None
    _ended: float = 0.0

    def add(self, report: pytest.TestReport) -> None:
        """Count one."""
        properties: dict[str, Any] = dict(report.user_properties)
        seed = properties.get(SEED)
        if seed is None:
            return
        self.seeds[seed] = self.seeds.get(seed, True) and not report.failed
        if report.when == "call":
            self.tests += 1
            # The setup of the first test may have brought the stack up: that is no matter of the seeds.
            self._began = report.start if self._began is None else min(self._began, report.start)
        self._ended = max(self._ended, report.stop)
        if VERDICT in properties:
            self.verdicts.append((Verdict(**json.loads(properties[VERDICT])), report))

    @property
    def seconds(self) -> float:
        """How long the seeds took, without what shrinking took."""
        if self._began is None:
            return 0.0
        return max(0.0, self._ended - self._began - sum(found.seconds for found, _ in self.verdicts))

    def summary(self) -> str:
        """One line."""
        if not self.seeds:
            return "No test that was chosen uses `stack`: there is nothing that a seed would change."
        count, seconds = len(self.seeds), self.seconds
        pace = f", {count / seconds:.1f} seeds per second" if seconds else ""
        failed = sum(not passed for passed in self.seeds.values())
        names = f"seed {next(iter(self.seeds))}" if count == 1 else f"{count} seeds ({_span(self.seeds)})"
        came = f"{failed} failed" if failed else "all passed"
        return f"{names}, {self.tests} tests in {seconds:.1f} s{pace}: {came}"

    def show(self, terminal: pytest.TerminalReporter) -> None:
        """At the end of the run."""
        terminal.write_sep("=", TITLE, red=bool(self.verdicts))
        for verdict, report in self.verdicts:
            for line in verdict.lines(report):
                terminal.write_line(line)
        terminal.write_line(self.summary())

    def as_json(self, asked: Sequence[int]) -> dict[str, Any]:
        """For programs."""
        return {
            "seeds": {"asked": len(asked), "first": asked[0], "run": len(self.seeds)},
            "tests": self.tests,
            "seconds": round(self.seconds, 3),
            "failed": [seed for seed, passed in self.seeds.items() if not passed],
            "failures": [
                {
                    **asdict(verdict),
                    "replay": verdict.replay,
                    "timeline": next((v for n, v in report.user_properties if n == PROPERTY), None),
                }
                for verdict, report in self.verdicts
            ],
        }


def _span(seeds: dict[int, bool]) -> str:
    return f"{min(seeds)} to {max(seeds)}"
