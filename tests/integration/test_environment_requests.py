"""Requests that no client's library would send: refused with AWS's error codes, in each protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.fuzz.wire import Answer, Request, Wire, credentials
from tests.support.lambda_functions import LambdaFunctions
from tests.support.mapped import new_account

if TYPE_CHECKING:
    from tests.integration.conftest import Emulator

pytestmark = pytest.mark.not_on_localstack("it answers what it cannot read with a 500")


def sent(emulator: Emulator, service: str, request: Request) -> Answer:
    address = urlsplit(emulator.url)
    wire = Wire(str(address.hostname), int(address.port or 80))
    answer = wire.send(request.with_headers(**credentials(service, new_account())))
    wire.close()
    return answer


@pytest.mark.parametrize(
    ("action", "body", "code"),
    [
        ("ListQueues", b'{"a":', "SerializationException"),
        ("ListQueues", b"[" * 20_000, "SerializationException"),
        ("ListQueues", b"\xff", "SerializationException"),
        ("ListQueues", b"[]", "SerializationException"),
        ("ListQueues", b'{"MaxResults":"many"}', "SerializationException"),
        ("CreateQueue", b'{"QueueName":["q"]}', "SerializationException"),
        ("CreateQueue", b"{}", "MissingRequiredParameterException"),
        ("CreateQueue", b"null", "MissingRequiredParameterException"),
        ("Nothing", b"{}", "UnknownOperationException"),
    ],
)
def test_sqs_in_the_json_protocol(emulator: Emulator, action: str, body: bytes, code: str) -> None:
    headers = (("Content-Type", "application/x-amz-json-1.0"), ("X-Amz-Target", f"AmazonSQS.{action}"))
    answer = sent(emulator, "sqs", Request("POST", "/", headers, body))
    assert (answer.status, answer.document()["__type"]) == (400, code)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"Version=2012-11-05", "MissingAction"),
        (b"Action=Nothing", "InvalidAction"),
        (b"Action=ListQueues&MaxResults=many", "MalformedInput"),
        (b"Action=CreateQueue", "MissingParameter"),
        (b"Action=%01%ED", "InvalidAction"),
    ],
)
def test_sqs_in_the_query_protocol(emulator: Emulator, body: bytes, code: str) -> None:
    headers = (("Content-Type", "application/x-www-form-urlencoded"),)
    answer = sent(emulator, "sqs", Request("POST", "/", headers, body))
    assert answer.status == 400
    assert f"<Code>{code}</Code>".encode() in answer.body


@pytest.mark.parametrize("body", [b"", b"no gzip", b"\x1f\x8b\x08"])
@pytest.mark.parametrize(
    "type_", ["application/x-amz-json-1.0", "application/x-www-form-urlencoded", "application/json"]
)
def test_a_body_that_is_no_gzip(emulator: Emulator, type_: str, body: bytes) -> None:
    headers = (
        ("Content-Type", type_),
        ("Content-Encoding", "gzip"),
        ("X-Amz-Target", "AmazonSQS.ListQueues"),
    )
    answer = sent(emulator, "sqs", Request("POST", "/", headers, body))
    assert answer.status == 400 or not body


@pytest.mark.parametrize(
    ("line", "body", "status", "code"),
    [
        ("POST event-source-mappings", b"{", 400, "InvalidRequestContentException"),
        ("POST event-source-mappings", b"{}", 400, "ValidationException"),
        ("POST event-source-mappings", b'{"FunctionName":{}}', 400, "SerializationException"),
        ("POST event-source-mappings", b'{"BatchSize":"\\ud800"}', 400, "SerializationException"),
        ("POST functions", b'{"FunctionName":"f","Role":"r"}', 400, "ValidationException"),
        ("GET event-source-mappings?MaxItems=many", b"", 400, "SerializationException"),
        ("PATCH functions/f", b"", 404, "UnknownOperationException"),
    ],
)
def test_lambda(emulator: Emulator, line: str, body: bytes, status: int, code: str) -> None:
    method, path = line.split()
    answer = sent(emulator, "lambda", Request(method, f"/2015-03-31/{path}", (), body))
    assert (answer.status, answer.document()["__type"]) == (status, code)


@pytest.mark.parametrize(
    "body",
    [
        b'{"action":"advance","seconds":1' + b"0" * 400 + b"}",
        b'{"action":"advance","seconds":1e300}',
        b'{"action":"advance","seconds":-1}',
        b'{"action":"advance","seconds":NaN}',
        b'{"action":"advance","seconds":"1"}',
        b'{"action":"stop"}',
        b"[" * 20_000,
        b"[]",
        b"\xff",
    ],
)
def test_the_control_api(emulator: Emulator, body: bytes) -> None:
    answer = sent(emulator, "sqs", Request("POST", "/_harness/clock", (), body))
    assert answer.status == 400
    assert answer.document()["message"]


def test_a_function_that_could_not_be_made_is_deleted_like_any(emulator: Emulator) -> None:
    with LambdaFunctions(emulator.client, new_account()) as functions:
        name = functions.create("", Runtime="java21", Handler="app.Handler", wait=False)
        assert functions.settled(name)["State"] == "Failed"
        functions.api.delete_function(FunctionName=name)
        assert functions.api.list_functions()["Functions"] == []


def test_the_concurrency_of_a_function_that_does_not_exist(emulator: Emulator) -> None:
    functions = emulator.client("lambda", new_account())
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.delete_function_concurrency(FunctionName="missing")
