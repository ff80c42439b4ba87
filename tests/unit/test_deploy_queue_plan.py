"""What the queues of a stack will be, worked out without Terraform; and what only Terraform can say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.terraform.expressions import UnresolvedError, resolve
from harness.terraform.queue_plan import PlannedQueue, normal_json, planned_queues

ACCOUNT = "123456789012"
URL = "http://127.0.0.1:4566"


def plan(queues: dict[str, Any], **sections: Any) -> dict[str, PlannedQueue]:
    provider = sections.pop("provider", {"aws": [{"region": "eu-west-3"}]})
    document = {"provider": provider, "resource": {"aws_sqs_queue": queues}, **sections}
    return {queue.address: queue for queue in planned_queues(document, account=ACCOUNT, url=URL)}


def test_a_queue_gets_the_providers_defaults() -> None:
    queue = plan({"In": {"name": "in", "visibility_timeout_seconds": 60}})["aws_sqs_queue.In"]
    assert queue.name == "in"
    assert queue.region == "eu-west-3"
    assert queue.attributes == {
        "DelaySeconds": "0",
        "MaximumMessageSize": "262144",
        "MessageRetentionPeriod": "345600",
        "ReceiveMessageWaitTimeSeconds": "0",
        "VisibilityTimeout": "60",
    }


def test_a_fifo_queue_keeps_its_own_attributes() -> None:
    queue = plan({"In": {"name": "in.fifo", "fifo_queue": True, "content_based_deduplication": True}})
    attributes = queue["aws_sqs_queue.In"].attributes
    assert (attributes["FifoQueue"], attributes["ContentBasedDeduplication"]) == ("true", "true")


@pytest.mark.parametrize(
    "policy",
    [
        '{"deadLetterTargetArn": "${aws_sqs_queue.Dead.arn}", "maxReceiveCount": 3}',
        '${jsonencode({"maxReceiveCount" = 3, "deadLetterTargetArn" = aws_sqs_queue.Dead.arn})}',
        '${jsonencode({deadLetterTargetArn: "${aws_sqs_queue.Dead.arn}", maxReceiveCount: 3})}',
    ],
)
def test_a_redrive_policy_names_another_queue_that_comes_first(policy: str) -> None:
    queues = plan({"In": {"name": "in", "redrive_policy": policy}, "Dead": {"name": "dead"}})
    assert list(queues) == ["aws_sqs_queue.Dead", "aws_sqs_queue.In"]
    assert queues["aws_sqs_queue.In"].attributes["RedrivePolicy"] == (
        f'{{"deadLetterTargetArn":"arn:aws:sqs:eu-west-3:{ACCOUNT}:dead","maxReceiveCount":3}}'
    )


def test_tags_are_the_providers_and_the_queues() -> None:
    provider = {"aws": [{"region": "us-east-1", "default_tags": [{"tags": {"a": "1", "b": "1"}}]}]}
    queue = plan({"In": {"name": "in", "tags": {"b": "2"}}}, provider=provider)["aws_sqs_queue.In"]
    assert queue.tags == {"a": "1", "b": "2"}


def test_an_alias_has_its_own_region() -> None:
    provider = {"aws": [{"region": "us-east-1"}, {"alias": "far", "region": "ap-south-1"}]}
    queue = plan({"In": {"name": "in", "provider": "aws.far"}}, provider=provider)["aws_sqs_queue.In"]
    assert queue.region == "ap-south-1"


def test_data_sources_that_the_target_decides_are_known() -> None:
    queues = plan(
        {"In": {"name": "in-${data.aws_caller_identity.me.account_id}-${data.aws_region.here.name}"}},
        data={"aws_caller_identity": {"me": {}}, "aws_region": {"here": {"//": {}}}},
    )
    assert queues["aws_sqs_queue.In"].name == f"in-{ACCOUNT}-eu-west-3"


@pytest.mark.parametrize(
    "queue",
    [
        {"name_prefix": "in-"},
        {},
        {"name": "in", "count": 2},
        {"name": "in", "for_each": {}},
        {"name": "${var.name}"},
        {"name": "in-${random_id.x.hex}"},
        {"name": "in", "policy": "${aws_iam_policy.P.json}"},
        {"name": "in", "policy": "no JSON"},
        {"name": "in", "lifecycle": {"ignore_changes": ["tags"]}},
        {"name": "in", "fifo_queue": True},
        {"name": "in.fifo"},
        {"name": "in", "provider": "aws.nowhere"},
        {"name": "in", "delay_seconds": "${1 + 1}"},
    ],
)
def test_what_only_terraform_can_say_is_left_to_it(queue: dict[str, Any]) -> None:
    queues = plan({"In": queue, "Known": {"name": "known"}})
    assert list(queues) == ["aws_sqs_queue.Known"]


def test_what_needs_an_unknown_queue_is_left_with_it() -> None:
    policy = '{"deadLetterTargetArn": "${aws_sqs_queue.Dead.arn}", "maxReceiveCount": 3}'
    queues = plan({"In": {"name": "in", "redrive_policy": policy}, "Dead": {"name": "dead", "count": 1}})
    assert list(queues) == ["aws_sqs_queue.Dead[0]"]


def test_repeated_blocks_are_as_many_queues() -> None:
    document = {
        "provider": {"aws": [{"region": "us-east-1"}]},
        "variable": {"names": {"default": ["b", "a"]}},
        "resource": {
            "aws_sqs_queue": {
                "Each": {"for_each": "${toset(var.names)}", "name": "each-${each.key}"},
                "Named": {"for_each": {"x": 5}, "name": "${each.key}", "delay_seconds": "${each.value}"},
                "Counted": {"count": 2, "name": "counted-${count.index}"},
            }
        },
    }
    queues = {queue.address: queue for queue in planned_queues(document, account=ACCOUNT, url=URL)}
    assert {address: queue.name for address, queue in queues.items()} == {
        'aws_sqs_queue.Each["a"]': "each-a",
        'aws_sqs_queue.Each["b"]': "each-b",
        'aws_sqs_queue.Named["x"]': "x",
        "aws_sqs_queue.Counted[0]": "counted-0",
        "aws_sqs_queue.Counted[1]": "counted-1",
    }
    assert queues['aws_sqs_queue.Named["x"]'].attributes["DelaySeconds"] == "5"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        (7, 7),
        ("${x.a}", 5),
        ("<${x.a}>", "<5>"),
        ("$${x.a}", "${x.a}"),
        ("${true}", True),
        ("${null}", None),
        ('${"a\\"b${x.a}"}', 'a"b5'),
        ("${[1, 2.5, x.a]}", [1, 2.5, 5]),
        ('${{a = 1, "b" = [], c: {}}}', {"a": 1, "b": [], "c": {}}),
        ("${(x.a)}", 5),
        ('${jsonencode({"b" = 1, "a" = [true, null]})}', '{"b":1,"a":[true,null]}'),
        ({"k": ["${x.a}"]}, {"k": [5]}),
    ],
)
def test_expressions_that_are_worked_out(expression: Any, value: Any) -> None:
    assert resolve(expression, {"x.a": 5}.__getitem__) == value


@pytest.mark.parametrize(
    "expression",
    [
        "${x.a + 1}",
        "${max(1, 2)}",
        "%{if true}a%{endif}",
        "${x.a",
        '${"a}',
        "${x[0]}",
        "${x.a[0]}",
        "${}",
        "a${[1]}b",
    ],
)
def test_expressions_that_are_left_to_terraform(expression: str) -> None:
    with pytest.raises(UnresolvedError):
        resolve(expression, {"x.a": 5}.__getitem__)


def test_json_is_written_as_the_provider_writes_it() -> None:
    text = normal_json('{ "b": "<é&>", "a": 1 }')
    assert text == '{"a":1,"b":"\\u003cé\\u0026\\u003e"}'
    assert json.loads(text) == {"a": 1, "b": "<é&>"}
