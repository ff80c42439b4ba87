"""`harness.Environment` without pytest: unittest, a failing script, namespaces, other AWS services."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import harness
from harness.model.errors import UsageError
from tests.support.command_line import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.only_on("embedded")

UNITTEST = """
import unittest

import harness


class CalculatorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.environment = cls.enterClassContext(harness.Environment.up())

    def setUp(self):
        self.environment.reset()

    def test_a_crash_is_retried_after_the_visibility_timeout(self):
        stack, clock = self.environment.stack, self.environment.clock
        clock.freeze()
        self.environment.faults.crash(function="calculatrice", nth_invoke=1)
        message = stack.queue("InputQueue").send({"operation": "add", "a": 5, "b": 3})
        clock.settle()
        self.assertEqual(message.deliveries, 1)
        clock.advance(60)
        self.assertEqual(stack.queue("OutputQueue").receive_one().json()["result"], 8)

    def test_a_reset_leaves_nothing_of_the_test_before(self):
        self.assertEqual(self.environment.stack.queue("InputQueue").counts().total, 0)
        self.assertFalse(self.environment.clock.frozen)
        self.assertEqual(self.environment.faults.list(), ())


if __name__ == "__main__":
    unittest.main()
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    copy = Project.copied_to(tmp_path_factory.mktemp("scripts") / "project")
    yield copy
    copy.harness("down")


def run(project: Project, code: str) -> subprocess.CompletedProcess[str]:
    (project.root / "script.py").write_text(code)
    return subprocess.run(
        [sys.executable, "script.py"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )


def test_a_unittest_case_drives_a_stack_and_stops_what_it_started(project: Project) -> None:
    done = run(project, UNITTEST)
    assert done.returncode == 0, done.stderr
    assert "Ran 2 tests" in done.stderr
    assert project.harness("status", "--json").json()["environment"] is None
    assert project.processes() == []


def test_a_script_that_fails_leaves_nothing_running(project: Project) -> None:
    done = run(project, "import harness\nwith harness.Environment.up():\n    raise SystemExit('broken')\n")
    assert (done.returncode, done.stderr.strip().splitlines()[-1]) == (1, "broken")
    assert project.processes() == []


def test_what_was_running_stays_and_namespaces_do_not_see_each_other(project: Project) -> None:
    project.harness("up")
    try:
        with (
            harness.Environment.up(project.root / "stack") as first,
            harness.Environment.up(project.root, namespace="other") as second,
        ):
            first.reset()
            second.reset()
            first.clock.freeze()
            first.stack.queue("OutputQueue").send("for the first alone")
            assert first.stack.queue("OutputQueue").counts().total == 1
            assert second.stack.queue("OutputQueue").counts().total == 0
            assert first.url == second.url
            # Neighbours, at the stack's endpoint, in its account and region.
            caller = second.stack.client("sts").get_caller_identity()
            assert caller["Account"] == second.stack.endpoint.account != first.stack.endpoint.account
            s3 = first.stack.client("s3")
            assert s3.meta.region_name == first.stack.endpoint.region
            s3.create_bucket(Bucket="notes")
            s3.put_object(Bucket="notes", Key="a", Body=b"1")
            assert s3.get_object(Bucket="notes", Key="a")["Body"].read() == b"1"
        assert project.harness("status", "--json").json()["environment"] is not None
    finally:
        project.harness("down")


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cdktf\.json"):
        harness.Environment.up(tmp_path)
