"""Event source mappings: what queue, role and function must be like (B-09, B-10, B-12 to B-14)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.support.conformance import Refusal, attributes, delete_mapping, refused
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

IDLE = """
def handler(event, context):
    pass
"""
TELLS = """
from report import tell

def handler(event, context):
    tell([record["body"] for record in event["Records"]])
"""
NEEDED = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
ASSUMED = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def allowing(actions: list[str], **more: Any) -> str:
    """A policy document."""
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def too_short(visibility: int, timeout: int) -> str:
    return f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds"


@pytest.mark.aws("B-09")
def test_the_queue_must_exist(
    lambda_: Any, queue: Callable[..., str], function: Callable[..., str], arn: Callable[[str], str]
) -> None:
    source = f"{arn(queue())}-none"
    error = refused(lambda_.create_event_source_mapping, EventSourceArn=source, FunctionName=function(IDLE))
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert error.message == (
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS "
        "Error Message: The specified queue does not exist."
    )


@pytest.fixture
def role(iam: Any, name: Callable[..., str], cleanup: Any) -> tuple[str, Callable[[list[str]], None]]:
    """The ARN of a role that allows nothing, and what makes it allow actions."""
    called = name()
    made = iam.create_role(RoleName=called, AssumeRolePolicyDocument=json.dumps(ASSUMED))
    cleanup(lambda: iam.delete_role(RoleName=called))
    cleanup(lambda: iam.delete_role_policy(RoleName=called, PolicyName="policy"))

    def allow(actions: list[str]) -> None:
        iam.put_role_policy(RoleName=called, PolicyName="policy", PolicyDocument=allowing(actions))

    return made["Role"]["Arn"], allow


def made_with(function: Callable[..., str], role: str) -> str:
    """A function with a role; AWS needs a while until a new role can be assumed."""

    def make() -> str | None:
        try:
            return function(IDLE, Role=role)
        except ClientError as error:
            if "cannot be assumed" not in str(error):
                raise
            return None

    made = eventually(make)
    assert made
    return made


def accepted(lambda_: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """A mapping; AWS needs a while until a role's new policy counts."""

    def make() -> dict[str, Any] | None:
        try:
            created: dict[str, Any] = lambda_.create_event_source_mapping(**asked)
        except ClientError as error:
            if "does not have permissions" not in str(error):
                raise
            return None
        return created

    made = eventually(make)
    assert made is not None
    return made


@pytest.mark.aws("B-10")
def test_the_role_must_be_allowed_to_receive(
    lambda_: Any,
    queue: Callable[..., str],
    function: Callable[..., str],
    arn: Callable[[str], str],
    role: tuple[str, Callable[[list[str]], None]],
) -> None:
    allowed_nothing, _ = role
    name = made_with(function, allowed_nothing)
    error = refused(lambda_.create_event_source_mapping, EventSourceArn=arn(queue()), FunctionName=name)
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert error.message in {
        "The provided execution role does not have permissions to call ReceiveMessage on SQS",
        "The function execution role does not have permissions to call ReceiveMessage on SQS",
    }


@pytest.mark.aws("B-10")
def test_awss_own_policy_for_it_is_enough(
    lambda_: Any,
    iam: Any,
    queue: Callable[..., str],
    function: Callable[..., str],
    arn: Callable[[str], str],
    cleanup: Any,
    role: tuple[str, Callable[[list[str]], None]],
) -> None:
    role_arn, _ = role
    attached = {
        "RoleName": role_arn.rpartition("/")[2],
        "PolicyArn": "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole",
    }
    iam.attach_role_policy(**attached)
    cleanup(lambda: iam.detach_role_policy(**attached))
    asked = {"EventSourceArn": arn(queue()), "FunctionName": made_with(function, role_arn)}
    created = accepted(lambda_, asked)
    cleanup(lambda: delete_mapping(lambda_, created["UUID"]))


