"""The plug-in in real runs of a project: what it starts, shares, keeps, and leaves behind."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.support.dap_client import DapClient
from tests.support.ports import free_port
from tests.support.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.only_on("embedded")

ADD = """
    sent = stack.queue("InputQueue").send({"operation": "add", "a": 5, "b": 3})
    answer = stack.queue("OutputQueue").receive_one().json()
    assert (answer["messageId"], answer["result"]) == (sent.id, 8)
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path / "project")
    yield made
    made.stop()


def test_a_run_brings_the_stack_up_shows_it_and_leaves_nothing(project: Project) -> None:
    project.write(
        "test_stack.py",
        f"def test_adds(stack):\n{ADD}\n"
        f"def test_fails(stack):\n{ADD}\n"
        "    stack.function('calculatrice').wait_for_log('REPORT')\n"
        "    assert answer['result'] == 9\n"
        "def test_waits_in_vain(stack):\n"
        "    stack.queue('OutputQueue').receive_one(timeout=0.1)\n",
    )
    code, output = project.run("--junitxml=junit.xml")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "2 failed, 1 passed" in output
    assert "harness: bringing the stack up (as it is)" in output
    assert "emulator" in output
    assert "harness: log of calculatrice" in output
    assert "START RequestId" in output
    assert "WaitTimeoutError: 0 of 1 messages came out of calculatrice-output-queue" in output
    assert "harness/client" not in output
    assert project.environment() is None
    assert not project.workspace.environment_file.exists()
    assert "harness: timeline of this run: .harness/report/timeline.html" in output
    assert (project.workspace.report / "timeline.html").stat().st_size > 0
    junit = (project.workspace.root / "junit.xml").read_text()
    path = ".harness/report/timelines/test_stack.py-test_fails.html"
    assert f"harness: timeline -------------------------------\n{path}\n" in output
    assert f'<property name="timeline" value="{path}"' in junit
    assert (project.workspace.root / path).is_file()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose first run had secrets in its environment, and left its own environment up."""
    made = Project(tmp_path_factory.mktemp("kept") / "project")
    made.write(
        "test_stack.py",
        "from pathlib import Path\n"
        "SHOWS = b'import os\\ndef lambda_handler(event, context): return dict(os.environ)'\n"
        f"def test_adds(stack, harness_session):\n{ADD}\n"
        "    with Path('ids').open('a') as ids:\n"
        "        print(harness_session.ensure_environment().id, file=ids)\n"
        "def test_environment(stack):\n"
        "    function = stack.function('calculatrice')\n"
        "    with function.replaced_code({'lambda_function.py': SHOWS}):\n"
        "        seen = function.invoke({}).payload\n"
        "    assert seen['AWS_LAMBDA_FUNCTION_NAME'] == 'calculatrice'\n"
        "    assert 'HOST_SECRET' not in seen\n"
        "    assert not [name for name, value in seen.items() if 'REALLOOKING' in value]\n",
    )
    host = {
        "AWS_ACCESS_KEY_ID": "AKIAREALLOOKING00000",
        "AWS_SECRET_ACCESS_KEY": "REALLOOKING/secret",
        "AWS_SESSION_TOKEN": "REALLOOKING-token",
        "AWS_PROFILE": "REALLOOKING-production",
        "HOST_SECRET": "REALLOOKING",
    }
    try:
        code, output = made.run("--harness-keep", environ=host)
        assert code == pytest.ExitCode.OK, output
        yield made
    finally:
        made.stop()


def test_what_is_kept_is_used_again_and_a_handler_sees_nothing_of_the_host(kept: Project) -> None:
    before = kept.environment()
    assert before
    assert kept.run("test_stack.py")[0] == pytest.ExitCode.OK
    assert kept.environment() == before
    ids = (kept.workspace.root / "ids").read_text().split()
    assert len(ids) > 1
    assert set(ids) == {before.id}


def test_code_that_a_killed_run_left_behind_is_put_right(kept: Project) -> None:
    kept.write(
        "test_killed.py",
        "def test_replaces(stack):\n"
        "    code = {'lambda_function.py': b'def lambda_handler(event, context): return 1'}\n"
        "    with stack.function('calculatrice').replaced_code(code):\n"
        "        print('reached', flush=True)\n"
        "        open('never').read()\n",
    )
    os.mkfifo(kept.workspace.root / "never")
    run = kept.pytest("-s", "test_killed.py")
    assert run.stdout
    assert any("reached" in line for line in run.stdout)
    run.kill()
    run.communicate()
    assert kept.run("test_stack.py")[0] == pytest.ExitCode.OK


def test_a_run_with_the_debug_option_stops_at_a_breakpoint(kept: Project) -> None:
    kept.write("test_debugged.py", f"def test_adds(stack):\n{ADD}\n")
    port = free_port()
    source = kept.workspace.root / "lambda_function.py"
    line = 1 + source.read_text().splitlines().index('    records = event["Records"]')
    run = kept.pytest(f"--harness-debug={port}", "test_debugged.py")
    assert run.stdout
    assert any(f"attach a debugger to 127.0.0.1:{port}" in line for line in run.stdout)
    with DapClient(port) as client:
        client.attach(source, (line,))
        thread = client.stopped()
        assert client.top_frame(thread)["name"] == "lambda_handler"
        client.resume(thread)
        output, _ = run.communicate()
    assert run.returncode == pytest.ExitCode.OK, output


def test_a_run_that_is_killed_leaves_no_process(project: Project) -> None:
    project.write(
        "test_stack.py",
        f"def test_adds(stack):\n{ADD}\n    print('reached', flush=True)\n    open('never').read()\n",
    )
    os.mkfifo(project.workspace.root / "never")
    run = project.pytest("-s")
    assert run.stdout
    assert any("reached" in line for line in run.stdout)
    environment = project.environment()
    assert environment
    emulator = psutil.Process(environment.pid)
    started = [emulator, *emulator.children(recursive=True)]
    assert len(started) > 1
    run.send_signal(signal.SIGKILL)
    run.communicate()
    _, alive = psutil.wait_procs(started, timeout=60)
    assert alive == []
    assert project.environment() is None


SHARED = """
from pathlib import Path

