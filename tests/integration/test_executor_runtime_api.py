"""The Runtime API over real sockets, as any client may speak to it."""

from __future__ import annotations

import json
import socket
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from harness_emulator.functions import portable_client
from harness_emulator.functions.runtime_api import PREFIX, Invocation, RuntimeApi

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.only_on("embedded")

INVOCATION = Invocation("id-1", "arn:aws:lambda:::function:f", "Root=1-2", 12345, '{"é": 1}'.encode())


class Recorder:
    """What a process would do with the calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, object]] = []
        self.stopped = False

    def next_invocation(self) -> Invocation | None:
        return None if self.stopped else INVOCATION

    def responded(self, request_id: str, payload: bytes) -> bool:
        self.calls.append((f"responded {request_id}", payload))
        return request_id == INVOCATION.request_id

    def failed(self, request_id: str, payload: bytes) -> bool:
        self.calls.append((f"failed {request_id}", payload))
        return request_id == INVOCATION.request_id

    def init_failed(self, payload: bytes) -> None:
        self.calls.append(("init_failed", payload))

    def debugger_listens(self, port: int) -> None:
        self.calls.append(("debugger_listens", port))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def api(recorder: Recorder) -> Iterator[RuntimeApi]:
    api = RuntimeApi(recorder)
    yield api
    api.close()


@pytest.fixture
def client(api: RuntimeApi) -> Iterator[HTTPConnection]:
    connection = HTTPConnection(api.address, timeout=60)
    yield connection
    connection.close()


def test_the_next_invocation_with_its_headers(client: HTTPConnection) -> None:
    client.request("GET", f"{PREFIX}/invocation/next")
    answer = client.getresponse()
    assert (answer.status, json.loads(answer.read())) == (200, {"é": 1})
    headers = dict(answer.getheaders())
    assert headers["Lambda-Runtime-Aws-Request-Id"] == "id-1"
    assert headers["Lambda-Runtime-Deadline-Ms"] == "12345"
    assert headers["Lambda-Runtime-Invoked-Function-Arn"] == "arn:aws:lambda:::function:f"
    assert headers["Lambda-Runtime-Trace-Id"] == "Root=1-2"


def test_results_errors_and_init_errors_on_one_connection(client: HTTPConnection, recorder: Recorder) -> None:
    for path in ("invocation/id-1/response", "invocation/id-1/error", "init/error"):
        client.request("POST", f"{PREFIX}/{path}", body=b"[1]")
        answer = client.getresponse()
        assert (answer.status, json.loads(answer.read())) == (202, {"status": "OK"})
    client.request("POST", "/harness/debugger", body=b"5678")
    assert client.getresponse().read() == b'{"status":"OK"}'
    assert recorder.calls == [
        ("responded id-1", b"[1]"),
        ("failed id-1", b"[1]"),
        ("init_failed", b"[1]"),
        ("debugger_listens", 5678),
    ]


def test_a_streamed_response(client: HTTPConnection, recorder: Recorder) -> None:
    client.request(
        "POST", f"{PREFIX}/invocation/id-1/response", body=iter([b"[1,", b"2]"]), encode_chunked=True
    )
    assert client.getresponse().status == 202
    assert recorder.calls == [("responded id-1", b"[1,2]")]


def test_a_client_that_asks_before_it_sends(api: RuntimeApi, recorder: Recorder) -> None:
    host, _, port = api.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as client:
        head = f"POST {PREFIX}/invocation/id-1/response HTTP/1.1\r\nContent-Length: 2\r\n"
        client.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        assert client.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"{}")
        assert client.recv(4096).startswith(b"HTTP/1.1 202 ")
    assert recorder.calls == [("responded id-1", b"{}")]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", f"{PREFIX}/invocation/another/response", 400),
        ("POST", f"{PREFIX}/invocation/another/error", 400),
        ("POST", f"{PREFIX}/nothing", 404),
        ("GET", f"{PREFIX}/nothing", 404),
        ("DELETE", f"{PREFIX}/invocation/next", 404),
    ],
)
def test_what_is_not_known_is_refused(client: HTTPConnection, method: str, path: str, status: int) -> None:
    client.request(method, path)
    answer = client.getresponse()
    assert answer.status == status
    assert set(json.loads(answer.read())) == {"errorType", "errorMessage"}


def test_a_stopping_environment_has_no_next_invocation(client: HTTPConnection, recorder: Recorder) -> None:
    recorder.stopped = True
    client.request("GET", f"{PREFIX}/invocation/next")
    assert client.getresponse().status == 500


def test_rubbish_ends_its_connection_only(api: RuntimeApi, client: HTTPConnection) -> None:
    host, _, port = api.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as rubbish:
        rubbish.sendall(b"rubbish\r\n\r\n")
        assert rubbish.recv(4096) == b""
    client.request("GET", f"{PREFIX}/invocation/next")
    assert client.getresponse().status == 200


def test_the_portable_client_speaks_it_like_the_native_one(
    api: RuntimeApi, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_RUNTIME_API", api.address)
    portable_client.initialize_client("agent")
    payload, headers = portable_client.next()
    assert payload == INVOCATION.payload
    assert headers["Lambda-Runtime-Deadline-Ms"] == 12345
    assert headers["Lambda-Runtime-Aws-Request-Id"] == "id-1"
    assert headers["Lambda-Runtime-Client-Context"] is None
    portable_client.post_invocation_result("id-1", b"[]", "application/json", None)
    portable_client.post_error("id-1", "{}", "", None)
    assert recorder.calls == [("responded id-1", b"[]"), ("failed id-1", b"{}")]
    with pytest.raises(RuntimeError, match="answered 400 to POST"):
        portable_client.post_invocation_result("another", b"[]", "application/json")
    portable_client._state["connection"].close()


def test_close_ends_connections_and_frees_the_port(api: RuntimeApi, client: HTTPConnection) -> None:
    client.request("GET", f"{PREFIX}/invocation/next")
    client.getresponse().read()
    api.close()
    api.close()
    assert client.sock.recv(1) == b""
    host, _, port = api.address.partition(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=60)