@pytest.mark.aws("B-10")
@pytest.mark.parametrize("missing", NEEDED)
def test_and_to_do_what_else_a_mapping_does(
    lambda_: Any,
    queue: Callable[..., str],
    function: Callable[..., str],
    arn: Callable[[str], str],
    cleanup: Any,
    role: tuple[str, Callable[[list[str]], None]],
    missing: str,
) -> None:
    allowed_little, allow = role
    allow([action for action in NEEDED if action != missing] + LOGS)
    asked = {"EventSourceArn": arn(queue()), "FunctionName": made_with(function, allowed_little)}
    error = refused(lambda_.create_event_source_mapping, **asked)
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    allow(NEEDED + LOGS)

    created = accepted(lambda_, asked)
    cleanup(lambda: delete_mapping(lambda_, created["UUID"]))
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 202


@pytest.mark.aws("B-12")
@pytest.mark.parametrize(("visibility", "timeout"), [(30, 60), (2, 3)])
def test_a_function_may_take_as_long_as_its_messages_are_invisible(
    lambda_: Any,
    queue: Callable[..., str],
    function: Callable[..., str],
    arn: Callable[[str], str],
    visibility: int,
    timeout: int,
) -> None:
    source, name = arn(queue(VisibilityTimeout=visibility)), function(IDLE, Timeout=timeout)
    error = refused(lambda_.create_event_source_mapping, EventSourceArn=source, FunctionName=name)
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert error.message == too_short(visibility, timeout)


@pytest.mark.aws("B-12")
def test_also_when_the_mapping_is_updated(
    sqs: Any,
    lambda_: Any,
    queue: Callable[..., str],
    function: Callable[..., str],
    mapping: Callable[..., str],
) -> None:
    url = queue(VisibilityTimeout=20)
    made = mapping(url, function(IDLE, Timeout=20))
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "10"})

    def refusal() -> Refusal | None:
        try:
            lambda_.update_event_source_mapping(UUID=made, BatchSize=5)
        except ClientError as error:
            found: Any = error.response
            if found["Error"]["Code"] == "ResourceInUseException":  # an update that was still taken
                return None
            status = found["ResponseMetadata"]["HTTPStatusCode"]
            return Refusal(status, found["Error"]["Code"], found["Error"]["Message"], found["Error"])
        return None

    error = eventually(refusal, timeout=5)
    assert error is not None
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert error.message == too_short(10, 20)


@pytest.mark.aws("B-13")
def test_what_is_only_advised_is_not_asked_for(
    lambda_: Any,
    queue: Callable[..., str],
    function: Callable[..., str],
    mapping: Callable[..., str],
    arn: Callable[[str], str],
) -> None:
    policy = {"deadLetterTargetArn": arn(queue()), "maxReceiveCount": 1}
    url = queue(VisibilityTimeout=30, RedrivePolicy=policy)
    name = function(IDLE, Timeout=30)
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    made = mapping(url, name, BatchSize=10, MaximumBatchingWindowInSeconds=5)
    assert lambda_.get_event_source_mapping(UUID=made)["State"] == "Enabled"


@pytest.mark.aws("B-14")
def test_the_queue_is_in_the_functions_region(
    lambda_: Any,
    client: Callable[..., Any],
    function: Callable[..., str],
    name: Callable[..., str],
    cleanup: Any,
) -> None:
    there = client("sqs", region="us-west-2")
    url = there.create_queue(QueueName=name())["QueueUrl"]
    cleanup(lambda: there.delete_queue(QueueUrl=url))
    source = attributes(there, url, "QueueArn")["QueueArn"]
    error = refused(lambda_.create_event_source_mapping, EventSourceArn=source, FunctionName=function(IDLE))
    assert error.status == 400


@pytest.mark.aws("B-14")
def test_it_may_be_in_another_account(
    lambda_: Any,
    other_account: Callable[[str], Any],
    function: Callable[..., str],
    name: Callable[..., str],
    account: str,
    cleanup: Any,
    deliveries: Any,
) -> None:
    there = other_account("sqs")
    policy = allowing(NEEDED, Principal={"AWS": account})
    url = there.create_queue(QueueName=name(), Attributes={"Policy": policy})["QueueUrl"]
    cleanup(lambda: there.delete_queue(QueueUrl=url))
    source = attributes(there, url, "QueueArn")["QueueArn"]
    created = lambda_.create_event_source_mapping(EventSourceArn=source, FunctionName=function(TELLS))
    cleanup(lambda: delete_mapping(lambda_, created["UUID"]))
    there.send_message(QueueUrl=url, MessageBody="from another account")
    assert deliveries(1) == [["from another account"]]