import psutil
import pytest

from harness.client.deadline import Deadline, until

WORKERS = 4


def all_have_come():
    return len(list(Path.cwd().glob("come-*"))) == WORKERS or None


def emulators():
    folder = str(Path.cwd())
    words = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [line for line in words if "harness_emulator" in line and folder in " ".join(line)]


@pytest.mark.parametrize("number", range(16))
def test_sees_its_own_messages_alone(stack, harness_session, worker_id, number):
    Path(f"come-{worker_id}").touch()
    assert until(all_have_come, Deadline(300)), "each worker has its first test, and all send at once"
    mark = f"{worker_id}, test {number}"
    sent = stack.queue("InputQueue").send_all({"operation": "add", "a": n, "b": 1} for n in range(20))
    marked = stack.queue("OutputQueue").send(mark)
    received = stack.queue("OutputQueue").collect(21)
    assert [message.body for message in received if message.id == marked.id] == [mark]
    results = [message.json() for message in received if message.id != marked.id]
    assert {result["messageId"] for result in results} == {message.id for message in sent}
    assert stack.queue("OutputQueue").counts().total == 0
    environment = harness_session.ensure_environment()
    with Path("seen").open("a") as seen:
        print(environment.id, len(emulators()), worker_id, stack.endpoint.account, file=seen)
"""


def test_workers_share_one_emulator_and_each_sees_its_own_messages_alone(project: Project) -> None:
    project.write("test_stack.py", SHARED)
    code, output = project.run("-n", "4")
    assert code == pytest.ExitCode.OK
    assert "16 passed" in output
    seen = [line.split() for line in (project.workspace.root / "seen").read_text().splitlines()]
    assert len({environment for environment, *_ in seen}) == 1
    assert {emulators for _, emulators, *_ in seen} == {"1"}
    workers = {(worker, account) for *_, worker, account in seen}
    assert len({worker for worker, _ in workers}) == 4
    assert len({account for _, account in workers}) == 4 == len(workers)
    assert project.environment() is None


def test_a_broken_stack_is_told_once_per_test_and_leaves_nothing(project: Project) -> None:
    app = project.workspace.root / "stack" / "__main__.py"
    app.write_text("open('synthesized', 'a').write('x')\nraise ValueError('no such queue')\n")
    project.write("test_stack.py", "def test_one(stack): ...\ndef test_two(stack): ...\n")
    code, output = project.run()
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "2 errors" in output
    assert "no such queue" in output
    assert "harness/testing" not in output
    assert "harness/terraform" not in output
    assert (project.workspace.root / "synthesized").read_text() == "x"
    assert project.environment() is None


@pytest.mark.parametrize("moment", ["harness: bringing the stack up", "reached"])
def test_ctrl_c_leaves_no_process(project: Project, moment: str) -> None:
    project.write(
        "test_stack.py",
        f"def test_adds(stack):\n{ADD}\n    print('reached', flush=True)\n    open('never').read()\n",
    )
    os.mkfifo(project.workspace.root / "never")
    run = project.pytest("-s")
    assert run.stdout
    assert any(moment in line for line in run.stdout)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: to all processes of the run
    output, _ = run.communicate()
    assert run.returncode == pytest.ExitCode.INTERRUPTED, output
    assert project.environment() is None
    assert processes_of(project) == []


def processes_of(project: Project) -> list[str]:
    """Processes whose command line or working folder is the project's."""
    root = str(project.workspace.root)
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(root in text for text in (process.cwd(), *process.cmdline())):
                found.append(" ".join(process.cmdline()))
    return found
