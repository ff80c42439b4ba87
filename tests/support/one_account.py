"""An endpoint with one account, whatever the access key: a LocalStack whose callers' keys are replaced."""

from __future__ import annotations

import contextlib
import http.client
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, override

from harness.model.host import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = "123456789012"
_KEY = re.compile(r"Credential=[^/]*/")
_NOT_PASSED_ON = {"connection", "transfer-encoding", "keep-alive"}


@contextlib.contextmanager
def one_account_endpoint(port: int) -> Iterator[str]:
    """The URL of one in front of what listens on `port`, whose own paths besides the APIs are hidden."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            key = f"Credential={ACCOUNT}/"
            headers = {name: _KEY.sub(key, value) for name, value in self.headers.items()}
            backend = http.client.HTTPConnection(HOST, port, timeout=120)
            with contextlib.closing(backend):
                hidden = self.path.startswith(("/_localstack", "/_harness", "/_aws"))
                path = "/nothing-of-that-kind" if hidden else self.path
                backend.request(self.command, path, body, headers)
                answer = backend.getresponse()
                content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {*_NOT_PASSED_ON, "content-length", "date", "server"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def __getattr__(self, name: str) -> Any:  # do_GET, do_POST, ...
            if name.startswith("do_"):
                return self.pass_on
            raise AttributeError(name)

        @override
        def log_message(self, *_: object) -> None:
            """Be silent."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
