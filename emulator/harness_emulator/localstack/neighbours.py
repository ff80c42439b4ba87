"""Services for which LocalStack starts other programs are moto's here; those that are not there say so.

LocalStack runs Amazon's DynamoDB Local (Java) and a Kinesis stand-in that it downloads. Moto's answer in this
process, at once, and need neither.
"""

from __future__ import annotations

import logging
from functools import wraps
from typing import Any

from localstack.aws.api import CommonServiceException
from localstack.aws.api.dynamodb import DynamodbApi
from localstack.aws.api.dynamodbstreams import DynamodbstreamsApi
from localstack.aws.api.kinesis import KinesisApi
from localstack.aws.handlers.service_plugin import ServiceLoader
from localstack.services.moto import MotoFallbackDispatcher
from localstack.services.plugins import Service, aws_provider

from harness_emulator.localstack.patching import Patch

LOG = logging.getLogger(__name__)
HTTP_NOT_IMPLEMENTED = 501
DOWNLOADED = frozenset({"es", "opensearch", "transcribe"})
"""Services for which LocalStack downloads programs when they are first used."""


@aws_provider(api="dynamodb", name="harness")  # type: ignore[untyped-decorator]  # LocalStack has no types
def dynamodb() -> Service:
    """DynamoDB, the entry point `dynamodb:harness`."""
    return Service.for_provider(DynamodbApi(), dispatch_table_factory=MotoFallbackDispatcher)


@aws_provider(api="dynamodbstreams", name="harness")  # type: ignore[untyped-decorator]  # the same
def dynamodb_streams() -> Service:
    """The streams of its tables, `dynamodbstreams:harness`."""
    return Service.for_provider(DynamodbstreamsApi(), dispatch_table_factory=MotoFallbackDispatcher)


@aws_provider(api="kinesis", name="harness")  # type: ignore[untyped-decorator]  # the same
def kinesis() -> Service:
    """Kinesis, `kinesis:harness`."""
    return Service.for_provider(KinesisApi(), dispatch_table_factory=MotoFallbackDispatcher)


def _absent(original: Any) -> Any:
    @wraps(original)
    def require_service(self: Any, chain: Any, context: Any, response: Any) -> Any:
        if not context.service or context.service.service_name in self.loaded_services:
            return None
        name = context.service.service_name
        if name not in DOWNLOADED and self.service_manager.exists(name):
            try:
                return original(self, chain, context, response)
            except ModuleNotFoundError as error:
                LOG.debug("%s needs a library that is not here.", name, exc_info=error)
        message = f"The service {name} is not emulated by sqs-lambda-harness."
        raise CommonServiceException("NotImplemented", message, status_code=HTTP_NOT_IMPLEMENTED)

    return require_service


PATCHES = (
    Patch(
        ServiceLoader,
        "require_service",
        _absent,
        "A service that lacks a library answers 500, and SDKs try again for a minute.",
    ),
)
