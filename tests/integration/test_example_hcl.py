"""A project in Terraform's own language, with nothing of the harness in its Terraform files."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness.project.settings import Settings
from harness.project.workspace import Workspace
from harness.session.targets import target_for
from harness.terraform import plan_is_empty
from tests.support.command_line import ROOT, Project
from tests.support.project import use_what_is_made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.only_on("embedded")


@pytest.fixture
def prices(tmp_path: Path) -> Iterator[Project]:
    root = tmp_path / "prices"
    shutil.copytree(
        ROOT / "examples" / "hcl", root, ignore=shutil.ignore_patterns(".*", "__pycache__", "build")
    )
    use_what_is_made(Workspace(root))
    project = Project(root)
    yield project
    for process in project.processes():
        process.kill()


def test_plain_terraform_comes_up_as_it_is(prices: Project) -> None:
    before = {path: path.read_bytes() for path in (prices.root / "terraform").rglob("*") if path.is_file()}
    up = prices.harness("up", "--json").json()
    assert [queue["construct_id"] for queue in up["deployment"]["queues"]] == [
        'archive["monthly"]',
        'archive["yearly"]',
        "dead",
        "orders",
        "results",
    ]
    assert up["deployment"]["outputs"]["orders"].endswith("/prices-dev-orders")
    steps = {step["name"]: step["detail"] for step in up["steps"]}
    assert steps["terraform apply"].startswith("5 imported")
    workspace = Workspace(prices.root)
    running = target_for(Settings(), workspace).running()
    assert running is not None
    empty, output = plan_is_empty(workspace, Settings(), running)
    assert empty, output

    tests = subprocess.run(
        (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"),
        cwd=prices.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tests.returncode == 0, tests.stdout + tests.stderr
    assert "4 passed" in tests.stdout
    adversary = prices.harness("test", "--adversary", "20", "-k", "nothing_is_lost")
    assert "20 tests" in adversary.out
    assert adversary.code == 0, adversary.out

    source = prices.root / "src" / "prices.py"
    source.write_text(source.read_text().replace('"tea": 3.5', '"tea": 5'))
    again = prices.harness("up", "--json").json()
    assert {step["name"]: step["detail"] for step in again["steps"]}["code"] == "prices-dev-worker"
    empty, output = plan_is_empty(workspace, Settings(), running)
    assert empty, output
    order = ("send", "--wait", "--output-queue", "results", '{"item": "tea", "count": 2}', "--json")
    assert [row["body"]["total"] for row in prices.harness(*order).json()["results"]] == [10]
    after = {path: path.read_bytes() for path in (prices.root / "terraform").rglob("*") if path.is_file()}
    assert after == before
    assert prices.harness("down").code == 0
