"""SQS: visibility timeout and receipt handles (A-01 to A-12)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.conformance import Make, both_protocols, receive, refused, take


@pytest.mark.aws("A-05")
@both_protocols
def test_a_message_is_invisible_for_twelve_hours_at_most(sqs: Any, queue: Make) -> None:
    url = queue()
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = take(sqs, url)
    handle = message["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=43195)
    error = refused(
        sqs.change_message_visibility, QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=43200
    )
    assert (error.code, error.status) == ("InvalidParameterValue", 400)
    assert error.message == (
        "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the "
        "message is beyond the limit [43200 seconds]"
    )


@pytest.mark.aws("A-03")
@both_protocols
def test_a_message_in_flight_comes_back_when_its_timeout_ends(sqs: Any, queue: Make, clock: Any) -> None:
    url = queue(VisibilityTimeout=2)
    sent = sqs.send_message(QueueUrl=url, MessageBody="x")["MessageId"]
    (first,) = take(sqs, url)
    assert receive(sqs, url) == []
    clock.advance(2.1)
    (second,) = take(sqs, url)
    assert first["MessageId"] == second["MessageId"] == sent
    assert first["ReceiptHandle"] != second["ReceiptHandle"]
