"""Commands without a stack that is up: what goes wrong on the way there leaves nothing behind."""

from __future__ import annotations

import json
import signal
import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command_line import Project, interrupt
from tests.support.ports import free_port
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


pytestmark = pytest.mark.only_on("embedded")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A copy of the project, with nothing up."""
    copy = Project.copied_to(tmp_path / "project")
    yield copy
    for process in copy.processes():
        process.kill()


def assert_nothing_is_left(project: Project) -> None:
    assert project.processes() == []
    assert project.harness("status", "--json").json()["environment"] is None


def events_of(project: Project) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = project.harness("timeline", "--json").json()["events"]
    return events


def test_with_nothing_up_status_and_down_say_so_and_the_rest_says_what_to_do(project: Project) -> None:
    assert project.harness("status").out == "Nothing is up. Start it with `harness up`.\n"
    assert project.harness("status", "--json").json()["environment"] is None
    assert project.harness("down").code == 0
    for arguments in (("deploy",), ("send", "x"), ("results",), ("logs",), ("debug",), ("timeline",)):
        answer = project.harness(*arguments, "--json")
        assert answer.code == 3
        assert answer.error()["type"] == "NoEnvironmentError"
        assert "harness up" in answer.error()["hint"]


def test_a_bad_operations_file_is_told_before_anything_else(project: Project) -> None:
    (project.root / "ops.jsonl").write_text("{}\n{\n")
    answer = project.harness("send", "--file", "ops.jsonl", "--json")
    assert (answer.code, answer.error()["type"]) == (2, "OperationsFileError")


def test_a_taken_port_is_said_and_nothing_is_left(project: Project) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        answer = project.harness("up", "--port", str(port), "--json")
    assert answer.code == 3
    assert answer.error()["type"] == "PortTakenError"
    assert str(port) in answer.error()["message"]
    assert not (project.root / "lambda_deployment.zip").exists()  # nothing else was begun
    assert_nothing_is_left(project)


@pytest.mark.parametrize(
    ("file", "content", "code", "said"),
    [
        ("lambda_function.py", "def broken(:\n", 1, "lambda_function.py:1"),
        ("stack/__main__.py", "raise SystemExit('this app is broken')\n", 1, "this app is broken"),
        ("pyproject.toml", "[tool.harness]\nprot = 1\n", 2, "no setting 'prot'"),
        ("pyproject.toml", '[tool.harness]\ntarget = "moon"\n', 2, "no target 'moon'"),
    ],
)
def test_a_broken_project_is_one_message_and_nothing_is_left(
    project: Project, file: str, content: str, code: int, said: str
) -> None:
    (project.root / file).write_text(content)
    answer = project.harness("up")
    assert answer.code == code, answer.err
    assert answer.out == ""
    assert said in answer.err
    assert answer.err.count("error:") == 1
    assert "Traceback" not in answer.err
    assert project.processes() == []


def test_a_missing_terraform_is_said_with_what_installs_it(project: Project) -> None:
    answer = project.harness("up", "--json", HARNESS_TERRAFORM="no/such")
    assert answer.code == 3
    assert answer.error()["type"] == "TerraformMissingError"
    assert "no/such" in answer.error()["message"]
    assert_nothing_is_left(project)
    doctor = project.harness("doctor", "--json", HARNESS_TERRAFORM="no/such")
    assert doctor.code == 3
    (check,) = [check for check in doctor.json()["checks"] if check["state"] == "missing"]
    assert check["name"] == "Terraform"
    assert check["mend"]


def test_a_terraform_that_is_too_old_is_said_and_nothing_is_left(project: Project, tmp_path: Path) -> None:
    old = tmp_path / "terraform"
    old.write_text('#!/bin/sh\necho \'{"terraform_version": "1.4.7"}\'\n')
    old.chmod(0o755)
    answer = project.harness("up", "--json", HARNESS_TERRAFORM=str(old))
    assert answer.code == 3
    assert answer.error()["type"] == "TerraformMissingError"
    assert "1.4.7" in answer.error()["message"]
    assert_nothing_is_left(project)


def test_a_missing_interpreter_is_said_and_nothing_is_left(project: Project) -> None:
    # No Lambda runtime client is made for Python 3.8 any more, so its own Python never counts as there.
    answer = project.harness("up", "--json", HARNESS_STRICT_RUNTIME="true", CALCULATRICE_RUNTIME="python3.8")
    assert answer.code == 3
    assert answer.error()["type"] == "RuntimeMissingError"
    assert "python3.8" in answer.error()["message"]
    assert_nothing_is_left(project)


def test_an_unreadable_package_is_said_and_nothing_is_left(project: Project) -> None:
    (project.root / "broken.zip").write_bytes(b"no zip")
    answer = project.harness("up", "--json", CALCULATRICE_ZIP_PATH="./broken.zip")
    assert answer.code == 1
    assert answer.error()["type"] == "PackageError"
    assert "broken.zip" in answer.error()["message"]
    assert_nothing_is_left(project)


def test_the_doctor_gets_what_functions_run_on(project: Project) -> None:
    fixed = project.harness("doctor", "--fix", "--json").json()
    assert [step["name"] for step in fixed["steps"]] == ["runtime python3.9"]
    assert "python3" in fixed["steps"][0]["detail"]


def test_without_terraform_on_path_the_doctor_offers_to_get_it(project: Project, tmp_path: Path) -> None:
    answer = project.harness("doctor", "--json", PATH=str(tmp_path))
    assert answer.code == 3
    (check,) = [check for check in answer.json()["checks"] if check["state"] == "missing"]
    assert (check["name"], check["mend"]) == ("Terraform", "harness doctor --fix")


@pytest.mark.parametrize(
    ("lines", "number", "code"),
    [(0, signal.SIGINT, 130), (2, signal.SIGINT, 130), (4, signal.SIGINT, 130), (3, signal.SIGTERM, 143)],
)
def test_ctrl_c_during_up_leaves_nothing(project: Project, lines: int, number: int, code: int) -> None:
    up = project.start("up")
    assert up.stderr is not None
    assert eventually(lambda: len(project.processes()) > 1)  # it has started something
    for _ in range(lines):
        assert up.stderr.readline()
    answer = interrupt(up, number)
    assert answer.code == code, answer.err
    assert answer.out == ""
    assert "Interrupted." in answer.err
    assert "Traceback" not in answer.err
    assert_nothing_is_left(project)


def test_ctrl_c_while_waiting_for_results_leaves_what_is_up(project: Project) -> None:
    up = project.harness("up")
    assert up.code == 0, up.err
    # Nothing reads the output queue: so what is sent there is waited for in vain.
    waiting = project.start(
        *(
            "send",
            "x",
            "--queue",
            "OutputQueue",
            "--wait",
            "--output-queue",
            "InputQueue",
            "--timeout",
            "600",
        ),
    )
    assert waiting.stderr is not None
    assert "send" in waiting.stderr.readline()
    answer = interrupt(waiting)
    assert answer.code == 130
    assert "Traceback" not in answer.err
    assert project.harness("status", "--json").json()["environment"] is not None
    (sent,) = [event for event in events_of(project) if event["kind"] == "sent"]
    assert project.harness("down").code == 0
    assert_nothing_is_left(project)
    assert sent in events_of(project)  # what happened can still be looked at
    story = project.harness("timeline", sent["message_id"])
    assert "Sent to calculatrice-output-queue: x" in story.out
    assert project.harness("timeline", "--html", "kept.html").code == 0
    assert "<html" in (project.root / "kept.html").read_text()


def test_a_chosen_port_is_taken(project: Project) -> None:
    port = free_port()
    answer = project.harness("up", "--port", str(port), "--json")
    assert answer.code == 0, answer.out
    assert json.loads(answer.out)["environment"]["url"] == f"http://127.0.0.1:{port}"
    assert project.harness("down").code == 0
    assert_nothing_is_left(project)
