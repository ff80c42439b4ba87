"""What a stack of queues and functions leans on: messages of other services that reach a handler."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.support.mapped import Mapped, bodies_of, new_account

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Emulator
    from tests.support.mapped import MakeMapped

pytestmark = pytest.mark.only_on("embedded", "container")

KEYS = [{"AttributeName": "id", "KeyType": "HASH"}]
TABLE = {
    "TableName": "orders",
    "KeySchema": KEYS,
    "AttributeDefinitions": [
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "state", "AttributeType": "S"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-state",
            "KeySchema": [{"AttributeName": "state", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}
MACHINE = {
    "StartAt": "Send",
    "States": {
        "Send": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {"QueueUrl.$": "$.queue", "MessageBody.$": "$.body"},
            "End": True,
        }
    },
}


def publish(mapped: Mapped) -> None:
    """SNS."""
    sns = mapped.client("sns", mapped.account)
    topic = sns.create_topic(Name="topic")["TopicArn"]
    arn = mapped.arn(mapped.input)
    raw = {"RawMessageDelivery": "true", "FilterPolicy": '{"kind": ["yes"]}'}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
    for kind in ("no", "yes"):
        attributes = {"kind": {"DataType": "String", "StringValue": kind}}
        sns.publish(TopicArn=topic, Message=f"from SNS: {kind}", MessageAttributes=attributes)


def put_event(mapped: Mapped) -> None:
    """EventBridge."""
    events = mapped.client("events", mapped.account)
    events.put_rule(
        Name="rule", EventPattern=json.dumps({"source": ["orders"], "detail": {"n": [{"numeric": [">", 1]}]}})
    )
    target = {"Id": "1", "Arn": mapped.arn(mapped.input), "InputPath": "$.detail"}
    events.put_targets(Rule="rule", Targets=[target])
    entry = {"Source": "orders", "DetailType": "made"}
    answer = events.put_events(Entries=[{**entry, "Detail": json.dumps({"n": n})} for n in (1, 2)])
    assert answer["FailedEntryCount"] == 0


def put_object(mapped: Mapped) -> None:
    """S3."""
    s3 = mapped.client("s3", mapped.account)
    bucket = f"bucket-{mapped.account}"
    s3.create_bucket(Bucket=bucket)
    configuration = {"QueueArn": mapped.arn(mapped.input), "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [configuration]}
    )
    s3.put_object(Bucket=bucket, Key="orders/1.json", Body=b"{}")


def run_machine(mapped: Mapped) -> None:
    """Step Functions."""
    machines = mapped.client("stepfunctions", mapped.account)
    role = f"arn:aws:iam::{mapped.account}:role/any"
    machine = machines.create_state_machine(name="m", definition=json.dumps(MACHINE), roleArn=role)
    given = {"queue": mapped.input, "body": "from a state machine"}
    machines.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(given))


def passed_on(body: str) -> str:
    """What tells where a record's body came from."""
    return "ObjectCreated:Put" if '"eventName":"ObjectCreated:Put"' in body.replace(" ", "") else body


@pytest.mark.parametrize(
    ("neighbour", "body"),
    [
        (publish, "from SNS: yes"),
        (put_event, '{"n":2}'),
        (put_object, "ObjectCreated:Put"),
        (run_machine, "from a state machine"),
    ],
    ids=["sns", "eventbridge", "s3", "step functions"],
)
def test_a_neighbours_message_goes_through_a_queue_into_a_handler(
    make_mapped: MakeMapped, neighbour: Callable[[Mapped], None], body: str
) -> None:
    mapped = make_mapped()
    neighbour(mapped)
    found: list[str] = []
    while body not in found:
        found += [passed_on(told) for told in bodies_of(mapped.told(1)[0])]
    assert [told for told in found if "s3:TestEvent" not in told] == [body]


