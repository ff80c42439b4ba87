"""A queue's attributes and name; a test's rows stand behind its name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from localstack.aws.api import ServiceException

from harness_emulator.sqs.attributes import check_name, differs
from tests.support.sqs_queues import Queues


@pytest.fixture
def queues() -> Queues:
    return Queues()


def refused(action: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(ServiceException) as caught:
        action(*arguments, **named)
    return f"{caught.value.code}: {caught.value}"


def test_what_a_new_queue_has(queues: Queues) -> None:
    found = queues.standard().get_queue_attributes(["All"])
    now = str(int(queues.clock.now()))
    assert found == {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "CreatedTimestamp": now,
        "DelaySeconds": "0",
        "LastModifiedTimestamp": now,
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "QueueArn": f"arn:aws:sqs:us-east-1:{queues.account}:plain",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
        "VisibilityTimeout": "30",
    }


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("DelaySeconds", 0, 900),
        ("MaximumMessageSize", 1024, 1_048_576),
        ("MessageRetentionPeriod", 60, 1_209_600),
        ("ReceiveMessageWaitTimeSeconds", 0, 20),
        ("VisibilityTimeout", 0, 43_200),
    ],
)
def test_numbers_have_a_range(queues: Queues, name: str, least: int, most: int) -> None:
    queue = queues.standard()
    for value in (least, most):
        queue.set_attributes({name: str(value)})
        assert queue.get_queue_attributes([name]) == {name: str(value)}
    for bad in (least - 1, most + 1, "", "x", "1.5", "\u0663", 10**30):
        said = f"InvalidAttributeValue: Invalid value for the parameter {name}."
        assert refused(queues.standard, "other", **{name: bad}) == said
        assert refused(queue.set_attributes, {name: str(bad)}) == said


def test_a_refused_change_changes_nothing(queues: Queues) -> None:
    queue = queues.standard()
    refused(queue.set_attributes, {"VisibilityTimeout": "5", "DelaySeconds": "901"})
    assert queue.get_queue_attributes(["VisibilityTimeout"]) == {"VisibilityTimeout": "30"}


def test_a_change_is_noted(queues: Queues) -> None:
    queue = queues.standard()
    queues.clock.advance(7)
    queue.set_attributes({"VisibilityTimeout": "5"})
    found = queue.get_queue_attributes(["CreatedTimestamp", "LastModifiedTimestamp"])
    assert int(found["LastModifiedTimestamp"]) - int(found["CreatedTimestamp"]) == 7


def test_attributes_of_the_other_kind_and_of_none(queues: Queues) -> None:
    queue = queues.standard()
    assert refused(queue.set_attributes, {"FifoQueue": "false"}) == (
        "InvalidAttributeName: Unknown Attribute FifoQueue."
    )
    assert refused(queue.set_attributes, {"DeduplicationScope": "queue"}) == (
        "InvalidAttributeName: You can specify the DeduplicationScope only when FifoQueue is set to true."
    )
    for name in ("Unheard", "QueueArn", "ApproximateNumberOfMessages", "All"):
        assert (
            refused(queue.set_attributes, {name: "1"}) == f"InvalidAttributeName: Unknown Attribute {name}."
        )
    assert refused(queues.fifo().set_attributes, {"FifoQueue": "false"}) == (
        "InvalidAttributeValue: Invalid value for the parameter FifoQueue. "
        "Reason: Modifying queue type is not supported."
    )
    assert (
        refused(queue.get_queue_attributes, ["Unheard"]) == "InvalidAttributeName: Unknown Attribute Unheard."
    )


def test_high_throughput_needs_groups_that_deduplicate(queues: Queues) -> None:
    queue = queues.fifo()
    assert "FifoThroughputLimit" in refused(
        queue.set_attributes, {"FifoThroughputLimit": "perMessageGroupId"}
    )
    queue.set_attributes({"FifoThroughputLimit": "perMessageGroupId", "DeduplicationScope": "messageGroup"})


def redrive(arn: Any, most: Any = 3, **more: Any) -> dict[str, str]:
    return {"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": most, **more})}


@pytest.mark.parametrize("most", [1, 1000, "1", "1000"])
def test_redrive_policies(queues: Queues, most: Any) -> None:
    dead, queue = queues.standard("dead"), queues.standard()
    queue.set_attributes(redrive(dead.queue_arn, most))
    assert queue._dead_letters() == (dead, int(most))
    queue.set_attributes({"RedrivePolicy": ""})
    assert "RedrivePolicy" not in queue.get_queue_attributes(["All"])


@pytest.mark.parametrize("most", [0, 1001, -1, True, 1.5, "x", [], "", "\u0661"])
def test_counts_of_no_redrive_policy(queues: Queues, most: Any) -> None:
    dead, queue = queues.standard("dead"), queues.standard()
    assert "valid values are from 1 to 1000 both inclusive." in refused(
        queue.set_attributes, redrive(dead.queue_arn, most)
    )


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("x", "Redrive policy is not a valid JSON map."),
        ("[]", "Redrive policy is not a valid JSON map."),
        ("{}", "The required parameter 'deadLetterTargetArn' is missing"),
        ('{"deadLetterTargetArn": "a"}', "The required parameter 'maxReceiveCount' is missing"),
        ('{"deadLetterTargetArn": "a", "maxReceiveCount": 1, "c": 1}', "Only following attributes are"),
        ('{"deadLetterTargetArn": "a", "maxReceiveCount": 1}', "Invalid value for deadLetterTargetArn."),
        ('{"deadLetterTargetArn": 5, "maxReceiveCount": 1}', "Invalid value for deadLetterTargetArn."),
    ],
)
def test_what_is_no_redrive_policy(queues: Queues, policy: str, reason: str) -> None:
    said = refused(queues.standard().set_attributes, {"RedrivePolicy": policy})
    assert said.startswith("InvalidParameterValueException: ")
    assert reason in said


def test_which_queue_can_take_dead_letters(queues: Queues) -> None:
    queue, fifo = queues.standard(), queues.fifo()
    arn = queue.queue_arn.rpartition(":")[0]
    assert "does not exist" in refused(queue.set_attributes, redrive(f"{arn}:nowhere"))
    assert "same type" in refused(queue.set_attributes, redrive(fifo.queue_arn))
    assert "same type" in refused(fifo.set_attributes, redrive(queue.queue_arn))
    elsewhere = queue.queue_arn.replace("us-east-1", "eu-west-1")
    assert "same as the source" in refused(queue.set_attributes, redrive(elsewhere))


def test_who_may_send_dead_letters(queues: Queues) -> None:
    dead, one, two = queues.standard("dead"), queues.standard("one"), queues.standard("two")

    def allow(**policy: Any) -> None:
        dead.set_attributes({"RedriveAllowPolicy": json.dumps(policy)})

    allow(redrivePermission="denyAll")
    assert "redrive allow policy" in refused(one.set_attributes, redrive(dead.queue_arn))
    allow(redrivePermission="byQueue", sourceQueueArns=[one.queue_arn])
    one.set_attributes(redrive(dead.queue_arn))
    assert "redrive allow policy" in refused(two.set_attributes, redrive(dead.queue_arn))
    allow(redrivePermission="allowAll")
    two.set_attributes(redrive(dead.queue_arn))
    allow(redrivePermission="byQueue", sourceQueueArns=["a"] * 10)
    for bad in (
        {"redrivePermission": "byQueue", "sourceQueueArns": ["a"] * 11},
        {"redrivePermission": "byQueue", "sourceQueueArns": []},
        {"redrivePermission": "byQueue"},
        {"redrivePermission": "allowAll", "sourceQueueArns": ["a"]},
        {"redrivePermission": "some"},
        {"more": 1},
    ):
        with pytest.raises(ServiceException, match="unsupported format"):
            allow(**bad)


@pytest.mark.parametrize("policy", ["x", "5", "[]", '{"Statement": [5]}', '{"Statement": "x"}'])
def test_what_is_no_policy(queues: Queues, policy: str) -> None:
    assert refused(queues.standard().set_attributes, {"Policy": policy}) == (
        "InvalidAttributeValue: Invalid value for the parameter Policy."
    )


def test_permissions_join_a_statement_that_stands_alone(queues: Queues) -> None:
    queue = queues.standard()
    queue.set_attributes({"Policy": json.dumps({"Statement": {"Sid": "own"}})})
    queue.add_permission("more", ["SendMessage"], ["111111111111"])
    statements = json.loads(queue.attributes["Policy"])["Statement"]
    assert [statement["Sid"] for statement in statements] == ["own", "more"]
    queue.remove_permission("more")
    assert len(json.loads(queue.attributes["Policy"])["Statement"]) == 1


@pytest.mark.parametrize(
    ("name", "fifo", "valid"),
    [
        ("a", False, True),
        ("A_b-9" * 16, False, True),
        ("x" * 75 + ".fifo", True, True),
        ("", False, False),
        ("x" * 81, False, False),
        ("a/b", False, False),
        ("a b", False, False),
        ("a\n", False, False),
        ("é", False, False),
        ("a.fifo", False, False),
        ("a", True, False),
        (".fifo", True, False),
        ("x" * 76 + ".fifo", True, False),
    ],
)
def test_names(name: str, *, fifo: bool, valid: bool) -> None:
    if valid:
        check_name(name, fifo=fifo)
    else:
        said = refused(check_name, name, fifo=fifo)
        assert said.startswith("InvalidParameterValueException: ")
        assert "1 to 80 in length" in said


@pytest.mark.parametrize(
    ("name", "one", "other", "different"),
    [
        ("DelaySeconds", "5", "5", False),
        ("DelaySeconds", "5", "6", True),
        ("FifoQueue", "true", "True", False),
        ("Policy", None, "", False),
        ("KmsMasterKeyId", None, "alias/aws/sqs", True),
        ("RedrivePolicy", '{"maxReceiveCount": 1}', '{"maxReceiveCount":"1"}', False),
        ("RedrivePolicy", '{"maxReceiveCount": 1}', '{"maxReceiveCount": 2}', True),
        ("Policy", "{}", "no JSON", True),
    ],
)
def test_what_makes_a_queue_another(
    name: str, one: str | None, other: str, *, different: bool
) -> None:
    assert differs(name, one, other) is different
