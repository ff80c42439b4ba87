"""Tries the main operations of the services beside SQS and Lambda, and writes docs/services.md.

python -m tools.services
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.support.own_emulator import own_emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[1] / "docs" / "services.md"
ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:topic"
MACHINE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:machine"
ONCE = {"ConditionExpression": "attribute_not_exists(id)"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/role"
SLOW = 10.0
ITEM = {"id": {"S": "1"}}
PASS = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})

TRIED: tuple[tuple[str, str, tuple[tuple[str, dict[str, Any]], ...]], ...] = (
    (
        "dynamodb",
        "moto's, in process",
        (
            (
                "create_table",
                {
                    "TableName": "table",
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                    "BillingMode": "PAY_PER_REQUEST",
                    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
                },
            ),
            (
                "put_item",
                {"TableName": "table", "Item": ITEM, **ONCE},
            ),
            ("get_item", {"TableName": "table", "Key": ITEM}),
            ("transact_write_items", {"TransactItems": [{"Delete": {"TableName": "table", "Key": ITEM}}]}),
            ("execute_statement", {"Statement": "SELECT * FROM table"}),
        ),
    ),
    ("dynamodbstreams", "moto's; mapped to functions", (("list_streams", {"TableName": "table"}),)),
    (
        "kinesis",
        "moto's; mapped to functions",
        (
            ("create_stream", {"StreamName": "stream", "ShardCount": 1}),
            ("put_record", {"StreamName": "stream", "Data": b"1", "PartitionKey": "1"}),
            ("list_shards", {"StreamName": "stream"}),
        ),
    ),
    (
        "events",
        "rules to queues and functions",
        (
            ("put_rule", {"Name": "rule", "EventPattern": '{"source": ["a"]}'}),
            ("put_targets", {"Rule": "rule", "Targets": [{"Id": "1", "Arn": QUEUE}]}),
            ("put_events", {"Entries": [{"Source": "a", "DetailType": "b", "Detail": "{}"}]}),
        ),
    ),
    (
        "scheduler",
        "on the machine's clock, not the stack's",
        (
            (
                "create_schedule",
                {
                    "Name": "schedule",
                    "ScheduleExpression": "rate(1 hour)",
                    "FlexibleTimeWindow": {"Mode": "OFF"},
                    "Target": {"Arn": QUEUE, "RoleArn": ROLE},
                },
            ),
            ("list_schedules", {}),
        ),
    ),
    (
        "sns",
        "to queues and functions; filter policies",
        (
            ("create_topic", {"Name": "topic"}),
            (
                "subscribe",
                {"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": QUEUE},
            ),
            ("publish", {"TopicArn": TOPIC, "Message": "hello"}),
        ),
    ),
    (
        "s3",
        "notifications to queues, topics and functions",
        (
            ("create_bucket", {"Bucket": "bucket"}),
            ("put_object", {"Bucket": "bucket", "Key": "key", "Body": b"1"}),
            ("get_object", {"Bucket": "bucket", "Key": "key"}),
        ),
    ),
    (
        "stepfunctions",
        "JSONPath; JSONata needs Java",
        (
            ("create_state_machine", {"name": "machine", "definition": PASS, "roleArn": ROLE}),
            (
                "start_execution",
                {"stateMachineArn": MACHINE},
            ),
        ),
    ),
    ("apigateway", "REST APIs", (("create_rest_api", {"name": "api"}), ("get_rest_apis", {}))),
    ("apigatewayv2", "HTTP APIs", (("create_api", {"Name": "api", "ProtocolType": "HTTP"}),)),
    (
        "ssm",
        "parameters",
        (
            ("put_parameter", {"Name": "p", "Value": "v", "Type": "SecureString"}),
            ("get_parameter", {"Name": "p"}),
        ),
    ),
    (
        "secretsmanager",
        "",
        (("create_secret", {"Name": "s", "SecretString": "v"}), ("get_secret_value", {"SecretId": "s"})),
    ),
    ("kms", "keys; encryption at rest is not done", (("create_key", {}), ("list_keys", {}))),
    ("cloudwatch", "SQS's metrics are not written", (("list_metrics", {}),)),
    ("logs", "", (("create_log_group", {"logGroupName": "group"}), ("describe_log_groups", {}))),
    (
        "iam",
        "",
        (("list_roles", {}),),
    ),
    ("sts", "", (("get_caller_identity", {}),)),
    ("cloudformation", "", (("list_stacks", {}),)),
    ("firehose", "", (("list_delivery_streams", {}),)),
    ("pipes", "", (("list_pipes", {}),)),
    ("opensearch", "", (("list_domain_names", {}),)),
    ("cognito-idp", "", (("list_user_pools", {"MaxResults": 1}),)),
    ("ecs", "", (("list_clusters", {}),)),
    ("rds", "", (("describe_db_instances", {}),)),
)


def main() -> int:
    """Try all, and write the page."""
    with tempfile.TemporaryDirectory(prefix="services-") as folder, own_emulator(Path(folder)) as url:
        rows = list(results(url))
    PAGE.write_text("\n".join((HEAD, *rows, "")), encoding="utf-8")
    return 0


HEAD = """# Services beside SQS and Lambda

Written by `python -m tools.services` from a run, which tries the operations on a fresh emulator. What is not
there answers 501 `NotImplemented` with one sentence, at once, and no SDK tries that again. Messages of SNS,
EventBridge, S3 and Step Functions that go through a queue and a mapping into a handler, and records of
DynamoDB streams and Kinesis that go into one, are shown by `tests/integration/test_neighbours.py`.

| service | operations tried | works | note |
| --- | --- | --- | --- |"""


def results(url: str) -> Iterator[str]:
    """A row of the table for each service."""
    make: Any = boto3.client
    settings = Config(retries={"total_max_attempts": 1}, read_timeout=30, s3={"addressing_style": "path"})
    keys = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "test"}
    for service, note, operations in TRIED:
        client = make(service, endpoint_url=url, region_name="us-east-1", config=settings, **keys)
        said = "yes"
        for operation, arguments in operations:
            began = time.monotonic()
            try:
                getattr(client, operation)(**arguments)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                said = "not there" if code == "NotImplemented" else f"no: {operation} {code}"
                break
            if time.monotonic() - began > SLOW:
                said = f"slow: {operation}"
        tried = ", ".join(f"`{operation}`" for operation, _ in operations)
        yield f"| `{service}` | {tried} | {said} | {note} |"


if __name__ == "__main__":
    sys.exit(main())