def test_dynamodb_keeps_what_a_handler_relies_on(emulator: Emulator) -> None:
    table = emulator.client("dynamodb", new_account())
    table.create_table(**TABLE)
    item = {"id": {"S": "1"}, "state": {"S": "new"}}
    once = {"ConditionExpression": "attribute_not_exists(id)"}
    table.put_item(TableName="orders", Item=item, **once)
    with pytest.raises(table.exceptions.ConditionalCheckFailedException):
        table.put_item(TableName="orders", Item=item, **once)
    first = {"Put": {"TableName": "orders", "Item": item, **once}}
    second = {"Put": {"TableName": "orders", "Item": {**item, "id": {"S": "2"}}}}
    with pytest.raises(table.exceptions.TransactionCanceledException):
        table.transact_write_items(TransactItems=[second, first])
    assert "Item" not in table.get_item(TableName="orders", Key={"id": {"S": "2"}})
    asked = {"KeyConditionExpression": "#s = :s", "ExpressionAttributeNames": {"#s": "state"}}
    found = table.query(
        TableName="orders", IndexName="by-state", ExpressionAttributeValues={":s": {"S": "new"}}, **asked
    )
    assert found["Items"] == [item]
    table.update_time_to_live(
        TableName="orders", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends"}
    )
    other = emulator.client("dynamodb", new_account())
    assert other.list_tables()["TableNames"] == []


@pytest.mark.parametrize("source", ["dynamodb", "kinesis"])
def test_a_streams_records_reach_a_handler(make_mapped: MakeMapped, source: str) -> None:
    mapped = make_mapped(mapping=None)
    client = mapped.client(source, mapped.account)
    if source == "dynamodb":
        stream = client.create_table(**TABLE)["TableDescription"]["LatestStreamArn"]
    else:
        client.create_stream(StreamName="orders", ShardCount=1)
        stream = client.describe_stream(StreamName="orders")["StreamDescription"]["StreamARN"]
    made = mapped.functions.create_event_source_mapping(
        FunctionName="mapped", EventSourceArn=stream, StartingPosition="TRIM_HORIZON"
    )
    mapped.uuid = made["UUID"]
    mapped.until("Enabled")
    if source == "dynamodb":
        client.put_item(TableName="orders", Item={"id": {"S": "1"}, "state": {"S": "new"}})
    else:
        client.put_record(StreamName="orders", Data=b"1", PartitionKey="1")
    (record,) = mapped.told(1)[0]
    assert record["eventSource"] == f"aws:{source}"
    assert record["eventSourceARN"] == stream
    assert record["dynamodb"]["NewImage"]["id"] == {"S": "1"} if source == "dynamodb" else record["kinesis"]


@pytest.mark.parametrize(
    ("service", "write", "read"),
    [
        (
            "ssm",
            ("put_parameter", {"Name": "p", "Value": "v", "Type": "SecureString"}),
            ("get_parameter", {"Name": "p", "WithDecryption": True}),
        ),
        (
            "secretsmanager",
            ("create_secret", {"Name": "p", "SecretString": "v"}),
            ("get_secret_value", {"SecretId": "p"}),
        ),
        (
            "scheduler",
            (
                "create_schedule",
                {
                    "Name": "p",
                    "ScheduleExpression": "rate(1 minute)",
                    "FlexibleTimeWindow": {"Mode": "OFF"},
                    "Target": {"Arn": "arn:aws:sqs:us-east-1:1:q", "RoleArn": "arn:aws:iam::1:role/r"},
                },
            ),
            ("get_schedule", {"Name": "p"}),
        ),
        ("kms", ("create_alias", {"AliasName": "alias/p"}), ("describe_key", {"KeyId": "alias/p"})),
        ("apigateway", ("create_rest_api", {"name": "p"}), ("get_rest_apis", {})),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_other_neighbours_keep_what_they_are_given(
    emulator: Emulator, service: str, write: tuple[str, dict[str, Any]], read: tuple[str, dict[str, Any]]
) -> None:
    client = emulator.client(service, new_account())
    arguments = dict(write[1])
    if service == "kms":
        arguments["TargetKeyId"] = client.create_key()["KeyMetadata"]["KeyId"]
    getattr(client, write[0])(**arguments)
    assert getattr(client, read[0])(**read[1])


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("pipes", "list_pipes"),
        ("cloudformation", "list_stacks"),
        ("firehose", "list_delivery_streams"),
        ("opensearch", "list_domain_names"),
    ],
)
def test_a_service_that_is_not_there_says_so_at_once(
    emulator: Emulator, service: str, operation: str
) -> None:
    client = emulator.client(service, new_account(), config=Config(retries={"mode": "standard"}))
    began = time.monotonic()
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)()
    assert time.monotonic() - began < 2
    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert answer["Error"]["Code"] == "NotImplemented"
    assert f"{service} is not emulated" in answer["Error"]["Message"]
