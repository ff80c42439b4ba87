"""Invokes the emulator's Lambda functions from inside the process."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from localstack.aws.api.lambda_ import (
    InvocationType,
    ResourceConflictException,
    ServiceException,
    TooManyRequestsException,
)
from localstack.services.lambda_.api_utils import function_locators_from_arn
from localstack.services.plugins import SERVICE_PLUGINS
from localstack.utils.xray.trace_header import TraceHeader

if TYPE_CHECKING:
    from localstack.services.lambda_.provider import LambdaProvider


@dataclass(frozen=True)
class Answer:
    """What a function returned.

    Attributes:
        payload: The returned JSON, or the error's.
        is_error: The function raised, timed out or crashed.
    """

    payload: bytes
    is_error: bool


class NotNowError(Exception):
    """The function was not invoked, and may be a moment later: it is throttled, or being updated."""


def lambda_provider() -> LambdaProvider:
    """LocalStack's Lambda provider; it holds the functions' service and the mappings' workers."""
    return SERVICE_PLUGINS.require("lambda")._provider  # noqa: SLF001 - LocalStack offers no other way to it


def invoke(function_arn: str, payload: bytes) -> Answer:
    """Invoke a function and wait for its answer.

    Raises:
        NotNowError: It is throttled, or being updated.
        Exception: LocalStack's other service exceptions, such as that there is no such function.
    """
    name, qualifier, account, region = function_locators_from_arn(function_arn)
    try:
        result = lambda_provider().lambda_service.invoke(
            function_name=name,
            qualifier=qualifier,
            region=region,
            account_id=account,
            invocation_type=InvocationType.RequestResponse,
            client_context=None,
            request_id=str(uuid.uuid4()),
            payload=payload,
            trace_context={"aws_trace_header": TraceHeader().ensure_root_exists()},
        )
    except (TooManyRequestsException, ResourceConflictException, ServiceException) as error:
        raise NotNowError(str(error)) from error
    return Answer(bytes(result.payload or b""), bool(result.is_error))
