"""In a function of a conformance test, as the module `report`: `tell(document)` sends to the output queue.

`wait_for_gate()` and `change_visibility(record, seconds)` are for functions that the test gives the queues
GATE and INPUT in their environment.

Signed by hand: importing boto3 takes longer than all else that such a function does.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from typing import Any

OUTPUT = "OUTPUT"
"""The environment variable that holds the output queue's URL."""
GATE = "GATE"
"""The one with the URL of the queue whose messages let an invocation pass."""
INPUT = "INPUT"
"""The one with the URL of the queue whose messages the function gets."""

LONG_POLL_SECONDS = 20


def tell(document: Any) -> None:
    """Send a document to the test."""
    call("SendMessage", QueueUrl=os.environ[OUTPUT], MessageBody=json.dumps(document))


def wait_for_gate() -> None:
    """Return when the test lets this invocation pass."""
    gate = os.environ[GATE]
    while not (found := call("ReceiveMessage", QueueUrl=gate, WaitTimeSeconds=LONG_POLL_SECONDS)):
        pass
    call("DeleteMessage", QueueUrl=gate, ReceiptHandle=found["Messages"][0]["ReceiptHandle"])


def change_visibility(record: dict[str, Any], seconds: int) -> None:
    """Have a record's message come back after so many seconds."""
    call(
        "ChangeMessageVisibility",
        QueueUrl=os.environ[INPUT],
        ReceiptHandle=record["receiptHandle"],
        VisibilityTimeout=seconds,
    )


def call(action: str, **parameters: Any) -> dict[str, Any]:
    """Call SQS; its answer."""
    region = os.environ["AWS_REGION"]
    endpoint = os.environ.get("AWS_ENDPOINT_URL") or f"https://sqs.{region}.amazonaws.com"
    body = json.dumps(parameters).encode()
    headers = {
        "content-type": "application/x-amz-json-1.0",
        "host": urllib.parse.urlsplit(endpoint).netloc,
        "x-amz-date": f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
        "x-amz-target": f"AmazonSQS.{action}",
    }
    if token := os.environ.get("AWS_SESSION_TOKEN"):
        headers["x-amz-security-token"] = token
    headers["authorization"] = _signature(headers, body, region)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(f"{endpoint.rstrip('/')}/", body, headers)  # noqa: S310 - AWS's endpoint
    with opener.open(request, timeout=30) as answer:
        found: dict[str, Any] = json.loads(answer.read() or b"{}")
    return found


def _signature(headers: dict[str, str], body: bytes, region: str) -> str:
    """AWS's signature, version 4."""
    stamp, signed = headers["x-amz-date"], ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = f"POST\n/\n\n{lines}\n{signed}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{stamp[:8]}/{region}/sqs/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = b"AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"].encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"{os.environ['AWS_ACCESS_KEY_ID']}/{scope}"
    return f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed}, Signature={signature}"
