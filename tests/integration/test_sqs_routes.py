"""SQS beside its API's address: a queue's URL as endpoint, and a way around a deleted name."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING

import pytest

from harness.client.control import ControlApi
from tests.support.mapped import new_account

if TYPE_CHECKING:
    from tests.integration.conftest import Emulator

pytestmark = pytest.mark.only_on("embedded", "container")


def asked(url: str, account: str, **parameters: str) -> tuple[int, str]:
    """Status and body of a request of the query protocol."""
    request = urllib.request.Request(  # noqa: S310 - loopback
        url,
        data=urllib.parse.urlencode(parameters).encode(),
        headers={
            "Authorization": f"AWS4-HMAC-SHA256 Credential={account}/20260101/us-east-1/sqs/aws4_request, "
            "SignedHeaders=host, Signature=0"
        },
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_queue_s_url_takes_requests_for_the_queue(emulator: Emulator) -> None:
    account = new_account()
    sqs = emulator.client("sqs", account)
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    other = sqs.create_queue(QueueName="other")["QueueUrl"]

    assert asked(url, account, Action="SendMessage", MessageBody="own")[0] == 200
    # One in the request counts for more.
    assert asked(url, account, Action="SendMessage", MessageBody="other's", QueueUrl=other)[0] == 200
    for queue, body in ((url, "own"), (other, "other's")):
        assert [m["Body"] for m in sqs.receive_message(QueueUrl=queue)["Messages"]] == [body]

    status, text = asked(url, account, Action="SendMessage")
    assert (status, "<Code>MissingParameter</Code>" in text) == (400, True)
    status, text = asked(url, account, Action="Unheard")
    assert (status, "<Code>InvalidAction</Code>" in text) == (400, True)
    status, text = asked(f"{url}-not", account, Action="ReceiveMessage")
    assert (status, "AWS.SimpleQueueService.NonExistentQueue" in text) == (400, True)


def test_the_names_of_deleted_queues_are_forgotten_when_asked(emulator: Emulator) -> None:
    account = new_account()
    sqs = emulator.client("sqs", account)
    control = ControlApi(emulator.url, account)
    for forget in (("DELETE", "deleted-queues"), ("POST", "reset")):
        sqs.delete_queue(QueueUrl=sqs.create_queue(QueueName="q")["QueueUrl"])
        with pytest.raises(sqs.exceptions.QueueDeletedRecently):
            sqs.create_queue(QueueName="q")
        control.call(*forget)
    assert sqs.create_queue(QueueName="q")["QueueUrl"]
    assert control.call("DELETE", "deleted-queues") == {"account": account, "forgotten": 0}
