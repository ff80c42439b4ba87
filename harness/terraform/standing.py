"""Whether what is deployed to an endpoint that others use too still stands there."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from harness.client.boto import client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.model.deployment import Deployment
    from harness.model.environment import Endpoint

_GONE = frozenset(
    {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "ResourceNotFoundException"}
)


def stands(deployment: Deployment, endpoint: Endpoint) -> bool:
    """Whether every queue, function and mapping of the deployment exists.

    What cannot be asked counts as standing: the next step says what is wrong with the endpoint.
    """
    return not any(_is_gone(call) for call in _calls(deployment, endpoint))


def _calls(deployment: Deployment, endpoint: Endpoint) -> Iterator[Callable[[], Any]]:
    for queue in deployment.queues:
        sqs = client(replace(endpoint, region=queue.arn.split(":")[3]), "sqs")
        yield partial(sqs.get_queue_attributes, QueueUrl=queue.url)
    for function in deployment.functions:
        functions = client(replace(endpoint, region=function.arn.split(":")[3]), "lambda")
        yield partial(functions.get_function_configuration, FunctionName=function.arn)
    for mapping in deployment.mappings:
        functions = client(replace(endpoint, region=mapping.queue_arn.split(":")[3]), "lambda")
        yield partial(functions.get_event_source_mapping, UUID=mapping.uuid)


def _is_gone(call: Callable[[], Any]) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - boto3 takes a while to import

    with suppress(BotoCoreError):
        try:
            call()
        except ClientError as error:
            return error.response.get("Error", {}).get("Code") in _GONE
    return False
