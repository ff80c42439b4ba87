"""How a function is made and changed: its limits, its states, its runtime (C-01, C-21, C-22, C-29)."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.conformance import refused
from tests.support.conformance_functions import invoke, settled
from tests.support.conformance_site import package

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.conformance import Make

IDLE = "def handler(event, context): return event"


@pytest.fixture
def like(lambda_: Any, function: Make, name: Make, cleanup: Any) -> Callable[..., dict[str, Any]]:
    """CreateFunction's arguments for a function that can be made, with changes."""
    role = lambda_.get_function_configuration(FunctionName=function(IDLE))["Role"]

    def arguments(**changes: Any) -> dict[str, Any]:
        new = name()
        cleanup(lambda: lambda_.delete_function(FunctionName=new))
        return {
            "FunctionName": new,
            "Runtime": "python3.13",
            "Handler": "app.handler",
            "Role": role,
            "Code": {"ZipFile": package(IDLE)},
            **changes,
        }

    return arguments


def make(lambda_: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a function once it is active."""
    lambda_.create_function(**arguments)
    found = settled(lambda_, arguments["FunctionName"])
    lambda_.get_waiter("function_active_v2").wait(
        FunctionName=arguments["FunctionName"], WaiterConfig={"Delay": 0.1, "MaxAttempts": 600}
    )
    return found


@pytest.mark.aws("C-01")
def test_a_timeout_is_three_seconds_unless_it_is_said(lambda_: Any, function: Make) -> None:
    name = function(IDLE)
    assert lambda_.get_function_configuration(FunctionName=name)["Timeout"] == 3
    for seconds in (1, 900):
        answer = lambda_.update_function_configuration(FunctionName=name, Timeout=seconds)
        assert answer["Timeout"] == settled(lambda_, name)["Timeout"] == seconds


OUT_OF_RANGE = [
    pytest.param({"Timeout": 0}, "'timeout'", marks=pytest.mark.aws("C-01")),
    pytest.param({"Timeout": 901}, "'timeout'", marks=pytest.mark.aws("C-01")),
    pytest.param({"MemorySize": 127}, "'memorySize'", marks=pytest.mark.aws("C-21")),
    pytest.param({"MemorySize": 10_241}, "'memorySize'", marks=pytest.mark.aws("C-21")),
    pytest.param({"EphemeralStorage": {"Size": 511}}, "torage.size'", marks=pytest.mark.aws("C-21")),
    pytest.param({"EphemeralStorage": {"Size": 10_241}}, "torage.size'", marks=pytest.mark.aws("C-21")),
]


@pytest.mark.parametrize(("changes", "said"), OUT_OF_RANGE)
def test_what_is_out_of_range_is_refused(
    lambda_: Any, function: Make, like: Callable[..., dict[str, Any]], changes: dict[str, Any], said: str
) -> None:
    for error in (
        refused(lambda_.create_function, **like(**changes)),
        refused(lambda_.update_function_configuration, FunctionName=function(IDLE), **changes),
    ):
        assert error.status == 400
        assert error.code in ("ValidationException", "InvalidParameterValueException")
        assert "failed to satisfy constraint: Member must have value" in error.message
        assert said in error.message


@pytest.mark.aws("C-21")
def test_memory_and_storage_are_the_least_unless_it_is_said(
    lambda_: Any, function: Make, like: Callable[..., dict[str, Any]]
) -> None:
    found = lambda_.get_function_configuration(FunctionName=function(IDLE))
    assert (found["MemorySize"], found["EphemeralStorage"]) == (128, {"Size": 512})
    found = make(lambda_, like(MemorySize=10_240, EphemeralStorage={"Size": 10_240}))
    assert (found["MemorySize"], found["EphemeralStorage"]) == (10_240, {"Size": 10_240})


@pytest.mark.aws("C-21")
def test_variables_have_four_kilobytes(lambda_: Any, function: Make) -> None:
    name = function(IDLE)
    most = 4096 - len('{"BIG":""}')
    lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": {"BIG": "x" * most}})
    settled(lambda_, name)
    error = refused(
        lambda_.update_function_configuration,
        FunctionName=name,
        Environment={"Variables": {"BIG": "x" * (most + 1)}},
    )
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert "exceeded the 4KB limit" in error.message


@pytest.mark.aws("C-21")
def test_a_function_has_a_thousand_and_twenty_four_files(lambda_: Any, function: Make) -> None:
    name = function("""
        import resource
        def handler(event, context):
            return resource.getrlimit(resource.RLIMIT_NOFILE)
    """)
    assert invoke(lambda_, name).payload == [1024, 1024]


@pytest.mark.aws("C-21")
def test_unzipped_code_has_two_hundred_and_fifty_megabytes(
    lambda_: Any, like: Callable[..., dict[str, Any]]
) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("app.py", IDLE)
        with archive.open("zeros", "w") as file:
            for _ in range(250):
                file.write(bytes(1024 * 1024))
    error = refused(lambda_.create_function, **like(Code={"ZipFile": buffer.getvalue()}))
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert error.message == "Unzipped size must be smaller than 262144000 bytes"


@pytest.mark.aws("C-21")
def test_a_package_has_fifty_megabytes(lambda_: Any, like: Callable[..., dict[str, Any]]) -> None:
    error = refused(lambda_.create_function, **like(Code={"ZipFile": bytes(51 * 1024 * 1024)}))
    assert (error.status, error.code) == (413, "RequestEntityTooLargeException")


@pytest.mark.aws("C-22")
def test_a_function_is_pending_then_active(lambda_: Any, like: Callable[..., dict[str, Any]]) -> None:
    arguments = like()
    created = lambda_.create_function(**arguments)
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert (created["State"], created["StateReasonCode"]) == ("Pending", "Creating")
    lambda_.get_waiter("function_active_v2").wait(
        FunctionName=arguments["FunctionName"], WaiterConfig={"Delay": 0.1, "MaxAttempts": 600}
    )
    found = lambda_.get_function_configuration(FunctionName=arguments["FunctionName"])
    assert (found["State"], found["LastUpdateStatus"]) == ("Active", "Successful")
    assert "StateReasonCode" not in found


@pytest.mark.aws("C-22")
def test_an_update_is_in_progress_then_successful(lambda_: Any, function: Make) -> None:
    name = function(IDLE)
    answer = lambda_.update_function_configuration(FunctionName=name, MemorySize=256)
    assert (answer["State"], answer["LastUpdateStatus"]) == ("Active", "InProgress")
    assert answer["LastUpdateStatusReasonCode"] == "Creating"
    assert settled(lambda_, name)["LastUpdateStatus"] == "Successful"


@pytest.mark.aws("C-29")
def test_a_function_on_python_3_9_outlives_the_end_of_its_runtime(
    lambda_: Any, function: Make, clock: Any
) -> None:
    name = function(
        'import os\ndef handler(event, context): return os.environ["AWS_EXECUTION_ENV"]\n',
        Runtime="python3.9",
    )
    assert lambda_.get_function_configuration(FunctionName=name)["Runtime"] == "python3.9"
    assert invoke(lambda_, name).payload == "AWS_Lambda_python3.9"
    updates_end = datetime(2027, 3, 3, tzinfo=UTC).timestamp()
    clock.advance(max(0.0, updates_end - clock.now()))
    assert invoke(lambda_, name).payload == "AWS_Lambda_python3.9"
