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
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.plugins import SERVICE_PLUGINS

if TYPE_CHECKING:
    from localstack.services.lambda_.invocation.lambda_models import Function
    from localstack.services.lambda_.provider import LambdaProvider
    from localstack.utils.xray.trace_header import TraceHeader


@dataclass(frozen=True)
class Answer:
    """What a function returned.

    Attributes:
        payload: The returned JSON, or the error's.
        is_error: The function raised, timed out or crashed.
    """

    payload: bytes
    is_error: bool


class ThrottledError(Exception):
    """The function was not invoked: all of its concurrency is used."""


class BeingChangedError(Exception):
    """The function was not invoked: it is being created or updated."""


def lambda_provider() -> LambdaProvider:
    """LocalStack's Lambda provider; it holds the functions' service."""
    return SERVICE_PLUGINS.require("lambda")._provider  # noqa: SLF001 - LocalStack offers no other way to it


def find_function(function_arn: str) -> Function | None:
    """The function, or None where it does not exist (any more)."""
    name, _, account, region = function_locators_from_arn(function_arn)
    return lambda_stores[account][region].functions.get(name)


def may_loop(function_arn: str) -> bool:
    """Whether the function is allowed to go round in a loop (row B-35); by default it is not."""
    function = find_function(function_arn)
    return function is not None and str(function.recursive_loop) == "Allow"


def invoke(function_arn: str, payload: bytes, trace: TraceHeader) -> Answer:
    """Invoke a function and wait for its answer.

    Raises:
        ThrottledError: All of its concurrency is used.
        BeingChangedError: It is being created or updated.
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
            trace_context={"aws_trace_header": trace},
        )
    except TooManyRequestsException as error:
        raise ThrottledError(str(error)) from error
    except (ResourceConflictException, ServiceException) as error:
        raise BeingChangedError(str(error)) from error
    return Answer(bytes(result.payload or b""), bool(result.is_error))
