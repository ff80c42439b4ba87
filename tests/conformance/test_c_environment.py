"""What a handler finds around it: context, variables, what the last invocation left (C-18 to C-20, C-23)."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.conformance_functions import invoke, settled

if TYPE_CHECKING:
    from tests.support.conformance import Make

CONTEXT = """
    def handler(event, context):
        client = context.client_context
        return {
            "left": context.get_remaining_time_in_millis(),
            "function_name": context.function_name,
            "function_version": context.function_version,
            "invoked_function_arn": context.invoked_function_arn,
            "memory_limit_in_mb": context.memory_limit_in_mb,
            "aws_request_id": context.aws_request_id,
            "log_group_name": context.log_group_name,
            "log_stream_name": context.log_stream_name,
            "identity": [context.identity.cognito_identity_id, context.identity.cognito_identity_pool_id],
            "client_context": client and [client.custom, client.env, client.client.app_title],
        }
"""


@pytest.mark.aws("C-18")
def test_the_context_tells_who_is_invoked_and_how_long_it_has(
    lambda_: Any, function: Make, account: str
) -> None:
    name = function(CONTEXT, Timeout=7, MemorySize=1024)
    answer = invoke(lambda_, name)
    context = answer.payload
    assert 0 < context.pop("left") <= 7000
    stream = context.pop("log_stream_name")
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    assert context == {
        "function_name": name,
        "function_version": "$LATEST",
        "invoked_function_arn": f"arn:aws:lambda:{lambda_.meta.region_name}:{account}:function:{name}",
        "memory_limit_in_mb": "1024",
        "aws_request_id": answer.request_id,
        "log_group_name": f"/aws/lambda/{name}",
        "identity": [None, None],
        "client_context": None,
    }


@pytest.mark.aws("C-18")
def test_the_arn_has_the_qualifier_that_was_asked_for(lambda_: Any, function: Make, account: str) -> None:
    name = function(CONTEXT)
    version = lambda_.publish_version(FunctionName=name)["Version"]
    lambda_.get_waiter("function_active_v2").wait(
        FunctionName=name, Qualifier=version, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600}
    )
    lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    arn = f"arn:aws:lambda:{lambda_.meta.region_name}:{account}:function:{name}"
    for qualifier, runs in (("$LATEST", "$LATEST"), (version, version), ("live", version)):
        context = invoke(lambda_, name, Qualifier=qualifier).payload
        assert context["invoked_function_arn"] == f"{arn}:{qualifier}"
        assert context["function_version"] == runs


@pytest.mark.aws("C-18")
def test_the_callers_client_context_is_there(lambda_: Any, function: Make) -> None:
    name = function(CONTEXT)
    given = {"client": {"app_title": "a title"}, "custom": {"key": "valué"}, "env": {"locale": "de"}}
    encoded = base64.b64encode(json.dumps(given).encode()).decode()
    found = invoke(lambda_, name, ClientContext=encoded).payload["client_context"]
    assert found == [{"key": "valué"}, {"locale": "de"}, "a title"]
    assert invoke(lambda_, name).payload["client_context"] is None


@pytest.mark.aws("C-19")
def test_the_variables_are_lambdas_and_the_functions_own(lambda_: Any, function: Make) -> None:
    name = function(
        """
        import os
        def handler(event, context):
            return [dict(os.environ), os.getcwd(), context.log_stream_name]
        """,
        Environment={"Variables": {"MINE": "1"}},
    )
    variables, folder, stream = invoke(lambda_, name).payload
    region = lambda_.meta.region_name
    expected = {
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_REGION": region,
        "LAMBDA_TASK_ROOT": folder,
        "LANG": "en_US.UTF-8",
        "MINE": "1",
        "TZ": ":UTC",
        "_HANDLER": "app.handler",
    }
    assert {name: variables.get(name) for name in expected} == expected
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "LAMBDA_RUNTIME_DIR"):
        assert variables[name]
    assert re.match(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};", variables["_X_AMZN_TRACE_ID"])


@pytest.mark.aws("C-20")
def test_the_working_folder_is_the_codes_and_all_may_write_temporary_files(
    lambda_: Any, function: Make
) -> None:
    name = function("""
        import os, stat, sys, tempfile
        def handler(event, context):
            folder = tempfile.gettempdir()
            with open(os.path.join(folder, "new"), "w") as file:
                file.write("x")
            return [os.getcwd(), os.environ["LAMBDA_TASK_ROOT"], os.path.dirname(os.path.abspath(__file__)),
                    sys.path[0], stat.S_IMODE(os.stat(folder).st_mode)]
    """)
    *folders, mode = invoke(lambda_, name).payload
    assert len(set(folders)) == 1
    assert mode == 0o1777


@pytest.mark.aws("C-23")
def test_globals_persist_in_an_environment_until_the_function_changes(lambda_: Any, function: Make) -> None:
    name = function("""
        counter = -1
        def handler(event, context):
            global counter
            counter += 1
            return counter
    """)
    assert [invoke(lambda_, name).payload for _ in range(3)] == [0, 1, 2]
    lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": {"NEW": "1"}})
    settled(lambda_, name)
    assert invoke(lambda_, name).payload == 0
