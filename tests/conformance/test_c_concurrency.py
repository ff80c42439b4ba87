"""How many invocations run at once, and how often: reserved concurrency and its throttles (C-24 to C-26)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.support.conformance import refused
from tests.support.conformance_functions import invoke, start

if TYPE_CHECKING:
    from tests.support.conformance import Make

IDLE = "def handler(event, context): return event"
LINGERS = """
    import time
    from report import tell
    def handler(event, context):
        if event:
            tell("here")
            time.sleep(event)
"""


MANY = 200


def throttle(lambda_: Any, function: str) -> dict[str, Any]:
    """The whole answer to an invocation that is refused."""
    with pytest.raises(ClientError) as caught:
        invoke(lambda_, function)
    response: Any = caught.value.response
    return dict(response)


def throttle_reason(lambda_: Any, function: str) -> str:
    """Why an invocation was throttled; nothing where it was not."""
    try:
        invoke(lambda_, function)
    except ClientError as error:
        response: Any = error.response
        return str(response["Reason"])
    return ""


@pytest.mark.aws("C-24")
def test_an_invocation_beyond_the_reserved_concurrency_is_throttled(
    lambda_: Any, function: Make, deliveries: Any
) -> None:
    name = function(LINGERS, Timeout=20)
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    start(lambda_, name, b"5")
    assert deliveries(1) == ["here"]
    response = throttle(lambda_, name)
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert response["Error"]["Code"] == "TooManyRequestsException"
    assert response["Error"]["Message"] == "Rate Exceeded."
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


@pytest.mark.aws("C-25")
def test_reserved_concurrency_is_set_read_and_taken_back(lambda_: Any, function: Make) -> None:
    name = function(IDLE)
    assert "ReservedConcurrentExecutions" not in lambda_.get_function_concurrency(FunctionName=name)
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=3)
    found = lambda_.get_function_concurrency(FunctionName=name)
    assert found["ReservedConcurrentExecutions"] == 3
    lambda_.delete_function_concurrency(FunctionName=name)
    assert "ReservedConcurrentExecutions" not in lambda_.get_function_concurrency(FunctionName=name)
    error = refused(lambda_.put_function_concurrency, FunctionName=name, ReservedConcurrentExecutions=-1)
    assert error.status == 400
    assert error.code in ("ValidationException", "InvalidParameterValueException")


@pytest.mark.aws("C-25")
def test_a_reserved_concurrency_of_zero_stops_a_function(lambda_: Any, function: Make) -> None:
    name = function(IDLE)
    assert invoke(lambda_, name, event=1).payload == 1
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    response = throttle(lambda_, name)
    assert response["Error"]["Code"] == "TooManyRequestsException"
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    lambda_.delete_function_concurrency(FunctionName=name)
    assert invoke(lambda_, name, event=2).payload == 2


@pytest.mark.aws("C-25")
def test_an_account_keeps_a_hundred_unreserved(lambda_: Any, function: Make) -> None:
    name = function(IDLE)
    limit = lambda_.get_account_settings()["AccountLimit"]
    assert limit["ConcurrentExecutions"] >= 1000  # more, where an account was given more
    most = limit["UnreservedConcurrentExecutions"] - 100
    error = refused(
        lambda_.put_function_concurrency, FunctionName=name, ReservedConcurrentExecutions=most + 1
    )
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert "below its minimum value of [100]" in error.message
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=most)
    assert lambda_.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 100


@pytest.mark.aws("C-26")
def test_a_function_takes_ten_requests_a_second_for_each_of_its_environments(
    lambda_: Any, function: Make, clock: Any
) -> None:
    name = function(IDLE)
    lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    invoke(lambda_, name)
    clock.advance(1)
    # One after the other, so that concurrency is no matter; the eleventh of a second is one too many.
    taken = 0
    while not (reason := throttle_reason(lambda_, name)):
        taken += 1
        if taken == MANY:
            pytest.skip("this machine does not do ten invocations in a second")
    assert reason == "ReservedFunctionInvocationRateLimitExceeded"
    assert taken >= 10
    clock.advance(1)
    assert invoke(lambda_, name, event="again").payload == "again"
