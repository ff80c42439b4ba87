"""What a function's answer means for the messages that it was given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localstack.services.lambda_.event_source_mapping.pollers.poller import parse_batch_item_failures

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


def parsed(text: str | bytes) -> Any:
    """The JSON document in a text.

    Raises:
        ValueError: It is none. Python's own reader also takes NaN and Infinity, and its runtime writes them.
    """
    return json.loads(text, parse_constant=_no_json)


def _no_json(name: str) -> None:
    raise ValueError(f"{name} is no JSON.")


def failed_ids(answer: bytes, ids: AbstractSet[str]) -> AbstractSet[str]:
    """The message ids that a function with ReportBatchItemFailures reports as failed.

    None of them where `batchItemFailures` is empty, null or not there, or where the answer is `{}` or null
    (row B-37). All of them where the answer is no JSON, or an identifier is empty, null, under another key or
    not of this batch (B-38). https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    try:
        payload = parsed(answer) if answer else None
        return set(parse_batch_item_failures(payload, set(ids)))
    except Exception:  # noqa: BLE001 - whatever is wrong with it, the batch failed
        return ids
