"""Event source mappings: made, updated and deleted (B-01 to B-08, B-11, B-15, B-16)."""

from __future__ import annotations

import itertools
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.support.conformance import delete_mapping, receive, refused, take
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

IDLE = """
def handler(event, context):
    pass
"""
TELLS = """
import os
from report import tell

def handler(event, context):
    tell([os.environ["NAME"], [record["body"] for record in event["Records"]]])
"""
FAILS = """
from report import tell

def handler(event, context):
    tell("failing")
    raise RuntimeError("on purpose")
"""
FIELDS = {
    "UUID",
    "EventSourceMappingArn",
    "EventSourceArn",
    "FunctionArn",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "FunctionResponseTypes",
    "LastModified",
    "State",
    "StateTransitionReason",
}
STATES = {"Creating", "Enabling", "Enabled", "Disabling", "Disabled", "Updating", "Deleting"}
NO_SUCH = "The resource you requested does not exist."


def status(answer: dict[str, Any]) -> int:
    """HTTP's."""
    return int(answer["ResponseMetadata"]["HTTPStatusCode"])


def code_of(call: Callable[..., Any], **arguments: Any) -> str:
    """The code of the error of a call; nothing where it is taken."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return ""


@pytest.fixture
def create(lambda_: Any, arn: Callable[[str], str], cleanup: Any) -> Callable[..., dict[str, Any]]:
    """CreateEventSourceMapping's answer; the mapping is deleted after the test, whatever its state."""

    def make(queue_url: str, function: str, **arguments: Any) -> dict[str, Any]:
        created: dict[str, Any] = lambda_.create_event_source_mapping(
            EventSourceArn=arn(queue_url), FunctionName=function, **arguments
        )
        cleanup(lambda: delete_mapping(lambda_, created["UUID"]))
        return created

    return make


# What is answered.


@pytest.mark.aws("B-01")
def test_what_create_answers(
    lambda_: Any,
    queue: Callable[..., str],
    function: Callable[..., str],
    create: Callable[..., dict[str, Any]],
    arn: Callable[[str], str],
    account: str,
    clock: Any,
) -> None:
    url, name = queue(), function(IDLE)
    created = create(url, name)
    assert status(created) == 202
    assert set(created) - {"ResponseMetadata"} == FIELDS
    assert created["EventSourceMappingArn"] == (
        f"arn:aws:lambda:us-east-1:{account}:event-source-mapping:{uuid.UUID(created['UUID'])}"
    )
    assert created["EventSourceArn"] == arn(url)
    configuration = lambda_.get_function_configuration(FunctionName=name)
    assert created["FunctionArn"] == configuration["FunctionArn"]
    assert created["BatchSize"] == 10
    assert created["MaximumBatchingWindowInSeconds"] == 0
    assert created["FunctionResponseTypes"] == []
    assert abs(created["LastModified"].timestamp() - clock.now()) < 60
    assert (created["State"], created["StateTransitionReason"]) == ("Creating", "USER_INITIATED")


@pytest.mark.aws("B-01")
def test_and_what_was_given(
    queue: Callable[..., str], function: Callable[..., str], create: Callable[..., dict[str, Any]]
) -> None:
    given = {
        "ScalingConfig": {"MaximumConcurrency": 2},
        "FilterCriteria": {"Filters": [{"Pattern": '{"body": {"a": [1]}}'}]},
    }
    created = create(
        queue(), function(IDLE), **given, FunctionResponseTypes=["ReportBatchItemFailures"], BatchSize=3
    )
    assert set(created) - {"ResponseMetadata"} == FIELDS | set(given)
    assert {name: created[name] for name in given} == given
    assert created["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert created["BatchSize"] == 3


# States.


@pytest.mark.aws("B-02")
def test_the_states_of_a_life(
    lambda_: Any,
    queue: Callable[..., str],
    function: Callable[..., str],
    create: Callable[..., dict[str, Any]],
    wait_for_mapping: Callable[[str, str], None],
) -> None:
    created = create(queue(), function(IDLE))
    seen, mapping = [created["State"]], created["UUID"]
    wait_for_mapping(mapping, "Enabled")
    for change, state in (
        ({"Enabled": False}, "Disabled"),
        ({"Enabled": True}, "Enabled"),
        ({"BatchSize": 5}, "Enabled"),
    ):
        seen.append(lambda_.update_event_source_mapping(UUID=mapping, **change)["State"])
        wait_for_mapping(mapping, state)
    seen.append(lambda_.delete_event_source_mapping(UUID=mapping)["State"])
    assert set(seen) <= STATES


@pytest.mark.aws("B-03")
def test_a_mapping_that_is_made_disabled(
    lambda_: Any,
    queue: Callable[..., str],
    function: Callable[..., str],
    create: Callable[..., dict[str, Any]],
    wait_for_mapping: Callable[[str, str], None],
) -> None:
    created = create(queue(), function(IDLE), Enabled=False)
    assert (status(created), created["State"]) == (202, "Disabled")
    mapping = created["UUID"]
    assert lambda_.get_event_source_mapping(UUID=mapping)["State"] == "Disabled"
    enabling = lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)
    assert (status(enabling), enabling["State"]) == (202, "Enabling")
    wait_for_mapping(mapping, "Enabled")


