"""The Lambda Runtime API of one process: four routes of HTTP/1.1 on a loopback port of its own.

Written on plain sockets: a request is answered by one write, with Nagle's delay off, on a connection that is
kept. With `http.server` a warm invocation took four times as long.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import BufferedReader

LOG = logging.getLogger(__name__)

PREFIX = "/2018-06-01/runtime"
ROUTE = re.compile(rf"^{PREFIX}/invocation/([^/]+)/(response|error)$")
LONGEST_LINE = 2 * 1024 * 1024
"""A header of the error route carries the traceback for X-Ray: up to 1 MiB."""


@dataclass(frozen=True)
class Invocation:
    """What `/invocation/next` hands out.

    Attributes:
        request_id: AWS's request id.
        function_arn: The ARN that was invoked, with the qualifier if the caller gave one.
        trace_id: The X-Ray header.
        deadline_ms: Epoch milliseconds at which the function times out.
        payload: JSON.
        client_context: JSON in ASCII, if the caller gave any.
    """

    request_id: str
    function_arn: str
    trace_id: str
    deadline_ms: int
    payload: bytes
    client_context: str | None = None

    def headers(self) -> dict[str, str]:
        """The response headers."""
        found = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.function_arn,
            "Lambda-Runtime-Trace-Id": self.trace_id,
        }
        if self.client_context is not None:
            found["Lambda-Runtime-Client-Context"] = self.client_context
        return found


class RuntimeApiHandler(Protocol):
    """What the server asks and tells."""

    def next_invocation(self) -> Invocation | None:
        """Block until there is one; None when the process is being stopped."""
        ...

    def responded(self, request_id: str, payload: bytes) -> bool:
        """The handler returned; False when that is not the invocation under way."""
        ...

    def failed(self, request_id: str, payload: bytes) -> bool:
        """The handler raised; False when that is not the invocation under way."""
        ...

    def init_failed(self, payload: bytes) -> None:
        """The handler's module cannot be used."""
        ...

    def debugger_listens(self, port: int) -> None:
        """The process's debug adapter listens on this loopback port."""
        ...


class RuntimeApi:
    """Serves one process until `close`."""

    def __init__(self, handler: RuntimeApiHandler) -> None:
        self._handler = handler
        self._closed = False
        self._connections: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._accepting = threading.Thread(target=self._accept, name="runtime-api", daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Close the port and every connection."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError), socket.create_connection(self._listener.getsockname(), timeout=1):
            pass  # closing a listener does not wake a thread in accept; a connection does
        self._accepting.join()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with self._listener:
            while True:
                connection, _ = self._listener.accept()
                if self._closed:
                    connection.close()
                    return
                self._connections.add(connection)
                threading.Thread(
                    target=self._serve, args=(connection,), name="runtime-api", daemon=True
                ).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection, connection.makefile("rb", buffering=1 << 16) as stream:
                while not self._closed:
                    request = _read_request(connection, cast("BufferedReader", stream))
                    if request is None:
                        return
                    connection.sendall(self._answer(*request))
        except (OSError, ValueError) as error:
            LOG.debug("A connection to the Runtime API ended: %s", error)
        finally:
            self._connections.discard(connection)

    def _answer(self, method: str, path: str, body: bytes) -> bytes:
        handler = self._handler
        if (method, path) == ("GET", f"{PREFIX}/invocation/next"):
            invocation = handler.next_invocation()
            if invocation is None:
                return _response(500, _error("Runtime.Stopped", "The environment is being stopped."))
            return _response(200, invocation.payload, invocation.headers())
        if method != "POST":
            return _response(404, _error("NotFound", f"There is no {method} {path}."))
        if path == f"{PREFIX}/init/error":
            handler.init_failed(body)
        elif path == "/harness/debugger":
            handler.debugger_listens(int(body))
        elif match := ROUTE.match(path):
            known = (handler.responded if match[2] == "response" else handler.failed)(match[1], body)
            if not known:
                return _response(400, _error("InvalidRequestID", f"{match[1]} is not under way."))
        else:
            return _response(404, _error("NotFound", f"There is no {method} {path}."))
        return _response(202, b'{"status":"OK"}')


def _read_request(connection: socket.socket, stream: BufferedReader) -> tuple[str, str, bytes] | None:
    line = stream.readline(LONGEST_LINE)
    if not line:
        return None
    method, path, _ = line.decode("latin-1").split(" ", 2)
    headers: dict[str, str] = {}
    while (line := stream.readline(LONGEST_LINE)) not in (b"\r\n", b"\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return method, path, _read_chunks(stream)
    return method, path, stream.read(int(headers.get("content-length") or 0))


def _read_chunks(stream: BufferedReader) -> bytes:
    chunks = []
    while size := int(stream.readline(LONGEST_LINE).split(b";")[0], 16):
        chunks.append(stream.read(size))
        stream.readline(LONGEST_LINE)
    while stream.readline(LONGEST_LINE) not in (b"\r\n", b"\n", b""):
        pass  # trailers
    return b"".join(chunks)


REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 404: "Not Found", 500: "Internal Server Error"}


def _response(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status} {REASONS[status]}"]
    lines += [f"{name}: {value}" for name, value in (headers or {"Content-Type": "application/json"}).items()]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()
