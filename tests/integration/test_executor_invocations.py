"""What a handler sees, and what its caller gets: rows C-06 to C-23 of the semantics table."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.lambda_functions import LambdaFunctions
from tests.support.mapped import new_account

if TYPE_CHECKING:
    from tests.integration.conftest import Emulator

pytestmark = pytest.mark.only_on("embedded", "container")

VARIABLES = {
    # Row C-19, and what the harness adds; nothing else, so nothing of the host's.
    "AWS_ACCESS_KEY_ID",
    "AWS_CONFIG_FILE",
    "AWS_DEFAULT_REGION",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_ENDPOINT_URL",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_XRAY_CONTEXT_MISSING",
    "HOME",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "LANG",
    "PATH",
    "TMPDIR",
    "TZ",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
}


def test_an_environment_is_reused_warm_with_its_globals(functions: LambdaFunctions) -> None:
    name = functions.create("""
        import os
        count = 0
        def handler(event, context):
            global count
            count += 1
            return [event, count, os.getpid()]
    """)
    first, second = functions.invoke(name, {"a": "é"}), functions.invoke(name, [1])
    assert (first.status, first.error, second.error) == (200, None, None)
    assert first.payload == [{"a": "é"}, 1, first.payload[2]]
    assert second.payload == [[1], 2, first.payload[2]]


def test_a_handler_without_a_result_answers_null(functions: LambdaFunctions) -> None:
    name = functions.create("def handler(event, context): pass")
    assert functions.invoke(name).payload is None


def test_the_context_tells_who_is_invoked_and_how_long_it_has(functions: LambdaFunctions) -> None:
    name = functions.create(
        """
        def handler(event, context):
            return [
                context.get_remaining_time_in_millis(), context.function_name, context.function_version,
                context.invoked_function_arn, context.memory_limit_in_mb, context.aws_request_id,
                context.log_group_name, context.log_stream_name,
            ]
        """,
        Timeout=7,
        MemorySize=192,
    )
    answer = functions.invoke(name)
    left, *named, request_id, group, stream = answer.payload
    assert 0 < left <= 7000
    arn = f"arn:aws:lambda:us-east-1:{functions.account}:function:{name}"
    assert named == [name, "$LATEST", arn, "192"]
    assert f"START RequestId: {request_id} " in answer.log
    assert group == f"/aws/lambda/{name}"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)


def test_only_lambdas_own_variables_reach_the_handler(functions: LambdaFunctions, emulator: Emulator) -> None:
    name = functions.create(
        """
        import os, sys
        def handler(event, context):
            return [dict(os.environ), os.getcwd(), sys.path, sys.argv, sys.stdin.read()]
        """,
        Environment={"Variables": {"MINE": "1", "PATH": "/mine"}},
    )
    variables, folder, path, arguments, typed = functions.invoke(name).payload
    assert set(variables) == VARIABLES | {"MINE"}
    assert variables["MINE"] == "1"
    assert variables["PATH"] == "/mine"
    assert variables["AWS_EXECUTION_ENV"] == f"AWS_Lambda_{functions.runtime}"
    assert variables["AWS_ENDPOINT_URL"] == emulator.url
    assert variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "128"
    assert variables["AWS_LAMBDA_INITIALIZATION_TYPE"] == "on-demand"
    assert (variables["TZ"], variables["LANG"]) == (":UTC", "en_US.UTF-8")
    assert folder == variables["LAMBDA_TASK_ROOT"] == path[0]
    assert not [entry for entry in path if "emulator/executor" in entry]
    assert (len(arguments), typed) == (2, "")


def test_the_sdk_acts_in_the_functions_account(emulator: Emulator) -> None:
    account = new_account()
    sqs = emulator.client("sqs", account)
    url = sqs.create_queue(QueueName="of-the-handler")["QueueUrl"]
    with LambdaFunctions(emulator.client, account) as functions:
        name = functions.create("""
            import boto3
            def handler(event, context):
                sqs = boto3.client("sqs")
                sqs.send_message(QueueUrl=event, MessageBody="from the handler")
                return [boto3.client("sts").get_caller_identity()["Account"], sqs.list_queues()["QueueUrls"]]
        """)
        assert functions.invoke(name, url).payload == [account, [url]]
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "from the handler"


def test_an_exception_is_a_function_error_and_the_environment_stays(functions: LambdaFunctions) -> None:
    name = functions.create("""
        import os
        def handler(event, context):
            if event:
                raise ValueError(os.getpid())
            return os.getpid()
    """)
    failed = functions.invoke(name, 1)
    assert (failed.status, failed.error) == (200, "Unhandled")
    assert failed.payload["errorType"] == "ValueError"
    assert failed.payload["requestId"] in failed.log
    assert re.search(r'File ".*/app.py", line 5, in handler', failed.payload["stackTrace"][0])
    assert f"[ERROR] ValueError: {failed.payload['errorMessage']}\nTraceback" in failed.log
    assert functions.invoke(name, 0).payload == int(failed.payload["errorMessage"])


@pytest.mark.parametrize(
    ("returned", "kind", "text"),
    [
        (
            "{1, 2}",
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type set is not JSON serializable",
        ),
        (
            "'x' * 6_300_000",
            "Function.ResponseSizeTooLarge",
            "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        ),
    ],
    ids=["not JSON (C-10)", "too large (C-12)"],
)
def test_a_result_that_cannot_be_returned(
    functions: LambdaFunctions, returned: str, kind: str, text: str
) -> None:
    answer = functions.invoke(functions.create(f"def handler(event, context): return {returned}"))
    assert answer.error == "Unhandled"
    assert (answer.payload["errorType"], answer.payload["errorMessage"]) == (kind, text)


def test_large_payloads_pass_unchanged(functions: LambdaFunctions) -> None:
    name = functions.create("def handler(event, context): return event")
    event = {"text": "x" * 3_000_000}
    assert functions.invoke(name, event).payload == event


def test_what_is_invoked_without_waiting_runs_too(functions: LambdaFunctions) -> None:
    name = functions.create("def handler(event, context): print('ran with', event)")
    answer = functions.api.invoke(FunctionName=name, Payload=json.dumps("it"), InvocationType="Event")
    assert answer["StatusCode"] == 202
    functions.logged(name, "ran with it")
