"""A sample, until part E's files are there: a function, a mapping, and what it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.conformance import Make

SOURCE = """
from report import tell

def handler(event, context):
    tell([record["body"] for record in event["Records"]])
"""


@pytest.mark.aws("B-28")
def test_messages_of_a_batch_that_succeeded_are_deleted(
    sqs: Any,
    queue: Make,
    function: Make,
    mapping: Make,
    deliveries: Any,
    clock: Any,
) -> None:
    url = queue(VisibilityTimeout=5)
    mapping(url, function(SOURCE))
    sqs.send_message(QueueUrl=url, MessageBody="once")
    assert deliveries(1) == [["once"]]
    clock.advance(5)
    assert deliveries.rest() == []
