from __future__ import annotations

import io
import re
import threading

import pytest

from harness.model.progress import Progress


def test_a_step_prints_its_name_detail_and_time() -> None:
    stream = io.StringIO()
    with Progress(stream).step("Synth") as step:
        step.detail = "unchanged"
    assert re.fullmatch(r"  ✓ Synth +unchanged +\d+\.\d s\n", stream.getvalue())


def test_a_failed_step_says_so_and_lets_the_error_through() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    with pytest.raises(KeyError), progress.step("Apply"):
        raise KeyError
    assert "✗ Apply" in stream.getvalue()
    assert [step["failed"] for step in progress.as_json()] == [True]


def test_silent_without_a_stream_but_remembered(capfd: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    with progress.step("Synth"):
        pass
    progress.warn("careful")
    assert capfd.readouterr() == ("", "")
    (step,) = progress.as_json()
    assert (step["name"], step["failed"]) == ("Synth", False)
    assert isinstance(step["seconds"], float)
    assert progress.warnings == ["careful"]


def test_a_warning_is_said_once() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    progress.warn("careful")
    progress.warn("careful")
    progress.note("by the way")
    assert stream.getvalue() == "  ! careful\n  by the way\n"


def test_colours_only_when_asked_for() -> None:
    plain, coloured = io.StringIO(), io.StringIO()
    Progress(plain).warn("x")
    Progress(coloured, colour=True).warn("x")
    assert "\033" not in plain.getvalue()
    assert "\033[33m!\033[0m x" in coloured.getvalue()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_what_is_under_way_and_keeps_what_has_ended() -> None:
    stream = Terminal()
    progress = Progress(stream, colour=True)
    with progress.step("terraform apply") as step:
        progress.slow(step, "still creating, 10 s: aws_sqs_queue.Q[0]")
        with progress.step("synth"):
            pass
    text = stream.getvalue()
    kept = [line for line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).splitlines() if "✓" in line]
    assert [line.split("✓ ")[1].split("  ")[0] for line in kept] == ["synth", "terraform apply"]


def test_elsewhere_only_what_takes_long_has_a_line() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    with progress.step("terraform apply") as step:
        step.doing = "aws_sqs_queue.Q"
        progress.slow(step, "still creating, 10 s: aws_sqs_queue.Q")
    assert stream.getvalue().splitlines()[0] == "    still creating, 10 s: aws_sqs_queue.Q"
    assert len(stream.getvalue().splitlines()) == 2


def test_steps_of_several_threads_each_get_a_line() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    together = threading.Barrier(4)

    def work(name: str) -> None:
        with progress.step(name):
            together.wait(30)

    threads = [threading.Thread(target=work, args=(f"step {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(str(step["name"]) for step in progress.as_json()) == [f"step {n}" for n in range(4)]
    assert len(stream.getvalue().splitlines()) == 4
