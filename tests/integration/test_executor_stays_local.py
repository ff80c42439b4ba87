"""A handler's SDK opens no connection to AWS, whatever the handler asks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.lambda_functions import LambdaFunctions


pytestmark = pytest.mark.only_on("embedded", "container")


@pytest.fixture(scope="module")
def runs(functions: LambdaFunctions) -> str:
    """A function that runs what it is sent."""
    return functions.create(
        "def handler(event, context): exec(event)",
        Timeout=20,
        Environment={"Variables": {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}},
    )


@pytest.mark.parametrize(
    ("statement", "host"),
    [
        (
            "import boto3; boto3.client('sqs', endpoint_url='https://sqs.us-east-1.amazonaws.com').list_queues()",
            "sqs.us-east-1.amazonaws.com",
        ),
        ("import boto3; boto3.client('sts').get_caller_identity()", "sts.us-east-1.amazonaws.com"),
        ("import socket; socket.getaddrinfo(b'SQS.eu-west-1.API.AWS.', 443)", "b'SQS.eu-west-1.API.AWS.'"),
        (
            "import urllib.request; urllib.request.urlopen('http://169.254.169.254/latest')",
            "169.254.169.254",
        ),
        ("import socket; socket.socket().connect(('169.254.170.2', 80))", "169.254.170.2"),
        ("import socket; socket.gethostbyname('lambda.cn-north-1.amazonaws.com.cn')", "lambda.cn-north-1"),
    ],
)
def test_refused_with_the_host_and_the_reason(
    functions: LambdaFunctions, runs: str, statement: str, host: str
) -> None:
    answer = functions.invoke(runs, statement)
    assert answer.error == "Unhandled"
    message = answer.payload["errorMessage"]
    assert f"Refused to connect to {host}" in message
    assert "a function that runs locally never reaches AWS" in message


def test_other_hosts_are_the_handlers_own_business(functions: LambdaFunctions, runs: str) -> None:
    answer = functions.invoke(runs, "import socket; socket.getaddrinfo('localhost', 80)")
    assert answer.error is None
