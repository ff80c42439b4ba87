"""The timeline of a whole run."""

from __future__ import annotations

from typing import Any

import pytest

from harness.testing.run_timeline import in_one_line
from tests.support.plugin_project import BASE, run

KEPT = """
    environment.capabilities += ("ledger",)

    def answered(self, method, route, *words, **more):
        if route != "ledger":
            return {{"mappings_still_busy": 0}}
        if "forgotten" not in more:
            return []
        note("newest", more["last"])
        event = {{"wall": 1.0, "kind": "sent", "queue": "in", "account": self.account, "body": "b"}}
        return [{{**event, "seq": n, "at": float(n), "message_id": str(n)}} for n in range({count})]

    harness.client.control.ControlApi.call = answered
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # these tests may run in a worker themselves
    pytester.makefile(".json", cdktf="{}")
    return pytester


def with_events(project: pytest.Pytester, count: int) -> None:
    project.makeconftest(BASE.format(broken="pass") + KEPT.format(count=count))


def pages(project: pytest.Pytester) -> list[str]:
    return sorted(path.name for path in (project.path / ".harness" / "report").glob("*.html"))


def test_a_run_leaves_its_timeline_in_place_of_an_earlier_ones(project: pytest.Pytester) -> None:
    with_events(project, 3)
    project.makepyfile("def test_one(stack): ...\ndef test_two(stack): ...")
    (report := project.path / ".harness" / "report").mkdir(parents=True)
    (report / "timeline-gw7.html").touch()
    result = run(project)
    result.assert_outcomes(passed=2)
    assert pages(project) == ["timeline.html"]
    result.stdout.fnmatch_lines(["harness: timeline of this run: .harness/report/timeline.html"])


def test_without_events_or_a_stack_there_is_none(project: pytest.Pytester) -> None:
    with_events(project, 0)
    project.makepyfile("def test_one(stack): ...")
    run(project).assert_outcomes(passed=1)
    assert pages(project) == []
    with_events(project, 3)
    project.makepyfile("def test_one(): ...")
    result = run(project)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("harness: timeline*")
    assert pages(project) == []


def test_each_worker_writes_its_own(project: pytest.Pytester) -> None:
    with_events(project, 3)
    project.makepyfile("def test_one(stack): ...\ndef test_two(stack): ...")
    result = run(project, "-n2", "--dist=load")
    result.assert_outcomes(passed=2)
    assert pages(project) == ["timeline-gw0.html", "timeline-gw1.html"]
    result.stdout.fnmatch_lines(["harness: timeline of this run: .harness/report/timeline-gw0.html"])


def event(account: str, wall: float, at: float, **more: Any) -> dict[str, Any]:
    return {"account": account, "wall": wall, "at": at, **more}


def test_tests_whose_times_overlap_follow_one_another() -> None:
    shown = in_one_line(
        [
            event("a", 1, 1),
            event("a", 2, 43_200),
            event("a", 3, 3, visible_at=63),
            event("b", 4, 4),
            event("b", 5, 65),
            event("a", 6, 63),
        ]
    )
    assert [one["at"] for one in shown] == [1, 43_200, 43_200, 43_200, 43_261, 43_261]
    assert shown[2]["visible_at"] == 43_260
