"""Commands and test runs that start a container, and are interrupted, killed, or told to keep it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import command_line
from tests.support.containers import containers_of, remove_containers_of, running_containers_of
from tests.support.dap_client import DapClient
from tests.support.engine import require_image
from tests.support.project import Project
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.only_on("container")

ADD = """
    sent = stack.queue("InputQueue").send({"operation": "add", "a": 5, "b": 3})
    answer = stack.queue("OutputQueue").receive_one().json()
    assert (answer["messageId"], answer["result"]) == (sent.id, 8)
"""
STOPS = f"""
from pathlib import Path

def test_adds(stack):
{ADD}
    print('reached', flush=True)
    Path('never').read_text()
"""
CONTAINER = ("--harness-target", "container")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    require_image()
    made = Project(tmp_path / "project")
    yield made
    remove_containers_of(made.workspace.root)


def root(project: Project) -> Path:
    return project.workspace.root


@pytest.mark.parametrize("lines", [0, 3])
def test_ctrl_c_during_up_leaves_nothing(tmp_path: Path, lines: int) -> None:
    require_image()
    copy = command_line.Project.copied_to(tmp_path / "project")
    up = copy.start("up", "--target", "container")
    assert up.stderr is not None
    try:
        assert eventually(lambda: containers_of(copy.root))
        for _ in range(lines):
            assert up.stderr.readline()
        answer = command_line.interrupt(up)
        assert answer.code == 130, answer.err
        assert "Traceback" not in answer.err
        assert containers_of(copy.root) == []
        assert copy.processes() == []
        assert copy.harness("status", "--json").json()["environment"] is None
    finally:
        remove_containers_of(copy.root)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_told_to_end_removes_its_container(project: Project, number: signal.Signals) -> None:
    project.write("test_stack.py", STOPS)
    os.mkfifo(root(project) / "never")
    run = project.pytest("-s", *CONTAINER)
    assert run.stdout
    assert any("reached" in line for line in run.stdout)
    assert len(running_containers_of(root(project))) == 1
    os.killpg(run.pid, number)
    output, _ = run.communicate()
    assert run.returncode == pytest.ExitCode.INTERRUPTED, output
    assert containers_of(root(project)) == []
    assert project.environment() is None


def test_a_run_that_is_killed_ends_its_container_and_down_removes_it(project: Project) -> None:
    project.write("test_stack.py", STOPS)
    os.mkfifo(root(project) / "never")
    run = project.pytest("-s", *CONTAINER)
    assert run.stdout
    assert any("reached" in line for line in run.stdout)
    log = Path(project.environment().log)  # type: ignore[union-attr] # it is up
    assert "Ready on" in log.read_text()
    run.kill()
    run.communicate()
    assert eventually(lambda: not running_containers_of(root(project)))
    assert command_line.Project(root(project)).harness("down").code == 0
    assert containers_of(root(project)) == []


def test_what_a_run_keeps_is_used_again_and_debugged(project: Project) -> None:
    project.write("test_stack.py", f"def test_adds(stack):\n{ADD}\n")
    code, output = project.run(*CONTAINER, "--harness-keep")
    assert code == pytest.ExitCode.OK, output
    before = project.environment()
    assert before
    assert running_containers_of(root(project)) == [before.container]
    source = root(project) / "lambda_function.py"
    line = 1 + source.read_text().splitlines().index('    records = event["Records"]')
    run = project.pytest("test_stack.py", "--harness-debug")
    assert run.stdout
    said = next(text for text in run.stdout if "attach a debugger" in text)
    port = int(said.partition("127.0.0.1:")[2].partition(" ")[0])
    with DapClient(port) as client:
        client.attach(source, (line,))
        thread = client.stopped()
        assert client.top_frame(thread)["name"] == "lambda_handler"
        client.resume(thread)
        output, _ = run.communicate()
    assert run.returncode == pytest.ExitCode.OK, output
    assert project.environment() == before
    assert command_line.Project(root(project)).harness("down").code == 0
    assert containers_of(root(project)) == []
