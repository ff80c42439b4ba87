"""What AWS refuses of a function's configuration and of its invocations, and LocalStack takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localstack.aws.api.lambda_ import (
    InvalidParameterValueException,
    InvalidRequestContentException,
    InvocationType,
)
from localstack.services.lambda_.invocation.lambda_models import (
    RequestEntityTooLargeException,
    ValidationException,
)

from harness_emulator.functions import client_context
from harness_emulator.functions.variables import RESERVED

if TYPE_CHECKING:
    from collections.abc import Mapping

RANGES = {
    ("Timeout",): ("timeout", 1, 900),
    ("MemorySize",): ("memorySize", 128, 10_240),
    ("EphemeralStorage", "Size"): ("ephemeralStorage.size", 512, 10_240),
    ("ReservedConcurrentExecutions",): ("reservedConcurrentExecutions", 0, None),
}
"""Rows C-01, C-21, C-25: a request's member, AWS's name for it, the least and the most."""

REQUEST_BYTES = 6 * 1024 * 1024
EVENT_BYTES = 1024 * 1024


def check_numbers(request: Mapping[str, Any]) -> None:
    """Refuse numbers that are out of range.

    Args:
        request: Of CreateFunction, UpdateFunctionConfiguration or PutFunctionConcurrency.

    Raises:
        ValidationException: As AWS words it, all of them in one.
    """
    found = []
    for path, (name, least, most) in RANGES.items():
        value: Any = request
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if not isinstance(value, int):
            continue
        limit = (
            f"greater than or equal to {least}"
            if value < least
            else f"less than or equal to {most}"
            if most is not None and value > most
            else None
        )
        if limit:
            found.append(
                f"Value '{value}' at '{name}' failed to satisfy constraint: Member must have value {limit}"
            )
    if found:
        errors = "error" if len(found) == 1 else "errors"
        raise ValidationException(f"{len(found)} validation {errors} detected: {'; '.join(found)}")


def check_variables(request: Mapping[str, Any]) -> None:
    """Refuse variables that are Lambda's own; the 4 KB of all of them are LocalStack's matter.

    Raises:
        InvalidParameterValueException: One is.
    """
    names = sorted(RESERVED & set((request.get("Environment") or {}).get("Variables") or {}))
    if names:
        raise InvalidParameterValueException(
            "Lambda was unable to configure your environment variables because the environment variables you "
            "have provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(names)}",
            Type="User",
        )


def check_source(code: Mapping[str, Any]) -> None:
    """Refuse a function without code, for which LocalStack has an internal error.

    Args:
        code: The member Code of CreateFunction, or the request of UpdateFunctionCode.

    Raises:
        InvalidParameterValueException: It names none.
    """
    if not any(code.get(name) for name in ("ZipFile", "S3Bucket", "ImageUri")):
        raise InvalidParameterValueException("Please provide a source for function code.", Type="User")


def check_payload(payload: bytes | None, invocation_type: str | None) -> None:
    """Refuse a payload that is too large (row C-13), or no JSON.

    Raises:
        RequestEntityTooLargeException: 6 MB are the most, 1 MB for an asynchronous invocation.
        InvalidRequestContentException: It is no JSON.
    """
    if not payload:
        return
    limit = EVENT_BYTES if invocation_type == InvocationType.Event else REQUEST_BYTES
    if len(payload) > limit:
        kind = invocation_type or InvocationType.RequestResponse
        raise RequestEntityTooLargeException(
            f"{len(payload)} byte payload is too large for the {kind} invocation type (limit {limit} bytes)"
        )
    try:
        json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestContentException(
            f"Could not parse request body into json: Could not parse payload into json: {error}", Type="User"
        ) from error


def check_client_context(given: str | None) -> None:
    """Refuse a client context that no handler could be given.

    Raises:
        InvalidRequestContentException: It is no JSON in base64.
    """
    try:
        if given:
            client_context.decoded(given)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestContentException(
            "Client context must be a valid Base64-encoded JSON object.", Type="User"
        ) from error
