"""What AWS refuses of a function's configuration and of its invocations, in its words."""

from __future__ import annotations

from typing import Any

import pytest
from localstack.aws.api import ServiceException

from harness_emulator.functions import limits

ACCEPTED = [
    {},
    {"Timeout": 1, "MemorySize": 128, "EphemeralStorage": {"Size": 512}},
    {"Timeout": 900, "MemorySize": 10_240, "EphemeralStorage": {"Size": 10_240}},
    {"ReservedConcurrentExecutions": 0},
    {"Timeout": "no number", "EphemeralStorage": "no structure"},
]


@pytest.mark.parametrize("request_", ACCEPTED)
def test_numbers_within_their_ranges_are_taken(request_: dict[str, Any]) -> None:
    limits.check_numbers(request_)


REFUSED = [
    ({"Timeout": 0}, ["'0' at 'timeout'", "greater than or equal to 1"]),
    ({"MemorySize": 10_241}, ["'10241' at 'memorySize'", "less than or equal to 10240"]),
    (
        {"EphemeralStorage": {"Size": 511}},
        ["'511' at 'ephemeralStorage.size'", "greater than or equal to 512"],
    ),
    (
        {"ReservedConcurrentExecutions": -1},
        ["'-1' at 'reservedConcurrentExecutions'", "greater than or equal to 0"],
    ),
]


@pytest.mark.parametrize(("request_", "said"), REFUSED)
def test_a_number_out_of_range_is_refused(request_: dict[str, Any], said: list[str]) -> None:
    with pytest.raises(ServiceException) as refused:
        limits.check_numbers(request_)
    what, limit = said
    assert refused.value.code == "ValidationException"
    assert refused.value.message == (
        f"1 validation error detected: Value {what} failed to satisfy constraint: "
        f"Member must have value {limit}"
    )


def test_all_that_is_out_of_range_is_in_one_error() -> None:
    with pytest.raises(ServiceException) as refused:
        limits.check_numbers({"Timeout": 901, "MemorySize": 127})
    assert refused.value.message == (
        "2 validation errors detected: Value '901' at 'timeout' failed to satisfy constraint: Member must "
        "have value less than or equal to 900; Value '127' at 'memorySize' failed to satisfy constraint: "
        "Member must have value greater than or equal to 128"
    )


def test_lambdas_own_variables_cannot_be_set() -> None:
    limits.check_variables({"Environment": {"Variables": {"AWS_ENDPOINT_URL": "1"}}})
    with pytest.raises(ServiceException) as refused:
        limits.check_variables({"Environment": {"Variables": {"_HANDLER": "1", "AWS_REGION": "1"}}})
    assert refused.value.code == "InvalidParameterValueException"
    assert refused.value.message.endswith("Reserved keys used in this request: AWS_REGION, _HANDLER")


@pytest.mark.parametrize(("kind", "most"), [(None, 6_291_456), ("Event", 1_048_576)])
def test_payloads_have_a_limit(kind: str | None, most: int) -> None:
    limits.check_payload(b'"' + b"x" * (most - 2) + b'"', kind)
    with pytest.raises(ServiceException) as refused:
        limits.check_payload(b'"' + b"x" * (most - 1) + b'"', kind)
    assert (refused.value.code, refused.value.status_code) == ("RequestEntityTooLargeException", 413)
    assert refused.value.message == (
        f"{most + 1} byte payload is too large for the {kind or 'RequestResponse'} invocation type "
        f"(limit {most} bytes)"
    )


@pytest.mark.parametrize("code", [{}, {"ZipFile": b""}, {"S3Key": "key"}])
def test_a_function_has_code(code: dict[str, Any]) -> None:
    limits.check_source({"ZipFile": b"PK"})
    with pytest.raises(ServiceException) as refused:
        limits.check_source(code)
    assert refused.value.code == "InvalidParameterValueException"


@pytest.mark.parametrize("payload", [b"{", b"\xff", b"'single'", b"[" * 50_000])
def test_a_payload_is_json(payload: bytes) -> None:
    with pytest.raises(ServiceException) as refused:
        limits.check_payload(payload, None)
    assert refused.value.code == "InvalidRequestContentException"


def test_a_client_context_is_json_in_base64() -> None:
    limits.check_client_context(None)
    limits.check_client_context("e30=")
    with pytest.raises(ServiceException) as refused:
        limits.check_client_context("{}")
    assert refused.value.code == "InvalidRequestContentException"
