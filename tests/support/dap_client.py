"""A client of the debug adapter protocol, as an editor is: JSON messages over a socket."""

from __future__ import annotations

import json
import socket
from collections import deque
from typing import TYPE_CHECKING, Any, Self

from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LONGEST = 60.0  # seconds without any message: the other side is gone


class DapClient:
    """Attached to one process; waits on messages, never on time.

    Args:
        port: On 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        connected = eventually(lambda: _connected(port))
        assert connected, f"nothing listens on port {port}"
        self._socket = connected
        self._stream = self._socket.makefile("rb")
        self._sent = 0
        self._kept: deque[dict[str, Any]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def attach(self, breakpoints: Path | None = None, lines: tuple[int, ...] = ()) -> None:
        """Attach as an editor does, with breakpoints in one file; the process goes on when this returns."""
        self.request(
            "initialize", adapterID="debugpy", clientID="test", linesStartAt1=True, pathFormat="path"
        )
        attaching = self.send("attach", justMyCode=True)
        self.event("initialized")
        if breakpoints:
            self.request(
                "setBreakpoints",
                source={"path": str(breakpoints)},
                breakpoints=[{"line": line} for line in lines],
            )
        self.request("configurationDone")
        self._answer_to(attaching)

    def detach(self) -> None:
        """Leave; the process goes on without a debugger."""
        self.request("disconnect", terminateDebuggee=False)

    def stopped(self) -> int:
        """Wait until a thread stops; its id."""
        return int(self.event("stopped")["threadId"])

    def top_frame(self, thread: int) -> dict[str, Any]:
        """The innermost frame of a stopped thread: id, name, source, line."""
        frames = self.request("stackTrace", threadId=thread, levels=1)["stackFrames"]
        frame: dict[str, Any] = frames[0]
        return frame

    def variables(self, frame: dict[str, Any]) -> dict[str, str]:
        """The frame's local variables, as the debugger writes them."""
        scopes = self.request("scopes", frameId=frame["id"])["scopes"]
        reference = next(scope["variablesReference"] for scope in scopes if scope["name"] == "Locals")
        found = self.request("variables", variablesReference=reference)["variables"]
        return {variable["name"]: variable["value"] for variable in found}

    def evaluate(self, frame: dict[str, Any], expression: str) -> str:
        """An expression's value in a frame, as the debugger writes it."""
        return str(self.request("evaluate", frameId=frame["id"], expression=expression)["result"])

    def step(self, thread: int) -> int:
        """Run the next line; the id of the thread that stopped after it."""
        self.request("next", threadId=thread)
        return self.stopped()

    def resume(self, thread: int) -> None:
        """Run on."""
        self.request("continue", threadId=thread)

    def request(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send a request and wait for the body of its answer."""
        return self._answer_to(self.send(command, **arguments))

    def send(self, command: str, **arguments: Any) -> int:
        """Send a request; its number."""
        self._sent += 1
        message = {"seq": self._sent, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        return self._sent

    def event(self, name: str) -> dict[str, Any]:
        """Wait for the body of an event."""
        found = self._wait(lambda message: message["type"] == "event" and message["event"] == name)
        return dict(found.get("body") or {})

    def _answer_to(self, number: int) -> dict[str, Any]:
        found = self._wait(lambda message: message["type"] == "response" and message["request_seq"] == number)
        assert found["success"], found
        return dict(found.get("body") or {})

    def _wait(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        for message in self._kept:
            if wanted(message):
                self._kept.remove(message)
                return message
        while not wanted(message := self._read()):
            self._kept.append(message)
        return message

    def _read(self) -> dict[str, Any]:
        length = 0
        while line := self._stream.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the debug adapter closed the connection"
        message: dict[str, Any] = json.loads(self._stream.read(length))
        return message


def _connected(port: int) -> socket.socket | None:
    """A connection, once the function's process listens."""
    try:
        return socket.create_connection(("127.0.0.1", port), timeout=_LONGEST)
    except ConnectionRefusedError:
        return None
