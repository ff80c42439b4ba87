"""A handler reaches the emulator, and never AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.client import Stack

pytestmark = pytest.mark.only_on("embedded", "container")

CALLS_AWS = """
import boto3
from botocore.config import Config

def lambda_handler(event, context):
    config = Config(connect_timeout=5, retries={"total_max_attempts": 1})
    client = boto3.client("sts", endpoint_url=event["endpoint"], config=config)
    try:
        return {"answered": client.get_caller_identity()["Account"]}
    except Exception as error:
        return {"refused": str(error)}
"""


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-3"])
def test_a_handler_that_names_an_endpoint_of_aws_is_refused(stack: Stack, region: str) -> None:
    function = stack.function("CalculatorLambda")
    with function.replaced_code({"lambda_function.py": CALLS_AWS.encode()}):
        refused = function.invoke({"endpoint": f"https://sts.{region}.amazonaws.com"}).payload["refused"]
        assert f"Refused to connect to sts.{region}.amazonaws.com" in refused
        assert function.invoke({"endpoint": None}).payload == {"answered": stack.endpoint.account}
