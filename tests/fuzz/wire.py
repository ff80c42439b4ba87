"""HTTP as it goes over the wire: whatever a client's library would refuse to send can be sent, too."""

from __future__ import annotations

import http.client
import json
import re
import shlex
import socket
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 60.0
"""Longer than the longest long poll: what takes so long hangs."""
SHOWN_BYTES = 2_000
LONGEST_LINE = 16_000
"""Bytes of a request's first line, or of a header, up to which a server has to answer."""


@dataclass(frozen=True)
class Request:
    """A request, byte for byte.

    Attributes:
        method: As in the request line.
        target: Path and query, as in the request line.
        headers: Names with values, without `Host` and `Content-Length`.
        body: What follows them.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def with_headers(self, **changed: str | None) -> Self:
        """With other values for some headers (`x_amz_target`); None leaves one out."""
        names = {name.replace("_", "-").lower(): value for name, value in changed.items()}
        kept = [(name, value) for name, value in self.headers if name.lower() not in names]
        added = [(name, value) for name, value in names.items() if value is not None]
        return replace(self, headers=(*kept, *added))

    @property
    def is_http(self) -> bool:
        """Whether a server has to answer: it may hang up on no HTTP, and on lines that are too long."""
        lines = (self.target, *(value for _, value in self.headers))
        return self.target.isascii() and self.target.isprintable() and max(map(len, lines)) <= LONGEST_LINE

    def as_curl(self, url: str) -> str:
        """The command that sends it; a long body is cut, and says so."""
        # Printable ASCII stays as it is, the rest becomes \xNN, which $'…' understands.
        text = "".join(
            chr(byte) if 32 <= byte < 127 and chr(byte) not in "'\\" else f"\\x{byte:02x}"
            for byte in self.body[:SHOWN_BYTES]
        )
        body = f" --data-binary $'{text}'" if self.body else ""
        cut = f" # body cut, it has {len(self.body)} bytes" if len(self.body) > SHOWN_BYTES else ""
        headers = "".join(
            f" -H {shlex.quote(f'{name}: {value[:SHOWN_BYTES]}')}" for name, value in self.headers
        )
        target = self.target[:SHOWN_BYTES]
        command = f"curl -gsi --path-as-is -X {shlex.quote(self.method)} {shlex.quote(url + target)}"
        return f"{command}{headers}{body}{cut}"


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: The HTTP status; None where the connection ended without an answer.
        body: Of the answer; without an answer, the error.
    """

    status: int | None
    body: bytes

    @property
    def is_failure(self) -> bool:
        """Whether a server is to blame: no answer, or a 5xx."""
        return self.status is None or self.status >= 500

    def document(self) -> dict[str, object]:
        """The JSON object that it holds; empty where it holds none."""
        try:
            document = json.loads(self.body)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


@dataclass
class Wire:
    """Sends requests to one address, over one connection for as long as the server keeps it."""

    host: str
    port: int
    _connection: socket.socket | None = field(default=None, init=False)

    def send(self, request: Request) -> Answer:
        """Send it as it is and read the answer; a connection that had been closed is opened once more."""
        kept = self._connection is not None
        answer = self._send(request)
        if kept and answer.status is None:
            answer = self._send(request)
        return answer

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _send(self, request: Request) -> Answer:
        try:
            if self._connection is None:
                self._connection = socket.create_connection((self.host, self.port), timeout=SECONDS)
                self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connection.sendall(self._head(request) + request.body)
            response = http.client.HTTPResponse(self._connection, method=request.method)
            response.begin()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return Answer(None, repr(error).encode())
        if response.will_close:
            self.close()
        response.close()
        return Answer(response.status, body)

    def _head(self, request: Request) -> bytes:
        lines = [
            f"{request.method} {request.target} HTTP/1.1",
            f"Host: {self.host}:{self.port}",
            f"Content-Length: {len(request.body)}",
            *(f"{name}: {value}" for name, value in request.headers),
        ]
        return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("utf-8", "surrogateescape")


def credentials(service: str, account: str) -> Mapping[str, str]:
    """The header that says which service is meant, and whose; the emulator checks no signatures."""
    scope = f"{account}/20300101/us-east-1/{service}/aws4_request"
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}


def is_token(text: str) -> bool:
    """Whether HTTP allows it as a method."""
    return re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", text) is not None
