"""Functions that raise, time out, exit or return too much: what their caller gets (C-02 to C-14, C-28)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.conformance import refused
from tests.support.conformance_functions import UUID, invoke

if TYPE_CHECKING:
    from tests.support.conformance import Make

MEGABYTE = 1024 * 1024


@pytest.mark.aws("C-02")
def test_a_timeout_is_an_unhandled_error_of_the_sandbox(lambda_: Any, function: Make) -> None:
    name = function(
        """
        import threading
        def handler(event, context):
            threading.Event().wait()
        """,
        Timeout=1,
    )
    failed = invoke(lambda_, name)
    assert (failed.status, failed.error) == (200, "Unhandled")
    assert failed.payload == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {failed.request_id} Error: Task timed out after 1.00 seconds",
    }


BREAKS = {"a timeout": "time.sleep(60)", "an exit": "sys.exit(0)", "a signal": "os.kill(os.getpid(), 11)"}


@pytest.mark.aws("C-05")
@pytest.mark.parametrize("statement", BREAKS.values(), ids=BREAKS)
def test_after_a_crash_globals_are_new_and_files_are_kept(
    lambda_: Any, function: Make, statement: str
) -> None:
    name = function(
        f"""
        import os, pathlib, sys, tempfile, time
        kept = pathlib.Path(tempfile.gettempdir()) / "kept"
        number = 0
        def handler(event, context):
            global number
            if event:
                number = 42
                kept.write_text("still here")
                {statement}
            return [number, kept.read_text()]
        """,
        Timeout=2,
    )
    assert invoke(lambda_, name, event=True).error == "Unhandled"
    assert invoke(lambda_, name).payload == [0, "still here"]


@pytest.mark.aws("C-06")
def test_an_exception_has_its_message_type_request_and_stack(lambda_: Any, function: Make) -> None:
    name = function("def handler(event, context):\n    raise Exception('it failed')\n")
    failed = invoke(lambda_, name)
    assert (failed.status, failed.error) == (200, "Unhandled")
    assert failed.payload == {
        "errorMessage": "it failed",
        "errorType": "Exception",
        "requestId": failed.request_id,
        "stackTrace": [
            "  File \"/var/task/app.py\", line 2, in handler\n    raise Exception('it failed')\n",
        ],
    }


@pytest.mark.aws("C-07")
def test_an_exception_at_import_belongs_to_no_request(lambda_: Any, function: Make) -> None:
    failed = invoke(lambda_, function("raise ValueError('at import')\n"))
    assert (failed.status, failed.error) == (200, "Unhandled")
    assert set(failed.payload) == {"errorMessage", "errorType", "requestId", "stackTrace"}
    assert (failed.payload["errorType"], failed.payload["errorMessage"]) == ("ValueError", "at import")
    assert failed.payload["requestId"] == ""
    assert any('File "/var/task/app.py", line 1' in entry for entry in failed.payload["stackTrace"])


EXITS = {
    "in the handler": "import sys\ndef handler(event, context): sys.exit(0)\n",
    "at init": "import sys\nsys.exit(0)\n",
}


@pytest.mark.aws("C-08")
@pytest.mark.parametrize("source", EXITS.values(), ids=EXITS)
def test_an_exit_gives_no_reason(lambda_: Any, function: Make, source: str) -> None:
    failed = invoke(lambda_, function(source))
    assert (failed.status, failed.error) == (200, "Unhandled")
    text = failed.payload.pop("errorMessage")
    assert failed.payload == {"errorType": "Runtime.ExitError"}
    assert re.fullmatch(rf"RequestId: {UUID} Error: Runtime exited without providing a reason", text)


@pytest.mark.aws("C-09")
def test_who_takes_more_memory_than_there_is_is_killed(lambda_: Any, function: Make) -> None:
    name = function(
        """
        import threading
        def handler(event, context):
            held = bytearray(400 << 20)
            threading.Event().wait()
        """,
        Timeout=30,
        MemorySize=128,
    )
    failed = invoke(lambda_, name)
    assert failed.error == "Unhandled"
    assert failed.payload == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {failed.request_id} Error: Runtime exited with error: signal: killed",
    }


NOT_JSON = "Unable to marshal response: Object of type set is not JSON serializable"


@pytest.mark.aws("C-10")
def test_a_result_that_is_no_json_is_an_error(lambda_: Any, function: Make) -> None:
    failed = invoke(lambda_, function("def handler(event, context): return {1, 2}"))
    assert (failed.status, failed.error) == (200, "Unhandled")
    assert failed.payload["errorType"] == "Runtime.MarshalError"
    assert failed.payload["errorMessage"] == NOT_JSON


@pytest.mark.aws("C-10")
def test_a_mapping_takes_a_result_that_is_no_json_for_a_failure(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url = queue(VisibilityTimeout=3)
    name = function("""
        from report import tell
        def handler(event, context):
            for record in event["Records"]:
                tell(record["attributes"]["ApproximateReceiveCount"])
            return {1, 2}
    """)
    mapping(url, name)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    assert deliveries(1) == ["1"]
    clock.advance(3)
    assert deliveries(1) == ["2"]


UNUSABLE = [
    ("other = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
    (
        "import nothing_of_that_name",
        "Runtime.ImportModuleError",
        "Unable to import module 'app': No module named 'nothing_of_that_name'",
    ),
    ("def handler(:", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app': "),
]


@pytest.mark.aws("C-11")
@pytest.mark.parametrize(("source", "kind", "text"), UNUSABLE, ids=[kind for _, kind, _ in UNUSABLE])
def test_a_module_without_its_handler(
    lambda_: Any, function: Make, source: str, kind: str, text: str
) -> None:
    failed = invoke(lambda_, function(source + "\n"))
    assert (failed.status, failed.error) == (200, "Unhandled")
    assert failed.payload["errorType"] == kind
    assert failed.payload["errorMessage"].startswith(text)


@pytest.mark.aws("C-12")
def test_a_result_has_six_megabytes(lambda_: Any, function: Make) -> None:
    name = function("def handler(event, context): return 'x' * (event - 2)", Timeout=30)
    assert len(invoke(lambda_, name, event=6 * MEGABYTE).payload) == 6 * MEGABYTE - 2
    failed = invoke(lambda_, name, event=6_291_557)
    assert failed.error == "Unhandled"
    assert failed.payload == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }


LENGTH = "def handler(event, context): return len(event)"


@pytest.mark.aws("C-13")
@pytest.mark.parametrize(("kind", "most"), [("RequestResponse", 6 * MEGABYTE), ("Event", MEGABYTE)])
def test_payloads_have_six_megabytes_or_one(lambda_: Any, function: Make, kind: str, most: int) -> None:
    name = function(LENGTH, Timeout=30)
    payload = b'"' + b"x" * (most - 2) + b'"'
    answer = lambda_.invoke(FunctionName=name, InvocationType=kind, Payload=payload)
    text = answer["Payload"].read()
    assert (answer["StatusCode"], text) in [(200, str(most - 2).encode()), (202, b"")]
    error = refused(lambda_.invoke, FunctionName=name, InvocationType=kind, Payload=b" " + payload)
    assert error.status == 413
    assert error.code in ("RequestEntityTooLargeException", "RequestTooLargeException")


@pytest.mark.aws("C-14")
def test_a_handler_that_returns_nothing_answers_null(lambda_: Any, function: Make) -> None:
    name = function("def handler(event, context): pass")
    answer = lambda_.invoke(FunctionName=name)
    assert "FunctionError" not in answer
    assert answer["Payload"].read() == b"null"


@pytest.mark.aws("C-28")
def test_a_function_that_does_not_exist_is_not_found(lambda_: Any, account: str, name: Make) -> None:
    missing = name()
    error = refused(lambda_.invoke, FunctionName=missing)
    assert (error.code, error.status) == ("ResourceNotFoundException", 404)
    region = lambda_.meta.region_name
    assert error.message == (
        f"Function not found: arn:aws:lambda:{region}:{account}:function:{missing}:$LATEST"
    )
