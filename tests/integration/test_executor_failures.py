"""Handlers that time out, crash, eat memory or cannot be imported; and how their functions recover."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.processes import alive

if TYPE_CHECKING:
    from tests.support.lambda_functions import LambdaFunctions


pytestmark = pytest.mark.only_on("embedded", "container")


@pytest.fixture(scope="module", autouse=True)
def slow_to_import(functions: LambdaFunctions) -> str:
    """A function whose first import never ends; made before all tests, so that its ten seconds overlap."""
    return functions.create("""
        import os, pathlib, tempfile, threading
        seen = pathlib.Path(tempfile.gettempdir()) / "seen"
        if not seen.exists():
            seen.touch()
            threading.Event().wait()
        def handler(event, context):
            return "second import"
    """)


@pytest.mark.only_on("embedded")
def test_a_timeout_ends_the_process_and_keeps_the_files(functions: LambdaFunctions) -> None:
    name = functions.create(
        """
        import os, pathlib, subprocess, tempfile, threading
        seen = pathlib.Path(tempfile.gettempdir()) / "seen"
        count = 0
        def handler(event, context):
            global count
            count += 1
            if not seen.exists():
                child = subprocess.Popen(["sleep", "600"])
                escaped = subprocess.Popen(["sleep", "600"], start_new_session=True)
                seen.write_text(f"{os.getpid()} {child.pid} {escaped.pid}")
                print("waiting")
                threading.Event().wait()
            return [count, os.getpid(), seen.read_text()]
        """,
        Timeout=1,
    )
    failed = functions.invoke(name)
    request_id = failed.payload["errorMessage"].split()[1]
    assert (failed.status, failed.error) == (200, "Unhandled")
    assert failed.payload == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds",
    }
    assert "waiting\n" in failed.log
    assert "Task timed out" not in failed.log
    assert re.search(
        r"REPORT .*\tDuration: 1000.00 ms\tBilled Duration: 1000 ms\t.*Status: timeout", failed.log
    )

    count, pid, before = functions.invoke(name).payload
    earlier = [int(word) for word in before.split()]
    assert count == 1
    assert pid not in earlier
    assert [process for process in earlier if alive(process)] == []


EXITS = [
    ("sys.exit(0)", "Runtime exited without providing a reason"),
    ("sys.exit(7)", "Runtime exited with error: exit status 7"),
    ("os._exit(1)", "Runtime exited with error: exit status 1"),
    ("os.abort()", "Runtime exited with error: signal: aborted"),
    ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
]


@pytest.mark.parametrize(("statement", "reason"), EXITS)
def test_a_crash_in_the_handler(functions: LambdaFunctions, statement: str, reason: str) -> None:
    name = functions.create(f"""
        import os, sys
        def handler(event, context):
            print("printed")
            if event: {statement}
            return "alive"
    """)
    failed = functions.invoke(name, 1)
    assert failed.error == "Unhandled"
    assert failed.payload["errorType"] == "Runtime.ExitError"
    request_id = failed.payload["errorMessage"].split()[1]
    assert failed.payload["errorMessage"] == f"RequestId: {request_id} Error: {reason}"
    assert f"printed\nRequestId: {request_id} Error: {reason}\nRuntime.ExitError\n" in failed.log
    assert functions.invoke(name, 0).payload == "alive"


INITS = [
    ("import nothing_of_that_name", "Runtime.ImportModuleError", "Unable to import module 'app'"),
    ("def handler(:", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
    ("other = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
    ("raise KeyError('at import')", "KeyError", "'at import'"),
    ("import sys; sys.exit(0)", "Runtime.ExitError", "Runtime exited without providing a reason"),
]


@pytest.mark.parametrize(("source", "kind", "text"), INITS)
def test_a_module_that_cannot_be_used_until_it_is_mended(
    functions: LambdaFunctions, source: str, kind: str, text: str
) -> None:
    name = functions.create(f"print('importing')\n{source}\n")
    for failed in (functions.invoke(name), functions.invoke(name)):
        assert (failed.status, failed.error) == (200, "Unhandled")
        assert failed.payload["errorType"] == kind
        assert text in failed.payload["errorMessage"]
        assert failed.payload.get("requestId", "") == ""
        assert re.search(rf"REPORT .*\tStatus: error\tError Type: {kind}", failed.log)
    messages = [event["message"] for event in functions.logged(name, "^REPORT")]
    assert any(
        re.match(rf"INIT_REPORT .*Phase: init\tStatus: error\tError Type: {kind}", m) for m in messages
    )
    assert any(text in message for message in messages)
    functions.update(name, "def handler(event, context): return 'mended'")
    mended = functions.invoke(name)
    assert (mended.error, mended.payload) == (None, "mended")


@pytest.mark.parametrize("where", ["in the handler's process", "in a process that it started"])
def test_more_memory_than_the_function_has(functions: LambdaFunctions, where: str) -> None:
    name = functions.create("""
        import subprocess, sys, threading
        GREEDY = "import threading; held = bytearray(400 << 20); threading.Event().wait()"
        def handler(event, context):
            if event == "in the handler's process":
                exec(GREEDY)
            elif event:
                subprocess.run([sys.executable, "-c", GREEDY])
            return "alive"
    """)
    failed = functions.invoke(name, where)
    assert failed.payload["errorType"] == "Runtime.ExitError"
    assert failed.payload["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert "Memory Size: 128 MB\tMax Memory Used: 128 MB" in failed.log
    assert functions.invoke(name).payload == "alive"


def test_an_init_that_takes_too_long_is_tried_again_in_the_invocation(
    functions: LambdaFunctions, slow_to_import: str
) -> None:
    answer = functions.invoke(slow_to_import)
    assert answer.payload == "second import"
    assert "Init Duration" not in answer.log
    functions.logged(
        slow_to_import, r"^INIT_REPORT Init Duration: 1\d{4}\.\d\d ms\tPhase: init\tStatus: timeout"
    )
