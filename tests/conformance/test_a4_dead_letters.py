"""SQS: dead-letter queues and redrive (A-36 to A-44)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.conformance import RECEIVES, attributes, both_protocols, receive, refused, take
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


def redrive(target: str, times: int | str) -> dict[str, Any]:
    return {"deadLetterTargetArn": target, "maxReceiveCount": times}


def moved(sqs: Any, source: str, dead_letters: str, **arguments: Any) -> dict[str, Any]:
    """The message that a receive from `source` moves to `dead_letters`, and does not return."""
    for _ in range(RECEIVES):
        assert receive(sqs, source) == []
        if found := receive(sqs, dead_letters, WaitTimeSeconds=1, **arguments):
            return found[0]
    raise AssertionError("nothing was moved")


def visible(sqs: Any, url: str) -> str:
    """How many messages a queue says it has."""
    return attributes(sqs, url, "ApproximateNumberOfMessages")["ApproximateNumberOfMessages"]


# When a message moves.


@pytest.mark.aws("A-36")
@pytest.mark.parametrize("times", [1, 2])
def test_a_message_is_delivered_max_receive_count_times_and_then_moved(
    sqs: Any, queue: Callable[..., str], arn: Callable[[str], str], times: int
) -> None:
    dead_letters = queue()
    source = queue(VisibilityTimeout=0, RedrivePolicy=redrive(arn(dead_letters), times))
    sent = sqs.send_message(QueueUrl=source, MessageBody="poison")["MessageId"]
    assert [take(sqs, source)[0]["MessageId"] for _ in range(times)] == [sent] * times
    assert receive(sqs, dead_letters) == []
    assert moved(sqs, source, dead_letters)["MessageId"] == sent


@pytest.mark.aws("A-36")
@pytest.mark.parametrize("times", [1, 2])
def test_so_is_a_fifo_message(
    sqs: Any, fifo_queue: Callable[..., str], arn: Callable[[str], str], times: int
) -> None:
    dead_letters = fifo_queue()
    source = fifo_queue(
        VisibilityTimeout=0, ContentBasedDeduplication="true", RedrivePolicy=redrive(arn(dead_letters), times)
    )
    sent = sqs.send_message(QueueUrl=source, MessageBody="poison", MessageGroupId="g")["MessageId"]
    assert [take(sqs, source)[0]["MessageId"] for _ in range(times)] == [sent] * times
    assert receive(sqs, dead_letters) == []
    assert moved(sqs, source, dead_letters)["MessageId"] == sent


@pytest.mark.aws("A-37")
@pytest.mark.parametrize("seconds", [2, 61])
def test_the_move_waits_for_a_receive(
    sqs: Any, queue: Callable[..., str], arn: Callable[[str], str], clock: Any, seconds: int
) -> None:
    dead_letters = queue()
    source = queue(VisibilityTimeout=1, RedrivePolicy=redrive(arn(dead_letters), 1))
    clock.freeze()
    sqs.send_message(QueueUrl=source, MessageBody="poison")
    take(sqs, source)
    clock.advance(seconds)
    assert eventually(lambda: visible(sqs, source) == "1")
    assert visible(sqs, dead_letters) == "0"
    assert receive(sqs, dead_letters) == []
    assert moved(sqs, source, dead_letters)["Body"] == "poison"


# What it is then.


@pytest.mark.aws("A-38")
def test_the_moved_message_is_the_same_and_names_its_source(
    sqs: Any, queue: Callable[..., str], arn: Callable[[str], str]
) -> None:
    dead_letters = queue()
    source = queue(VisibilityTimeout=0, RedrivePolicy=redrive(arn(dead_letters), 1))
    sqs.send_message(
        QueueUrl=source,
        MessageBody='{"poison" : 1}',
        MessageAttributes={
            "Author": {"DataType": "String", "StringValue": "John Grisham"},
            "Raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": TRACE}},
    )
    everything: dict[str, Any] = {"AttributeNames": ["All"], "MessageAttributeNames": ["All"]}
    (before,) = take(sqs, source, **everything)
    after = moved(sqs, source, dead_letters, **everything)
    kept = ["MessageId", "Body", "MD5OfBody", "MessageAttributes", "MD5OfMessageAttributes"]
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert "DeadLetterQueueSourceArn" not in before["Attributes"]
    assert after["Attributes"]["DeadLetterQueueSourceArn"] == arn(source)
    assert after["Attributes"]["AWSTraceHeader"] == before["Attributes"]["AWSTraceHeader"] == TRACE
    assert before["Attributes"]["ApproximateReceiveCount"] == "1"
    assert after["Attributes"]["ApproximateReceiveCount"] == "2"


# The policies.


@pytest.mark.aws("A-39")
@both_protocols
@pytest.mark.parametrize("missing", ["deadLetterTargetArn", "maxReceiveCount"])
def test_a_redrive_policy_has_a_target_and_a_count(
    sqs: Any, queue: Callable[..., str], arn: Callable[[str], str], missing: str
) -> None:
    source = queue()
    policy = redrive(arn(queue()), 3)
    del policy[missing]
    error = refused(
        sqs.set_queue_attributes, QueueUrl=source, Attributes={"RedrivePolicy": json.dumps(policy)}
    )
    assert (error.status, error.code) == (400, "InvalidParameterValue")
    assert "RedrivePolicy" not in attributes(sqs, source)


@pytest.mark.aws("A-39")
@both_protocols
@pytest.mark.parametrize("times", [0, 1001])
def test_its_count_is_at_least_1_and_at_most_1000(
    sqs: Any, queue: Callable[..., str], arn: Callable[[str], str], times: int
) -> None:
    source, target = queue(), arn(queue())
    policy = {"RedrivePolicy": json.dumps(redrive(target, times))}
    error = refused(sqs.set_queue_attributes, QueueUrl=source, Attributes=policy)
    assert (error.status, error.code) == (400, "InvalidParameterValue")
    for accepted in (1, 1000):
        policy = {"RedrivePolicy": json.dumps(redrive(target, accepted))}
        sqs.set_queue_attributes(QueueUrl=source, Attributes=policy)


@pytest.mark.aws("A-39")
def test_its_count_may_be_a_numeric_string(
    sqs: Any, queue: Callable[..., str], arn: Callable[[str], str]
) -> None:
    dead_letters = queue()
    source = queue(VisibilityTimeout=0, RedrivePolicy=redrive(arn(dead_letters), "1"))
    sqs.send_message(QueueUrl=source, MessageBody="poison")
    take(sqs, source)
    assert moved(sqs, source, dead_letters)["Body"] == "poison"


@pytest.mark.aws("A-39")
@both_protocols
def test_an_empty_redrive_policy_removes_it(
    sqs: Any, queue: Callable[..., str], arn: Callable[[str], str]
) -> None:
    source = queue(VisibilityTimeout=0, RedrivePolicy=redrive(arn(queue()), 1))
    sqs.set_queue_attributes(QueueUrl=source, Attributes={"RedrivePolicy": ""})
    assert "RedrivePolicy" not in attributes(sqs, source)
    sqs.send_message(QueueUrl=source, MessageBody="poison")
    assert [take(sqs, source)[0]["Body"] for _ in range(3)] == ["poison"] * 3


@pytest.mark.aws("A-40")
@pytest.mark.parametrize("fifo", [False, True], ids=["fifo_dead_letters", "fifo_source"])
def test_a_dead_letter_queue_has_the_type_of_its_source(
    *,
    sqs: Any,
    queue: Callable[..., str],
    fifo_queue: Callable[..., str],
    arn: Callable[[str], str],
    fifo: bool,
) -> None:
    source, dead_letters = (fifo_queue(), queue()) if fifo else (queue(), fifo_queue())
    policy = {"RedrivePolicy": json.dumps(redrive(arn(dead_letters), 3))}
    assert refused(sqs.set_queue_attributes, QueueUrl=source, Attributes=policy).status == 400
    assert "RedrivePolicy" not in attributes(sqs, source)


@pytest.mark.aws("A-40")
def test_a_dead_letter_queue_is_in_the_region_of_its_source(
    sqs: Any, client: Callable[..., Any], queue: Callable[..., str], name: Callable[..., str], cleanup: Any
) -> None:
    there = client("sqs", region="us-west-2")
    url = there.create_queue(QueueName=name())["QueueUrl"]
    cleanup(lambda: there.delete_queue(QueueUrl=url))
    target = attributes(there, url, "QueueArn")["QueueArn"]
    policy = {"RedrivePolicy": json.dumps(redrive(target, 3))}
    source = queue()
    assert refused(sqs.set_queue_attributes, QueueUrl=source, Attributes=policy).status == 400
    assert "RedrivePolicy" not in attributes(sqs, source)


@pytest.mark.aws("A-40")
def test_a_dead_letter_queue_is_in_the_account_of_its_source(
    sqs: Any, other_account: Any, queue: Callable[..., str], name: Callable[..., str], cleanup: Any
) -> None:
    there = other_account("sqs")
    url = there.create_queue(QueueName=name())["QueueUrl"]
    cleanup(lambda: there.delete_queue(QueueUrl=url))
    target = attributes(there, url, "QueueArn")["QueueArn"]
    policy = {"RedrivePolicy": json.dumps(redrive(target, 3))}
    source = queue()
    assert refused(sqs.set_queue_attributes, QueueUrl=source, Attributes=policy).status == 400
    assert "RedrivePolicy" not in attributes(sqs, source)


@pytest.mark.aws("A-40")
def test_deny_all_lets_no_queue_name_it_as_its_dead_letter_queue(
    sqs: Any, queue: Callable[..., str], arn: Callable[[str], str]
) -> None:
    source = queue()
    closed = queue(RedriveAllowPolicy={"redrivePermission": "denyAll"})
    opened = queue(RedriveAllowPolicy={"redrivePermission": "allowAll"})
    policy = {"RedrivePolicy": json.dumps(redrive(arn(closed), 3))}
    assert refused(sqs.set_queue_attributes, QueueUrl=source, Attributes=policy).status == 400
    for target in (queue(), opened):
        policy = {"RedrivePolicy": json.dumps(redrive(arn(target), 3))}
        sqs.set_queue_attributes(QueueUrl=source, Attributes=policy)


@pytest.mark.aws("A-40")
def test_by_queue_lets_only_the_listed_queues(
    sqs: Any, queue: Callable[..., str], arn: Callable[[str], str]
) -> None:
    listed, other = queue(), queue()
    dead_letters = queue(
        RedriveAllowPolicy={"redrivePermission": "byQueue", "sourceQueueArns": [arn(listed)]}
    )
    policy = {"RedrivePolicy": json.dumps(redrive(arn(dead_letters), 3))}
    sqs.set_queue_attributes(QueueUrl=listed, Attributes=policy)
    assert refused(sqs.set_queue_attributes, QueueUrl=other, Attributes=policy).status == 400


@pytest.mark.aws("A-40")
def test_by_queue_lists_at_most_ten(sqs: Any, queue: Callable[..., str], arn: Callable[[str], str]) -> None:
    url = queue()

    def allow(count: int) -> dict[str, str]:
        arns = [f"{arn(url)}-{n}" for n in range(count)]
        return {"RedriveAllowPolicy": json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": arns})}

    sqs.set_queue_attributes(QueueUrl=url, Attributes=allow(10))
    assert refused(sqs.set_queue_attributes, QueueUrl=url, Attributes=allow(11)).status == 400


# Its age, its deduplication, its count.


@pytest.mark.aws("A-41")
def test_a_standard_message_keeps_the_time_at_which_it_was_sent(
    sqs: Any, queue: Callable[..., str], arn: Callable[[str], str], clock: Any
) -> None:
    dead_letters = queue(VisibilityTimeout=0, MessageRetentionPeriod=60)
    source = queue(VisibilityTimeout=0, RedrivePolicy=redrive(arn(dead_letters), 1))
    clock.freeze()
    sqs.send_message(QueueUrl=source, MessageBody="poison")
    take(sqs, source)
    clock.advance(40)
    moved(sqs, source, dead_letters)
    clock.advance(21)
    assert receive(sqs, dead_letters) == []


@pytest.mark.aws("A-41")
def test_a_fifo_message_is_as_new_in_its_dead_letter_queue(
    sqs: Any, fifo_queue: Callable[..., str], arn: Callable[[str], str], clock: Any
) -> None:
    dead_letters = fifo_queue(VisibilityTimeout=0, MessageRetentionPeriod=60)
    source = fifo_queue(
        VisibilityTimeout=0, ContentBasedDeduplication="true", RedrivePolicy=redrive(arn(dead_letters), 1)
    )
    clock.freeze()
    sqs.send_message(QueueUrl=source, MessageBody="poison", MessageGroupId="g")
    take(sqs, source)
    clock.advance(40)
    moved(sqs, source, dead_letters)
    clock.advance(21)
    take(sqs, dead_letters)
    clock.advance(40)
    assert receive(sqs, dead_letters) == []


@pytest.mark.aws("A-42")
def test_a_moved_fifo_message_has_its_id_as_deduplication_id(
    sqs: Any, fifo_queue: Callable[..., str], arn: Callable[[str], str]
) -> None:
    dead_letters = fifo_queue()
    sources = [fifo_queue(VisibilityTimeout=0, RedrivePolicy=redrive(arn(dead_letters), 1)) for _ in range(2)]
    found = []
    for source in sources:  # the same deduplication id twice: the dead-letter queue takes both
        sqs.send_message(
            QueueUrl=source, MessageBody=source, MessageGroupId=source[-12:], MessageDeduplicationId="same"
        )
        take(sqs, source)
        found.append(moved(sqs, source, dead_letters, AttributeNames=["All"]))
    assert [message["Body"] for message in found] == sources
    for message, source in zip(found, sources, strict=True):
        assert message["Attributes"]["MessageDeduplicationId"] == message["MessageId"]
        assert message["Attributes"]["MessageGroupId"] == source[-12:]


@pytest.mark.aws("A-42")
def test_the_group_of_a_moved_message_stays_usable(
    sqs: Any, fifo_queue: Callable[..., str], arn: Callable[[str], str]
) -> None:
    dead_letters = fifo_queue()
    source = fifo_queue(
        VisibilityTimeout=0, ContentBasedDeduplication="true", RedrivePolicy=redrive(arn(dead_letters), 1)
    )
    for body in ("poison", "good"):
        sqs.send_message(QueueUrl=source, MessageBody=body, MessageGroupId="g")
    assert take(sqs, source)[0]["Body"] == "poison"
    (good,) = take(sqs, source, VisibilityTimeout=30)
    assert good["Body"] == "good"
    assert take(sqs, dead_letters)[0]["Body"] == "poison"
    sqs.delete_message(QueueUrl=source, ReceiptHandle=good["ReceiptHandle"])
    sqs.send_message(QueueUrl=source, MessageBody="later", MessageGroupId="g")
    assert take(sqs, source)[0]["Body"] == "later"


@pytest.mark.aws("A-43")
def test_a_look_by_hand_counts_as_a_receive(
    sqs: Any, queue: Callable[..., str], arn: Callable[[str], str]
) -> None:
    dead_letters = queue()
    source = queue(RedrivePolicy=redrive(arn(dead_letters), 2))
    sqs.send_message(QueueUrl=source, MessageBody="looked at")
    for count in ("1", "2"):
        (message,) = take(sqs, source, VisibilityTimeout=0, AttributeNames=["All"])
        assert message["Attributes"]["ApproximateReceiveCount"] == count
    assert moved(sqs, source, dead_letters)["Body"] == "looked at"