@pytest.mark.aws("B-03")
def test_an_update(
    lambda_: Any,
    queue: Callable[..., str],
    function: Callable[..., str],
    mapping: Callable[..., str],
    wait_for_mapping: Callable[[str, str], None],
) -> None:
    made = mapping(queue(), function(IDLE))
    updated = lambda_.update_event_source_mapping(UUID=made, BatchSize=2)
    assert (status(updated), updated["State"], updated["BatchSize"]) == (202, "Updating", 2)
    wait_for_mapping(made, "Enabled")
    assert lambda_.get_event_source_mapping(UUID=made)["BatchSize"] == 2


@pytest.mark.aws("B-04")
def test_around_an_update_messages_go_to_the_old_function_or_the_new_one(
    sqs: Any,
    lambda_: Any,
    queue: Callable[..., str],
    function: Callable[..., str],
    mapping: Callable[..., str],
    wait_for_mapping: Callable[[str, str], None],
    deliveries: Any,
) -> None:
    url = queue()
    old, new = (function(TELLS, Environment={"Variables": {"NAME": name}}) for name in ("old", "new"))
    made = mapping(url, old)
    lambda_.update_event_source_mapping(UUID=made, FunctionName=new)
    wait_for_mapping(made, "Enabled")
    for number in itertools.count():
        assert number < 100, "the old function is still the one that is invoked"
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
        ((name, bodies),) = deliveries(1)
        assert bodies == [str(number)]
        assert name in {"old", "new"}
        if name == "new":
            break


@pytest.mark.aws("B-05")
def test_a_deleted_mapping_is_gone_soon(
    lambda_: Any, queue: Callable[..., str], function: Callable[..., str], mapping: Callable[..., str]
) -> None:
    made = mapping(queue(), function(IDLE))
    deleted = lambda_.delete_event_source_mapping(UUID=made)
    assert (status(deleted), deleted["State"]) == (202, "Deleting")
    gone = eventually(lambda: code_of(lambda_.get_event_source_mapping, UUID=made), timeout=300)
    assert gone == "ResourceNotFoundException"
    assert refused(lambda_.get_event_source_mapping, UUID=made).status == 404


@pytest.mark.aws("B-06")
def test_an_update_during_an_update_is_refused(
    lambda_: Any, queue: Callable[..., str], function: Callable[..., str], mapping: Callable[..., str]
) -> None:
    made = mapping(queue(), function(IDLE))
    sizes = itertools.cycle(range(1, 11))

    def refusal() -> ClientError | None:
        try:
            lambda_.update_event_source_mapping(UUID=made, BatchSize=next(sizes))
        except ClientError as error:
            return error
        return None

    error = eventually(refusal, timeout=5)  # the first has to be under way when the next comes
    assert error is not None
    assert error.response["Error"]["Code"] == "ResourceInUseException"
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.aws("B-06")
def test_a_delete_during_the_creation_is_refused(
    lambda_: Any,
    queue: Callable[..., str],
    function: Callable[..., str],
    create: Callable[..., dict[str, Any]],
) -> None:
    url, name = queue(), function(IDLE)

    def refused_at_once() -> bool:
        mapping = create(url, name)["UUID"]
        code = code_of(lambda_.delete_event_source_mapping, UUID=mapping)
        delete_mapping(lambda_, mapping)
        assert eventually(lambda: code_of(lambda_.get_event_source_mapping, UUID=mapping))
        return code == "ResourceInUseException"

    assert eventually(refused_at_once, timeout=5)


