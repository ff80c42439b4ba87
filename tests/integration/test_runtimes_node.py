"""Functions on Node.js, as Lambda runs them."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.lambda_functions import LambdaFunctions
from tests.support.mapped import new_account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Emulator

pytestmark = pytest.mark.only_on("embedded")

ECHO = """
exports.handler = async (event, context) => (
    { event, id: context.awsRequestId, left: context.getRemainingTimeInMillis() }
);
"""
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.fixture
def functions(emulator: Emulator) -> Iterator[LambdaFunctions]:
    with LambdaFunctions(emulator.client, new_account(), "nodejs20.x") as made:
        yield made


def code(**files: str) -> dict[str, Any]:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return {"Code": {"ZipFile": stream.getvalue()}}


@pytest.mark.parametrize("runtime", ["nodejs20.x", "nodejs22.x", "nodejs24.x"])
def test_an_async_handler_answers(functions: LambdaFunctions, runtime: str) -> None:
    name = functions.create("", Runtime=runtime, **code(app__js=ECHO))
    answer = functions.invoke(name, {"a": [1, "é"]})
    assert answer.payload["event"] == {"a": [1, "é"]}
    assert f"RequestId: {answer.payload['id']}" in answer.log
    assert 0 < answer.payload["left"] <= 3000


OBJECT = """
const made = {};
made.handler = async () => { await new Promise((resolve) => setTimeout(resolve, 5)); return 'module'; };
module.exports = made;
"""
LATE = "exports.handler = (event, context, done) => { setTimeout(() => done(null, 'module'), 5); };"


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("app__mjs", "export const handler = async () => 'module';"),
        ("app__cjs", "module.exports = { handler: (event, context, done) => done(null, 'module') };"),
        ("app__js", LATE),
        ("app__js", "exports.handler = (event, context) => context.succeed('module');"),
        ("app__js", OBJECT),
    ],
    ids=["module", "callback", "late callback", "succeed", "async"],
)
def test_each_form_of_a_handler(functions: LambdaFunctions, file: str, source: str) -> None:
    assert functions.invoke(functions.create("", **code(**{file: source}))).payload == "module"


def test_a_handler_that_answers_nothing_gives_null(functions: LambdaFunctions) -> None:
    name = functions.create("", **code(app__js="exports.handler = () => {};"))
    assert functions.invoke(name).payload is None
    assert functions.invoke(name).payload is None


def test_an_environment_is_used_again(functions: LambdaFunctions) -> None:
    name = functions.create("", **code(app__js="let n = 0; exports.handler = async () => ++n;"))
    assert [functions.invoke(name).payload for _ in range(3)] == [1, 2, 3]


UNCAUGHT = """
exports.handler = async () => {
    setTimeout(() => { throw new Error('late'); });
    await new Promise(() => {});
};
"""


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("exports.handler = async () => { throw new TypeError('no'); };", "TypeError", "no"),
        ("exports.handler = (event, context, done) => done(new Error('no'));", "Error", "no"),
        ("exports.handler = async () => { throw 'text'; };", "string", "text"),
        ("exports.a = 1;", "Runtime.HandlerNotFound", "app.handler is undefined or not exported"),
        ("exports.handler = (;", "Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected token ';'"),
        ("require('missing');", "Runtime.ImportModuleError", "Error: Cannot find module 'missing'"),
        (UNCAUGHT, "Error", "late"),
    ],
    ids=["throws", "callback", "text", "no handler", "syntax", "import", "late"],
)
def test_errors_have_lambdas_shapes(functions: LambdaFunctions, source: str, kind: str, message: str) -> None:
    answer = functions.invoke(functions.create("", **code(app__js=source)))
    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == kind
    assert answer.payload["errorMessage"].splitlines()[0] == message


def test_the_code_lies_in_var_task(functions: LambdaFunctions) -> None:
    name = functions.create("", **code(app__js="exports.handler = () => { throw Error(); };"))
    answer = functions.invoke(name)
    assert "exports.handler (/var/task/app.js:1:" in answer.payload["trace"][1]
    assert "/var/task/app.js" in answer.log


def test_console_writes_an_event_for_each_call(functions: LambdaFunctions) -> None:
    source = """
exports.handler = async () => { console.log('a %d\\nb', 1); console.error({ x: 1 }); console.debug('d'); };
"""
    name = functions.create("", **code(app__js=source))
    functions.invoke(name)
    told = [event["message"] for event in functions.logged(name, "REPORT")]
    own = [text for text in told if re.match(STAMP, text)]
    assert [re.sub(rf"^{STAMP}\t[0-9a-f-]{{36}}\t", "", text).rstrip("\n") for text in own] == [
        "INFO\ta 1\nb",
        "ERROR\t{ x: 1 }",
        "DEBUG\td",
    ]


def test_logs_in_json_have_levels(functions: LambdaFunctions) -> None:
    source = """
exports.handler = async () => {
    console.info('low'); console.warn({ x: 1 }); console.error(new Error('bad'));
};
"""
    logging = {"LogFormat": "JSON", "ApplicationLogLevel": "WARN", "SystemLogLevel": "INFO"}
    name = functions.create("", LoggingConfig=logging, **code(app__js=source))
    functions.invoke(name)
    told = [event["message"] for event in functions.logged(name, "bad")]
    own = [json.loads(text) for text in told if text.startswith("{")]
    assert (own[0]["level"], own[0]["message"]) == ("WARN", {"x": 1})
    assert (own[1]["errorType"], own[1]["errorMessage"]) == ("Error", "bad")
    assert len(own) == 2


@pytest.mark.parametrize(
    ("file", "load"),
    [
        ("app__js", "const { SQSClient, ListQueuesCommand } = require('@aws-sdk/client-sqs');"),
        ("app__mjs", "import { SQSClient, ListQueuesCommand } from '@aws-sdk/client-sqs';"),
    ],
    ids=["require", "import"],
)
def test_the_sdk_is_at_hand_and_reaches_the_emulator(
    functions: LambdaFunctions, emulator: Emulator, file: str, load: str
) -> None:
    emulator.client("sqs", functions.account).create_queue(QueueName="seen")
    export = "export const handler =" if file == "app__mjs" else "exports.handler ="
    source = (
        f"{load} {export} async () => (await new SQSClient().send(new ListQueuesCommand({{}}))).QueueUrls;"
    )
    (url,) = functions.invoke(functions.create("", Timeout=20, **code(**{file: source}))).payload
    assert url.endswith(f"/{functions.account}/seen")


def test_a_timeout_ends_the_process(functions: LambdaFunctions) -> None:
    source = "exports.handler = async (e) => { if (e.hang) for (;;) {} return process.pid; };"
    name = functions.create("", Timeout=1, **code(app__js=source))
    first = functions.invoke(name, {}).payload
    answer = functions.invoke(name, {"hang": True})
    assert "Task timed out after 1.00 seconds" in answer.payload["errorMessage"]
    assert functions.invoke(name, {}).payload != first


def test_aws_is_not_reached(functions: LambdaFunctions) -> None:
    source = """
const https = require('https');
exports.handler = () => new Promise((resolve, reject) => {
    https.get('https://sqs.us-east-1.amazonaws.com/', resolve).on('error', reject);
});
"""
    answer = functions.invoke(functions.create("", **code(app__js=source)))
    assert answer.error == "Unhandled"
    assert "a function that runs locally never reaches AWS" in answer.payload["errorMessage"]
