from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import click
import pytest

from harness.cli import main as front
from harness.cli.app import App, command
from harness.cli.stream import Stream
from harness.model.errors import HarnessError, NoEnvironmentError, OperationsFileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ERRORS: dict[str, tuple[BaseException, int]] = {
    "stack": (HarnessError("What.", hint="Mend.", detail="one\ntwo"), 1),
    "usage": (OperationsFileError("Line 3."), 2),
    "prerequisite": (NoEnvironmentError("Nothing is up."), 3),
    "click": (click.BadParameter("bad"), 2),
    "interrupt": (KeyboardInterrupt(), 130),
    "terminated": (front._Interrupted(signal.SIGTERM), 143),
    "unforeseen": (ZeroDivisionError("oops"), 1),
    "full": (OSError(28, "No space left on device", "/a/file"), 3),
}


class HalfMade:
    """Interrupted while it is made, as a response may be whose body is read."""

    def __init__(self) -> None:
        raise KeyboardInterrupt

    def __del__(self) -> None:
        raise AttributeError


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs a command line whose commands do what the tests need, in an empty project."""
    (tmp_path / "cdktf.json").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)  # put back after the test
    monkeypatch.setitem(front.COMMANDS, "failing", ("tests.unit.none:failing", "Fails."))

    @click.command()
    @click.argument("kind")
    @command
    def failing(app: App, kind: str) -> int:
        if kind == "stream":
            with Stream(app, "items", queue="q") as stream:
                stream.item({"n": 1}, "line 1")
                stream.item({"n": 2}, "line\x1b 2\nmore\there")
            return 0
        if kind == "half-made":
            HalfMade()
        if kind.startswith("stream-"):
            with Stream(app, "items") as stream:
                stream.item({"n": 1}, "line 1")
                raise ERRORS[kind.removeprefix("stream-")][0]
        if kind in ERRORS:
            raise ERRORS[kind][0]
        app.show("for people")
        return app.answer({"for": "programs"}, exit_code=int(kind))

    found = front._Commands.get_command

    def get_command(self: Any, ctx: click.Context, name: str) -> click.Command | None:
        return failing if name == "failing" else found(self, ctx, name)

    monkeypatch.setattr(front._Commands, "get_command", get_command)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = front.run(arguments)
        return code, *capsys.readouterr()

    return call


@pytest.mark.parametrize("kind", ERRORS)
def test_every_error_has_its_exit_code_and_one_message(run: Callable[..., Any], kind: str) -> None:
    code, out, err = run("failing", kind)
    assert code == ERRORS[kind][1]
    assert out == ""
    assert "Traceback" not in err
    assert err.count("error:") == (0 if code > 100 else 1)


@pytest.mark.parametrize("kind", ERRORS)
def test_with_json_every_error_is_one_document_and_nothing_else(run: Callable[..., Any], kind: str) -> None:
    code, out, err = run("failing", kind, "--json")
    document = json.loads(out)
    assert document["exit_code"] == code == ERRORS[kind][1]
    assert set(document["error"]) == {"type", "message", "hint", "detail"}
    assert err == ""


def test_nothing_is_said_of_what_an_interrupt_left_half_made(run: Callable[..., Any]) -> None:
    assert run("failing", "half-made") == (130, "", "\nInterrupted.\n")


@pytest.mark.parametrize("exit_code", [0, 1, 3])
def test_an_answer_is_for_people_or_for_programs(run: Callable[..., Any], exit_code: int) -> None:
    assert run("failing", str(exit_code)) == (exit_code, "for people\n", "")
    code, out, err = run("failing", str(exit_code), "--json")
    assert (code, json.loads(out), err) == (exit_code, {"for": "programs", "exit_code": exit_code}, "")


def test_message_detail_and_hint_are_shown(run: Callable[..., Any]) -> None:
    assert run("failing", "stack")[2] == "error: What.\n  one\n  two\nhint: Mend.\n"


def test_what_nobody_foresaw_leaves_its_details_in_a_file(run: Callable[..., Any], tmp_path: Path) -> None:
    _, _, err = run("failing", "unforeseen")
    crash = tmp_path / ".harness" / "crash.log"
    assert err.splitlines() == [
        "error: An error inside the harness: ZeroDivisionError: oops",
        f"hint: This should not happen. Details: {crash}",
    ]
    assert "Traceback" in crash.read_text()


def test_a_full_disk_is_no_error_inside_the_harness(run: Callable[..., Any]) -> None:
    assert run("failing", "full")[2].startswith("error: /a/file: No space left on device.")


@pytest.mark.parametrize(
    "arguments",
    [["up", "--port", "x"], ["up", "--nope"], ["nope"], ["send"], ["send", "a", "--file", "b"], ["send", ""]],
)
def test_wrong_usage_is_exit_code_2_in_both_forms(run: Callable[..., Any], arguments: list[str]) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    code, out, err = run(*arguments, "--json")
    assert (code, err) == (2, "")
    assert json.loads(out)["error"]["type"] == "UsageError"


def test_json_after_a_double_dash_is_an_argument(run: Callable[..., Any]) -> None:
    code, out, err = run("up", "--", "--json")
    assert (code, out) == (2, "")
    assert "unexpected extra argument" in err


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--version"]])
def test_help_and_version(run: Callable[..., Any], arguments: list[str]) -> None:
    code, out, err = run(*arguments)
    assert (code, err) == (0, "")
    assert "harness" in out


@pytest.mark.parametrize("name", [name for name in front.COMMANDS if name != "failing"])
def test_every_command_takes_json_and_says_what_it_does(run: Callable[..., Any], name: str) -> None:
    code, out, err = run(name, "--help")
    assert (code, err) == (0, "")
    assert "--json" in out
    assert front.COMMANDS[name][1] in run("--help")[1]


def test_a_stream_is_lines_for_people_without_control_codes(run: Callable[..., Any]) -> None:
    assert run("failing", "stream") == (0, "line 1\nline\\x1b 2\n    more    here\n", "")


def test_a_stream_is_one_document_for_programs(run: Callable[..., Any]) -> None:
    code, out, _ = run("failing", "stream", "--json")
    assert (code, json.loads(out)) == (0, {"queue": "q", "items": [{"n": 1}, {"n": 2}], "exit_code": 0})
    assert '{"n": 1}' in out.splitlines()[1]


@pytest.mark.parametrize("kind", ERRORS)
def test_a_stream_that_fails_is_still_one_document(run: Callable[..., Any], kind: str) -> None:
    code, out, err = run("failing", f"stream-{kind}", "--json")
    document = json.loads(out)
    assert (document["items"], document["exit_code"], err) == ([{"n": 1}], code, "")
    assert code == ERRORS[kind][1]


def test_without_a_project_the_commands_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert front.run(["status", "--json"]) == 2
    assert "neither cdktf.json nor Terraform files" in json.loads(capsys.readouterr().out)["error"]["message"]


def test_help_is_quick_because_it_imports_little() -> None:
    code = (
        "import sys; from harness.cli import main; assert main.run(['--help']) == 0; "
        "print(sorted({'boto3', 'rich', 'cdktf', 'localstack', 'psutil'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "cdktf.json").touch()
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli.main", "status", "--json"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_an_endpoint_for_another_target_is_refused(run: Callable[..., tuple[int, str, str]]) -> None:
    code, out, err = run("up", "--target", "embedded", "--endpoint", "http://127.0.0.1:4566")
    assert (code, out) == (2, "")
    assert (
        "--endpoint http://127.0.0.1:4566 is for the target endpoint, and --target embedded is another one."
        in err
    )
