"""Bytes of a function's process become log events."""

from __future__ import annotations

from typing import Any

import pytest

from harness_emulator.functions import output
from harness_emulator.functions.output import OutputParser


def frame(text: str, milliseconds: int, kind: bytes = b"\x03") -> bytes:
    message = text.encode()
    return (
        output.FRAME_START
        + kind
        + len(message).to_bytes(4, "big")
        + (milliseconds * 1000).to_bytes(8, "big")
        + message
    )


def parsed(*chunks: bytes) -> list[str]:
    parser = OutputParser()
    events = [text for chunk in chunks for _, text in parser.feed(chunk)]
    return events + [text for _, text in parser.flush()]


@pytest.mark.parametrize(
    ("chunks", "events"),
    [
        ([b"one\ntwo\n"], ["one\n", "two\n"]),
        ([b"o", b"n", b"e\n"], ["one\n"]),
        ([b"no newline"], ["no newline\n"]),
        ([b"\n\r\n\n"], []),
        ([b"  kept  \n"], ["  kept  \n"]),
        ([b"windows\r\n"], ["windows\n"]),
        ([b"\xff\n"], ["\ufffd\n"]),
        (["é".encode()[:1], "é\n".encode()[1:]], ["é\n"]),
        ([frame("a\nb\n", 1)], ["a\nb\n"]),
        ([frame("é", 1, b"\x17")], ["é\n"]),
        ([b"before\n" + frame("x\ny", 1) + b"after\n"], ["before\n", "x\ny\n", "after\n"]),
        ([b"no newline" + frame("x", 1) + b"after"], ["no newline\n", "x\n", "after\n"]),
        ([frame("x", 1) + frame("y", 2)], ["x\n", "y\n"]),
        ([frame("", 1) + b"z\n"], ["z\n"]),
    ],
)
def test_lines_and_frames_in_their_order(chunks: list[bytes], events: list[str]) -> None:
    assert parsed(*chunks) == events


def test_a_frame_may_arrive_in_any_number_of_pieces() -> None:
    data = b"line\n" + frame("two\nlines", 1) + b"end\n"
    assert parsed(*(data[i : i + 1] for i in range(len(data)))) == ["line\n", "two\nlines\n", "end\n"]


def test_a_frame_has_the_time_at_which_it_was_logged_a_line_the_time_at_which_it_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(output, "_now", lambda: 7)
    events: list[Any] = list(OutputParser().feed(b"line\n" + frame("record", 5)))
    assert events == [(7, "line\n"), (5, "record\n")]


def test_bytes_that_only_look_like_a_frame_are_text() -> None:
    looks = output.FRAME_START + b"\x03" + b"\xff" * 12 + b"\n"
    assert "".join(parsed(looks + b"after\n")).endswith("after\n")


def test_an_event_longer_than_cloudwatch_takes_becomes_several() -> None:
    events = parsed(b"x" * (2 * output.LONGEST_EVENT + 1) + b"\n")
    assert [len(event) for event in events] == [output.LONGEST_EVENT + 1, output.LONGEST_EVENT + 1, 2]
