"""What the endpoint target finds out about what answers at a URL."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, override

import pytest

from harness.environments.targets.endpoint import EndpointTarget
from harness.model.errors import EndpointError
from harness.model.host import HOST
from harness.model.progress import Progress
from harness.project.settings import Settings
from harness.project.workspace import Workspace
from tests.support.one_account import ACCOUNT, one_account_endpoint
from tests.support.stock_localstack import stock_localstack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.conftest import StartEmulator
    from tests.support.stock_localstack import StockLocalStack

pytestmark = pytest.mark.only_on("embedded")


def target(folder: Path, url: str) -> EndpointTarget:
    return EndpointTarget(Workspace(folder), Settings(endpoint=url))


def test_a_localstack_is_what_its_services_say(tmp_path: Path, stock: StockLocalStack) -> None:
    found = target(tmp_path, stock.url).start(Progress(), owner="detached")
    assert found.id == stock.get("/_localstack/info")["session_id"]
    assert found.capabilities == ("deploy", "send", "results", "logs", "settle")
    assert (found.control, found.one_account, found.account) == (False, False, "000000000000")
    assert target(tmp_path, stock.url).running() == found


def test_a_harness_emulator_brings_its_control_api(tmp_path: Path, start_emulator: StartEmulator) -> None:
    emulator, _ = start_emulator()
    found = target(tmp_path, emulator.url).start(Progress(), owner="detached")
    assert (found.id, found.capabilities) == (emulator.environment.id, emulator.environment.capabilities)
    assert (found.control, found.one_account) == (True, False)
    assert "debug" in found.capabilities


def test_an_endpoint_with_one_account_is_noticed(tmp_path: Path, stock: StockLocalStack) -> None:
    with one_account_endpoint(stock.port) as url:
        progress = Progress()
        found = target(tmp_path, url).start(progress, owner="detached")
        assert (found.one_account, found.account) == (True, ACCOUNT)
        assert found.capabilities == ("deploy", "send", "results", "logs", "settle")
        assert ACCOUNT in progress.warnings[0]
        assert found.place() != found.place("a variation")
        assert {found.place().account, found.place("a variation").account} == {ACCOUNT}
        assert target(tmp_path, url).running() == found


def test_an_endpoint_that_was_left_goes_on(tmp_path: Path, stock: StockLocalStack) -> None:
    used = target(tmp_path, stock.url)
    found = used.start(Progress(), owner="detached")
    assert used.stop() == found
    assert used.running() is None
    assert stock.get("/_localstack/info")["session_id"] == found.id


def test_a_restarted_endpoint_is_another_one(tmp_path: Path) -> None:
    with stock_localstack(tmp_path / "first") as stock:
        used = target(tmp_path, stock.url)
        before = used.start(Progress(), owner="detached")
    assert used.running() is None
    with pytest.raises(EndpointError, match="refuses connections"):
        used.start(Progress(), owner="detached")
    with stock_localstack(tmp_path / "second", port=stock.port):
        assert used.running() is None
        # It stays in use: its URL need not be said again.
        after = EndpointTarget(Workspace(tmp_path), Settings()).start(Progress(), owner="detached")
    assert (after.url, after.target) == (before.url, "endpoint")
    assert after.id != before.id


@pytest.mark.parametrize(
    ("status", "kind", "body", "said"),
    [
        (200, "text/html", b"<!DOCTYPE html><title>Welcome to nginx!</title>", "Welcome to nginx!"),
        (404, "text/plain", b"404 page not found", "page not found"),
        (200, "application/json", b'{"status": "ok"}', '{"status": "ok"}'),
        (200, "application/octet-stream", bytes(range(256)), "is no AWS-compatible endpoint"),
        (500, "text/plain", b"", "is no AWS-compatible endpoint"),
        (301, "text/plain", b"", "is no AWS-compatible endpoint"),
    ],
)
def test_what_speaks_http_and_is_not_aws_is_refused(
    tmp_path: Path, status: int, kind: str, body: bytes, said: str
) -> None:
    with http_server(status, kind, body) as url:
        refused(tmp_path, url, "is no AWS-compatible endpoint", said)


def test_what_speaks_no_http_is_refused(tmp_path: Path) -> None:
    with raw_server(b"220 mail.example ESMTP\r\n") as url:
        refused(tmp_path, url, "is no AWS-compatible endpoint")


def test_a_port_where_nobody_listens_is_said(tmp_path: Path) -> None:
    refused(tmp_path, "http://127.0.0.1:9", "refuses connections: nothing listens there")


def test_an_untrusted_certificate_is_said(tmp_path: Path, stock: StockLocalStack) -> None:
    del stock
    with tls_server(tmp_path) as url:
        refused(tmp_path, url, "certificate", "not trusted", "SSL_CERT_FILE")


def test_tls_where_there_is_none_is_said(tmp_path: Path, stock: StockLocalStack) -> None:
    with http_server(200, "text/plain", b"") as url:
        refused(tmp_path, url.replace("http:", "https:"), "does not speak TLS", "http://")
    refused(tmp_path, stock.url.replace("http:", "https:"), "certificate")


def refused(folder: Path, url: str, *said: str) -> None:
    with pytest.raises(EndpointError) as error:
        target(folder, url).start(Progress(), owner="detached")
    assert error.value.exit_code == 3
    for words in (url, *said):
        assert words in str(error.value)
    assert not Workspace(folder).environment_file.exists()


@contextlib.contextmanager
def http_server(status: int, kind: str, body: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if status == 301:
                self.send_header("Location", "https://elsewhere.example/")
            self.end_headers()
            self.wfile.write(body)

        def __getattr__(self, name: str) -> Any:  # do_GET, do_POST, ...
            if name.startswith("do_"):
                return self.answer
            raise AttributeError(name)

        @override
        def log_message(self, *_: object) -> None:
            """Be silent."""

    with serving(ThreadingHTTPServer((HOST, 0), Handler)) as port:
        yield f"http://{HOST}:{port}"


@contextlib.contextmanager
def tls_server(folder: Path) -> Iterator[str]:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=localhost", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer((HOST, 0), BaseHTTPRequestHandler, bind_and_activate=True)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server) as port:
        yield f"https://localhost:{port}"


@contextlib.contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[int]:
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # a client that breaks off is the test
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def raw_server(greeting: bytes) -> Iterator[str]:
    """Greets each connection, and ends it."""
    with socket.create_server((HOST, 0)) as listener:

        def greet() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(4096)
                        connection.sendall(greeting)

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        yield f"http://{HOST}:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
