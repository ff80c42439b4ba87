"""What a failed test leaves to look at, in pytest runs of their own."""

from __future__ import annotations

import re

import pytest

from harness.testing.timelines import file_name
from tests.support.plugin_project import BASE, run


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # these tests may run in a worker themselves
    pytester.makefile(".json", cdktf="{}")
    pytester.makeconftest(BASE.format(broken="pass"))
    return pytester


LEDGER = """
    environment.capabilities += ("ledger",)
    event = {"seq": 1, "at": 1.0, "wall": 1.0, "kind": "sent", "queue": "in", "message_id": "m", "body": "b"}

    def answered(self, method, route, *words, **more):
        if route == "ledger":
            return ANSWER
        return {"mappings_still_busy": 0}

    harness.client.control.ControlApi.call = answered
"""


def with_ledger(project: pytest.Pytester, answer: str) -> None:
    base = BASE.format(broken="pass") + LEDGER.replace("ANSWER", answer)
    project.makeconftest(base)


def test_a_failed_test_leaves_its_timeline(project: pytest.Pytester) -> None:
    with_ledger(project, "[event]")
    project.makepyfile(
        "def test_one(stack): assert False\ndef test_two(stack): ...\ndef test_three(): assert 0"
    )
    result = run(project, "--junitxml=junit.xml", "-o", "junit_family=xunit1")
    result.assert_outcomes(failed=2, passed=1)
    folder = project.path / ".harness" / "report" / "timelines"
    name = "test_a_failed_test_leaves_its_timeline.py-test_one.html"
    assert [path.name for path in folder.iterdir()] == [name]
    result.stdout.fnmatch_lines(["*harness: timeline*", f".harness/report/timelines/{name}"])
    junit = (project.path / "junit.xml").read_text()
    assert junit.count(f'<property name="timeline" value=".harness/report/timelines/{name}"') == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('{"message": "no"}', "is no list of events"),
        ('[{"kind": "sent"}]', "is no list of events"),
        ("[{**event, 'visible_at': None}, 7]", "is no list of events"),
    ],
)
def test_a_timeline_that_cannot_be_had_hides_no_failure(
    project: pytest.Pytester, answer: str, said: str
) -> None:
    with_ledger(project, answer)
    project.makepyfile("def test_one(stack): assert 'its own' == 'failure'")
    result = run(project)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*its own*", "*harness: timeline*", f"It cannot be had: *{said}*"])
    assert not (project.path / ".harness" / "report").exists()


def test_pytest_html_links_the_timeline(project: pytest.Pytester) -> None:
    with_ledger(project, "[event]")
    with (project.path / "conftest.py").open("a") as file:
        file.write(
            "\ndef pytest_addoption(parser):\n    parser.addoption('--html', dest='htmlpath')\n"
            "def pytest_runtest_logreport(report):\n"
            "    for extra in getattr(report, 'extras', []):\n"
            "        print('EXTRA', extra['format_type'], extra['name'], extra['content'])\n"
        )
    project.makepyfile("def test_one(stack): assert False")
    result = run(project, "--html", "out/report.html", "-s")
    result.stdout.fnmatch_lines(["*EXTRA url Timeline ../.harness/report/timelines/*test_one.html"])


def test_each_test_has_a_timeline_of_its_own() -> None:
    assert file_name("tests/unit/test_a.py::TestB::test_c") == "tests-unit-test_a.py-TestB-test_c.html"
    ids = [
        "a.py::t[a/b]",
        "a.py::t[a b]",
        "a.py::t[../../x]",
        "a.py::t[é]",
        "a.py::t[è]",
        "x" * 300,
        "x" * 301,
    ]
    names = [file_name(one) for one in ids]
    assert len(set(names)) == len(ids)
    assert all(re.fullmatch(r"[\w.-]{1,140}\.html", name, re.ASCII) for name in names)
