"""LocalStack's Lambda provider with AWS's refusals of functions and of invocations."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, Any, override

from localstack.services.lambda_.provider import LambdaProvider

from harness_emulator.account import ACCOUNTS
from harness_emulator.functions import deprecation, limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localstack.aws.api import RequestContext
    from localstack.aws.api.lambda_ import Concurrency, FunctionConfiguration, InvocationResponse

LOG = logging.getLogger(__name__)


class FunctionProvider(LambdaProvider):
    """Section C of the table, as far as it is about requests; LocalStack gives arguments by name."""

    @override
    def create_function(self, context: RequestContext, request: Mapping[str, Any]) -> FunctionConfiguration:
        """CreateFunction, rows C-01, C-21, C-29."""
        _check(context, request)
        limits.check_source(request["Code"])
        return super().create_function(context, request)

    @override
    def update_function_configuration(
        self, context: RequestContext, request: Mapping[str, Any]
    ) -> FunctionConfiguration:
        """UpdateFunctionConfiguration, the same rows."""
        _check(context, request)
        return super().update_function_configuration(context, request)

    @override
    def update_function_code(
        self, context: RequestContext, request: Mapping[str, Any]
    ) -> FunctionConfiguration:
        """UpdateFunctionCode."""
        limits.check_source(request)
        return super().update_function_code(context, request)

    @override
    def put_function_concurrency(self, context: RequestContext, **arguments: Any) -> Concurrency:
        """PutFunctionConcurrency, row C-25."""
        wanted = arguments.get("reserved_concurrent_executions")
        limits.check_numbers({"ReservedConcurrentExecutions": wanted})
        return super().put_function_concurrency(context, **arguments)

    @override
    def delete_function_concurrency(
        self, context: RequestContext, function_name: str, **arguments: Any
    ) -> None:
        """DeleteFunctionConcurrency; for a function that does not exist LocalStack has an internal error."""
        self.get_function_concurrency(context, function_name=function_name)
        super().delete_function_concurrency(context, function_name=function_name, **arguments)

    @override
    def invoke(self, context: RequestContext, **arguments: Any) -> InvocationResponse:
        """Invoke, rows C-13 and C-18."""
        stream = arguments.pop("payload", None)
        payload: bytes | None = stream.read() if stream else None
        limits.check_payload(payload, arguments.get("invocation_type"))
        limits.check_client_context(arguments.get("client_context"))
        return super().invoke(context, payload=io.BytesIO(payload) if payload else None, **arguments)


def _check(context: RequestContext, request: Mapping[str, Any]) -> None:
    limits.check_numbers(request)
    limits.check_variables(request)
    text = deprecation.warning(str(request.get("Runtime")), ACCOUNTS.of(context.account_id).clock.now())
    if text is not None:
        LOG.warning("%s: %s", request.get("FunctionName"), text)