# Refusals.


@pytest.mark.aws("B-07")
@pytest.mark.parametrize("operation", ["get", "update", "delete"])
def test_an_unknown_uuid(lambda_: Any, operation: str) -> None:
    call = getattr(lambda_, f"{operation}_event_source_mapping")
    error = refused(call, UUID=str(uuid.uuid4()))
    assert (error.status, error.code, error.message) == (404, "ResourceNotFoundException", NO_SUCH)


@pytest.mark.aws("B-08")
def test_what_is_no_mapping(
    lambda_: Any, queue: Callable[..., str], function: Callable[..., str], arn: Callable[[str], str]
) -> None:
    source, name = arn(queue()), function(IDLE)
    success = {"OnSuccess": {"Destination": source}}
    cases: dict[str, dict[str, Any]] = {
        "Unrecognized event source.": {"FunctionName": name},
        "Function does not exist": {"FunctionName": f"{name}-none", "EventSourceArn": source},
        "Unsupported DestinationConfig parameter for given event source mapping type.": {
            "FunctionName": name,
            "EventSourceArn": source,
            "DestinationConfig": success,
        },
    }
    for text, arguments in cases.items():
        error = refused(lambda_.create_event_source_mapping, **arguments)
        assert (error.status, error.code) == (400, "InvalidParameterValueException")
        assert error.message == text


@pytest.mark.aws("B-11")
def test_a_queue_is_mapped_to_a_function_once(
    lambda_: Any,
    queue: Callable[..., str],
    function: Callable[..., str],
    mapping: Callable[..., str],
    arn: Callable[[str], str],
) -> None:
    url, name = queue(), function(IDLE)
    made = mapping(url, name)
    error = refused(lambda_.create_event_source_mapping, EventSourceArn=arn(url), FunctionName=name)
    assert (error.status, error.code) == (409, "ResourceConflictException")
    assert error.message == (
        f'An event source mapping with SQS arn (" {arn(url)} ") and function (" {name} ") already exists. '
        f"Please update or delete the existing mapping with UUID {made}"
    )


# Without its function, and disabled.


@pytest.mark.aws("B-15")
def test_deleting_the_function_leaves_the_mapping(
    lambda_: Any, queue: Callable[..., str], function: Callable[..., str], mapping: Callable[..., str]
) -> None:
    name = function(IDLE)
    made = mapping(queue(), name)
    assert status(lambda_.delete_function(FunctionName=name)) == 204
    found = lambda_.get_event_source_mapping(UUID=made)
    assert (status(found), found["State"]) == (200, "Enabled")


@pytest.mark.aws("B-16")
def test_while_it_is_disabled_messages_stay_in_the_queue(
    sqs: Any,
    lambda_: Any,
    queue: Callable[..., str],
    function: Callable[..., str],
    mapping: Callable[..., str],
    wait_for_mapping: Callable[[str, str], None],
    deliveries: Any,
) -> None:
    url = queue()
    made = mapping(url, function(TELLS, Environment={"Variables": {"NAME": "it"}}))
    lambda_.update_event_source_mapping(UUID=made, Enabled=False)
    wait_for_mapping(made, "Disabled")
    sqs.send_message(QueueUrl=url, MessageBody="waits")
    (message,) = take(sqs, url, AttributeNames=["All"], VisibilityTimeout=0)
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    lambda_.update_event_source_mapping(UUID=made, Enabled=True)
    assert deliveries(1) == [["it", ["waits"]]]


@pytest.mark.aws("B-16")
def test_what_was_in_flight_comes_back_by_its_visibility_timeout(
    sqs: Any,
    lambda_: Any,
    queue: Callable[..., str],
    function: Callable[..., str],
    mapping: Callable[..., str],
    wait_for_mapping: Callable[[str, str], None],
    deliveries: Any,
    clock: Any,
) -> None:
    url = queue(VisibilityTimeout=4)
    made = mapping(url, function(FAILS))
    clock.freeze()
    sqs.send_message(QueueUrl=url, MessageBody="in flight")
    assert deliveries(1) == ["failing"]
    lambda_.update_event_source_mapping(UUID=made, Enabled=False)
    wait_for_mapping(made, "Disabled")
    assert receive(sqs, url) == []
    clock.advance(4.1)
    (message,) = take(sqs, url, AttributeNames=["All"])
    assert message["Attributes"]["ApproximateReceiveCount"] == "2"
