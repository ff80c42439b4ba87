"""Which queue a request is about (A-53)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from localstack.aws.api.sqs import QueueDoesNotExist
from localstack.services.sqs.models import sqs_stores
from localstack.services.sqs.utils import parse_queue_url
from localstack.utils.aws.arns import parse_arn

if TYPE_CHECKING:
    from harness_emulator.sqs.queue import HarnessQueue

parse_url = lru_cache(maxsize=1024)(parse_queue_url)


@lru_cache(maxsize=1024)
def store_of(account: str, region: str) -> Any:
    """LocalStack's store of an account's queues in a region; that does not change.

    Raises:
        ValueError: There is no such account or region.
    """
    return sqs_stores[account][region]


def is_query(context: Any) -> bool:
    """Whether a request is of the query protocol."""
    return bool(context.protocol == "query")


def queue_named(account: str, region: str, name: str, *, query: bool) -> HarnessQueue:
    """The queue of that name.

    Raises:
        QueueDoesNotExist: There is none; the text depends on the protocol.
    """
    try:
        queue: HarnessQueue = store_of(account, region).queues[name]
    except (KeyError, ValueError):
        wsdl = " for this wsdl version" if query else ""
        raise QueueDoesNotExist(f"The specified queue does not exist{wsdl}.") from None
    return queue


def queue_of(context: Any, queue_url: str) -> HarnessQueue:
    """The queue that a request names; what is no URL is taken for a name, as LocalStack does.

    Raises:
        QueueDoesNotExist: There is none.
    """
    try:
        account, region, name = parse_url(queue_url)
    except ValueError:
        account, region, name = context.account_id, None, queue_url
    return queue_named(account, region or context.region, name, query=is_query(context))


def find(arn: str) -> HarnessQueue | None:
    """The queue of that ARN, or None where it does not exist (any more)."""
    try:
        parts = parse_arn(arn)
        queue: HarnessQueue | None = store_of(parts["account"], parts["region"]).queues.get(parts["resource"])
    except (KeyError, ValueError):
        return None
    return queue
