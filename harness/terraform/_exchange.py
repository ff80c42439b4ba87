"""What passes on one HTTP connection of Terraform's, as far as a refusal of the endpoint needs it.

Used by `_launcher.py`, which runs by its path: standard library only.
"""

from __future__ import annotations

import time

KEPT = 1 << 13


class Exchange:
    """The request and the answer that pass on one HTTP connection at this time.

    Nothing is pipelined: what the program sends after an answer is its next request. Of a request, its first
    and last kilobytes are kept: that is where names are, around the code of a function.
    """

    def __init__(self) -> None:
        self._head = self._tail = self._answer = b""
        self._asked_at = 0.0

    def asked(self, data: bytes) -> None:
        """What the program sends."""
        if self._answer or not self._head:
            self._head = self._tail = self._answer = b""
            self._asked_at = time.monotonic()
        room = KEPT - len(self._head)
        self._head += data[:room]
        self._tail = (self._tail + data[room:])[-KEPT:]

    def answered(self, data: bytes) -> dict[str, object] | None:
        """What the endpoint sends; the refusal, once it is there as a whole."""
        if not self._answer or self._answer.startswith(b"HTTP/1.1 4"):
            self._answer += data
        if self._answer.startswith(b"HTTP/1.1 100"):
            self._answer = b""  # the request goes on
        if not self._answer.startswith(b"HTTP/1.1 4") or not is_whole(self._answer):
            return None
        head, _, body = self._answer.partition(b"\r\n\r\n")
        self._answer = b"reported"
        return {
            "asked_at": self._asked_at,
            "request": (self._head + self._tail).decode("latin-1"),
            "answer": head.decode("latin-1"),
            "body": body.decode(errors="replace"),
        }


def is_whole(answer: bytes) -> bool:
    """Whether all of an HTTP answer is there."""
    head, end, body = answer.partition(b"\r\n\r\n")
    fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n") if b": " in line)
    if fields.get(b"transfer-encoding") == b"chunked":
        return body.endswith(b"0\r\n\r\n")
    return bool(end) and len(body) >= int(fields.get(b"content-length", 0))
