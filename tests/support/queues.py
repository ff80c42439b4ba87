"""Queues that are deleted and made again: SQS keeps a name for a minute."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from harness.client.control import ControlApi
from harness.model.errors import HarnessError
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping


def made_again(sqs: Any, account: str, name: str, attributes: Mapping[str, str] | None = None) -> str:
    """Create a queue whose namesake was deleted a moment ago; returns its URL.

    The emulator is asked to forget that; AWS is waited for.
    """
    if "amazonaws.com" not in sqs.meta.endpoint_url:
        with contextlib.suppress(HarnessError):  # a LocalStack as it comes has no such rule
            ControlApi(sqs.meta.endpoint_url, account).call("DELETE", "deleted-queues")

    def make() -> str | None:
        try:
            return str(sqs.create_queue(QueueName=name, Attributes=dict(attributes or {}))["QueueUrl"])
        except sqs.exceptions.QueueDeletedRecently:
            return None

    url = eventually(make, 90)
    assert url is not None
    return url
