"""Requests as a well-behaved client sends them: what the mutations start from."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlencode

from tests.fuzz.wire import Request, credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

type Encoding = Literal["json", "form"]

ACCOUNT = "410000000001"
REGION = "us-east-1"
UUID = "11111111-2222-3333-4444-555555555555"
HANDLER = "def handler(event, context):\n    return None\n"

# How the query protocol writes the members of an SQS request that are lists or maps.
LISTS = {
    "AttributeNames": "AttributeName",
    "MessageAttributeNames": "MessageAttributeName",
    "MessageSystemAttributeNames": "MessageSystemAttributeName",
    "AWSAccountIds": "AWSAccountId",
    "Actions": "ActionName",
    "TagKeys": "TagKey",
}
MAPS = {
    "Attributes": ("Attribute", "Name"),
    "Tags": ("Tag", "Key"),
    "MessageAttributes": ("MessageAttribute", "Name"),
    "MessageSystemAttributes": ("MessageSystemAttribute", "Name"),
}


@dataclass(frozen=True)
class Call:
    """A call of an API, before it is written as a request.

    Attributes:
        name: Action or route.
        service: `sqs`, `lambda` or `control`.
        method: HTTP method.
        path: Without query.
        query: Parameters in the query string.
        document: The parameters; None for a request without a body.
        encoding: How the document is written.
    """

    name: str
    service: str
    method: str = "POST"
    path: str = "/"
    query: dict[str, Any] = field(default_factory=dict)
    document: dict[str, Any] | None = None
    encoding: Encoding = "json"

    def request(self) -> Request:
        """The request."""
        query = urlencode({name: _text(value) for name, value in self.query.items()}, errors="surrogatepass")
        target = quote(self.path, safe="/:%$", errors="surrogatepass") + (f"?{query}" if query else "")
        headers: dict[str, str] = {}
        if self.service != "control":
            headers |= credentials(self.service, ACCOUNT)
        body = b""
        if self.document is not None and self.encoding == "form":
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
            pairs = [("Action", self.name), ("Version", "2012-11-05"), *flattened(self.name, self.document)]
            body = urlencode(pairs, errors="surrogatepass").encode()
        elif self.document is not None:
            body = json.dumps(self.document).encode()
            headers["Content-Type"] = "application/json"
            if self.service == "sqs":
                headers |= {
                    "Content-Type": "application/x-amz-json-1.0",
                    "X-Amz-Target": f"AmazonSQS.{self.name}",
                }
        return Request(self.method, target, tuple(headers.items()), body)


def flattened(action: str, document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """An SQS request's members as the query protocol writes them; also where they have wrong types."""
    for name, value in document.items():
        entry = name
        if name == "Entries":
            entry = f"{action}RequestEntry"
        elif name in LISTS:
            entry = LISTS[name]
        elif name in MAPS and isinstance(value, dict):
            prefix, key = MAPS[name]
            yield from _map(prefix, key, value)
            continue
        yield from _member(entry, value)


def _map(prefix: str, key: str, value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for number, (name, item) in enumerate(value.items(), 1):
        yield f"{prefix}.{number}.{key}", name
        yield from _member(f"{prefix}.{number}.Value", item)


def _member(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for number, item in enumerate(value, 1):
            yield from _member(f"{name}.{number}", item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in MAPS and isinstance(item, dict):
                prefix, label = MAPS[key]
                yield from _map(f"{name}.{prefix}", label, item)
            else:
                yield from _member(f"{name}.{key}", item)
    else:
        yield name, _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def code() -> str:
    """A deployment package, in base64 as the API takes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", HANDLER)
    return base64.b64encode(buffer.getvalue()).decode()


def sqs_calls(queue: str, fifo: str, doomed: str, handle: str, task: str) -> list[Call]:
    """One call of each action of SQS, in both protocols.

    Args:
        queue: A queue's URL.
        fifo: That of a FIFO queue.
        doomed: That of a queue which may be emptied and deleted.
        handle: A receipt handle of `queue`'s.
        task: The handle of a message move task.
    """
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue.rpartition('/')[2]}"
    text = {"StringValue": "six", "DataType": "String"}
    binary = {"BinaryValue": base64.b64encode(b"six").decode(), "DataType": "Binary.small"}
    message = {
        "MessageBody": "hello",
        "DelaySeconds": 1,
        "MessageAttributes": {
            "word": text,
            "bytes": binary,
            "count": {"StringValue": "6", "DataType": "Number"},
        },
        "MessageSystemAttributes": {"AWSTraceHeader": {"StringValue": "Root=1", "DataType": "String"}},
    }
    in_group = {"MessageBody": "hello", "MessageGroupId": "group", "MessageDeduplicationId": "once"}
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    url = {"QueueUrl": queue}
    documents: list[tuple[str, dict[str, Any]]] = [
        ("CreateQueue", {"QueueName": "made", "Attributes": {"VisibilityTimeout": "30"}, "tags": {"a": "b"}}),
        ("CreateQueue", {"QueueName": "made.fifo", "Attributes": {"FifoQueue": "true", "DelaySeconds": "0"}}),
        ("DeleteQueue", {"QueueUrl": doomed}),
        ("PurgeQueue", {"QueueUrl": doomed}),
        ("GetQueueUrl", {"QueueName": queue.rpartition("/")[2], "QueueOwnerAWSAccountId": ACCOUNT}),
        ("ListQueues", {"QueueNamePrefix": "f", "MaxResults": 5, "NextToken": ""}),
        ("GetQueueAttributes", {**url, "AttributeNames": ["All"]}),
        ("SetQueueAttributes", {**url, "Attributes": {"VisibilityTimeout": "30", "RedrivePolicy": policy}}),
        (
            "SetQueueAttributes",
            {**url, "Attributes": {"RedrivePolicy": "", "DelaySeconds": "0", "Policy": ""}},
        ),
        ("SendMessage", {**url, **message}),
        ("SendMessage", {"QueueUrl": fifo, **in_group}),
        (
            "SendMessageBatch",
            {**url, "Entries": [{"Id": "one", **message}, {"Id": "two", "MessageBody": "hi"}]},
        ),
        ("SendMessageBatch", {"QueueUrl": fifo, "Entries": [{"Id": "one", **in_group}]}),
        ("ReceiveMessage", _receive(queue)),
        ("ReceiveMessage", {**_receive(fifo), "ReceiveRequestAttemptId": "again"}),
        ("DeleteMessage", {**url, "ReceiptHandle": handle}),
        ("DeleteMessageBatch", {**url, "Entries": [{"Id": "one", "ReceiptHandle": handle}]}),
        ("ChangeMessageVisibility", {**url, "ReceiptHandle": handle, "VisibilityTimeout": 1}),
        (
            "ChangeMessageVisibilityBatch",
            {**url, "Entries": [{"Id": "one", "ReceiptHandle": handle, "VisibilityTimeout": 1}]},
        ),
        ("TagQueue", {**url, "Tags": {"a": "b"}}),
        ("UntagQueue", {**url, "TagKeys": ["a"]}),
        ("ListQueueTags", url),
        ("AddPermission", {**url, "Label": "l", "AWSAccountIds": [ACCOUNT], "Actions": ["SendMessage"]}),
        ("RemovePermission", {**url, "Label": "l"}),
        ("ListDeadLetterSourceQueues", {**url, "MaxResults": 5}),
        ("StartMessageMoveTask", {"SourceArn": arn, "MaxNumberOfMessagesPerSecond": 5}),
        ("ListMessageMoveTasks", {"SourceArn": arn, "MaxResults": 1}),
        ("CancelMessageMoveTask", {"TaskHandle": task}),
    ]
    return [
        call
        for name, document in documents
        for call in (
            Call(name, "sqs", document=document),
            Call(name, "sqs", document=document, encoding="form"),
        )
    ]


def _receive(url: str) -> dict[str, Any]:
    return {
        "QueueUrl": url,
        "MaxNumberOfMessages": 1,
        "VisibilityTimeout": 1,
        "WaitTimeSeconds": 0,
        "AttributeNames": ["All"],
        "MessageSystemAttributeNames": ["All"],
        "MessageAttributeNames": ["word", "b.*"],
    }


def lambda_calls(function: str, mapping: str, queue: str) -> list[Call]:
    """Calls of Lambda's functions and event source mappings.

    Args:
        function: A function's name.
        mapping: A mapping's UUID.
        queue: The URL of a queue that is not mapped.
    """
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue.rpartition('/')[2]}"
    mappings, functions = "/2015-03-31/event-source-mappings", "/2015-03-31/functions"
    settings = {
        "BatchSize": 5,
        "MaximumBatchingWindowInSeconds": 0,
        "Enabled": False,
        "FilterCriteria": {"Filters": [{"Pattern": '{"body":{"a":[{"numeric":[">",1]}]}}'}]},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 2},
    }
    pollers = {"ProvisionedPollerConfig": {"MinimumPollers": 2, "MaximumPollers": 4}}
    configuration = {
        "Role": f"arn:aws:iam::{ACCOUNT}:role/any",
        "Handler": "app.handler",
        "Timeout": 3,
        "MemorySize": 128,
        "Environment": {"Variables": {"A": "b"}},
        "Description": "",
        "DeadLetterConfig": {"TargetArn": arn},
        "TracingConfig": {"Mode": "PassThrough"},
        "EphemeralStorage": {"Size": 512},
        "Runtime": "python3.9",
    }
    made = {
        "FunctionName": "made",
        **configuration,
        "Code": {"ZipFile": code()},
        "Publish": False,
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "Tags": {"a": "b"},
    }
    source = {"EventSourceArn": arn, "FunctionName": function}
    one = f"{functions}/{function}"
    calls: list[tuple[str, str, str, dict[str, Any], dict[str, Any] | None]] = [
        ("CreateEventSourceMapping", "POST", mappings, {}, {**source, **settings, "Tags": {"a": "b"}}),
        ("CreateEventSourceMapping", "POST", mappings, {}, {**source, "Enabled": False, **pollers}),
        (
            "UpdateEventSourceMapping",
            "PUT",
            f"{mappings}/{mapping}",
            {},
            {"FunctionName": function, **settings},
        ),
        ("GetEventSourceMapping", "GET", f"{mappings}/{mapping}", {}, None),
        ("DeleteEventSourceMapping", "DELETE", f"{mappings}/{UUID}", {}, None),
        ("ListEventSourceMappings", "GET", mappings, {"FunctionName": function, "MaxItems": 5}, None),
        ("CreateFunction", "POST", functions, {}, made),
        ("GetFunction", "GET", one, {"Qualifier": "$LATEST"}, None),
        ("GetFunctionConfiguration", "GET", f"{one}/configuration", {}, None),
        ("UpdateFunctionConfiguration", "PUT", f"{one}/configuration", {}, configuration),
        ("UpdateFunctionCode", "PUT", f"{one}/code", {}, {"ZipFile": code(), "DryRun": True}),
        ("ListFunctions", "GET", f"{functions}/", {"MaxItems": 5, "FunctionVersion": "ALL"}, None),
        ("DeleteFunction", "DELETE", f"{functions}/made", {}, None),
        ("Invoke", "POST", f"{functions}/missing/invocations", {"Qualifier": "1"}, {"any": "event"}),
        (
            "PutFunctionConcurrency",
            "PUT",
            f"/2017-10-31/functions/{function}/concurrency",
            {},
            {"ReservedConcurrentExecutions": 5},
        ),
        ("GetFunctionConcurrency", "GET", f"/2019-09-30/functions/{function}/concurrency", {}, None),
        ("ListVersionsByFunction", "GET", f"{one}/versions", {"MaxItems": 5}, None),
        ("CreateAlias", "POST", f"{one}/aliases", {}, {"Name": "alias", "FunctionVersion": "$LATEST"}),
        (
            "AddPermission",
            "POST",
            f"{one}/policy",
            {},
            {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "sqs.amazonaws.com"},
        ),
        (
            "TagResource",
            "POST",
            f"/2017-03-31/tags/arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}",
            {},
            {"Tags": {"a": "b"}},
        ),
        ("GetAccountSettings", "GET", "/2016-08-19/account-settings/", {}, None),
    ]
    return [
        Call(name, "lambda", method=method, path=path, query=query, document=document)
        for name, method, path, query, document in calls
    ]


def control_calls(function: str) -> list[Call]:
    """The control API's routes."""
    account = {"account": ACCOUNT}
    routes: list[tuple[str, str, dict[str, Any], dict[str, Any] | None]] = [
        ("GET", "health", {}, None),
        ("GET", "clock", account, None),
        ("POST", "clock", {}, {**account, "action": "advance", "seconds": 1}),
        ("POST", "clock", {}, {**account, "action": "next", "seconds": 1}),
        ("POST", "clock", {}, {**account, "action": "freeze"}),
        ("POST", "clock", {}, {**account, "action": "resume"}),
        ("GET", "virtual-time", account, None),
        ("POST", "virtual-time", {}, {**account, "functions": []}),
        ("POST", "settle", {}, {**account, "timeout": 1}),
        ("POST", "reset", {}, {"account": "410000000002"}),
        ("GET", "environments", account, None),
        ("GET", "debug", account, None),
        ("POST", "debug", {}, {**account, "function": f"{function}-missing", "port": 0, "wait": False}),
        ("DELETE", "debug", {**account, "function": function}, None),
        ("GET", "ledger", {**account, "after": 0, "queue": "q", "message": "m"}, None),
        ("GET", "faults", account, None),
        (
            "POST",
            "faults",
            {},
            {"account": "410000000002", "kind": "crash", "nth_invoke": 1, "when": "after"},
        ),
        ("POST", "faults", {}, {"account": "410000000002", "kind": "latency", "seconds": 1, "always": True}),
        ("DELETE", "faults", {"account": "410000000002"}, None),
        ("GET", "nothing/of/the/kind", account, None),
    ]
    return [
        Call(
            f"{method} {route}",
            "control",
            method=method,
            path=f"/_harness/{route}",
            query=query,
            document=document,
        )
        for method, route, query, document in routes
    ]
