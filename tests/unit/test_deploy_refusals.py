from __future__ import annotations

import io
import json
from typing import Any

import pytest

from harness.model.progress import Progress, Step
from harness.terraform._exchange import Exchange
from harness.terraform.apply_watch import ApplyWatch
from harness.terraform.diagnostics import Diagnostics
from harness.terraform.references import Graph
from harness.terraform.refusals import kind_of, read_refusal

NO_RIGHTS = "The provided execution role does not have permissions to call ReceiveMessage on SQS"
MAPPING = {"event_source_arn": "${aws_sqs_queue.Q.arn}", "function_name": "${aws_lambda_function.F.arn}"}
DOCUMENT: dict[str, Any] = {
    "resource": {
        "aws_sqs_queue": {"Q": {"name": "orders"}},
        "aws_lambda_function": {"F": {"function_name": "worker", "role": "${aws_iam_role.R.arn}"}},
        "aws_lambda_event_source_mapping": {"M": MAPPING, "Other": {"function_name": "other"}},
        "aws_iam_role": {"R": {"name": "r"}},
        "aws_iam_role_policy": {
            "Before": {"role": "${aws_iam_role.R.name}"},
            "After": {"role": "x", "policy": "${local.arn}"},
        },
    },
    "locals": {"arn": "${aws_lambda_event_source_mapping.M.arn}"},
}


def answered(status: str, body: str, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def test_an_exchange_reports_a_refusal_once_and_whole() -> None:
    exchange = Exchange()
    exchange.asked(b"POST /a HTTP/1.1\r\nHost: x\r\n\r\n" + b"a" * 20_000)
    exchange.asked(b"b" * 20_000 + b"the end")
    assert exchange.answered(b"HTTP/1.1 100 Continue\r\n\r\n") is None
    whole = answered("400 Bad Request", '{"message": "no"}')
    assert exchange.answered(whole[:30]) is None
    refusal = exchange.answered(whole[30:])
    assert refusal is not None
    assert str(refusal["request"]).startswith("POST /a HTTP/1.1")
    assert str(refusal["request"]).endswith("the end")
    assert refusal["body"] == '{"message": "no"}'
    exchange.asked(b"GET /b HTTP/1.1\r\n\r\n")
    assert exchange.answered(answered("200 OK", "fine")) is None
    exchange.asked(b"GET /c HTTP/1.1\r\n\r\n")
    again = exchange.answered(answered("404 Not Found", ""))
    assert again is not None
    assert str(again["request"]).startswith("GET /c")


def exchange_of(request: str, sent: str, answer: str, body: str) -> dict[str, Any]:
    return {"asked_at": 5.0, "request": f"{request}\r\n\r\n{sent}", "answer": answer, "body": body}


REST = exchange_of(
    "POST /2015-03-31/event-source-mappings HTTP/1.1\r\nHost: x",
    '{"EventSourceArn":"arn:aws:sqs:us-east-1:000000000000:orders","FunctionName":"worker"}',
    "HTTP/1.1 400 Bad Request\r\nX-Amzn-ErrorType: InvalidParameterValueException",
    json.dumps({"Type": "User", "message": NO_RIGHTS}),
)


@pytest.mark.parametrize(
    ("exchange", "operation", "code", "message"),
    [
        (REST, "CreateEventSourceMapping", "InvalidParameterValueException", NO_RIGHTS),
        (
            exchange_of(
                "POST / HTTP/1.1\r\nX-Amz-Target: AmazonSQS.SetQueueAttributes",
                "{}",
                "HTTP/1.1 400 Bad Request",
                '{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "gone"}',
            ),
            *("SetQueueAttributes", "QueueDoesNotExist", "gone"),
        ),
        (
            exchange_of(
                "POST / HTTP/1.1",
                "Action=PutRolePolicy&RoleName=r&Version=2010-05-08",
                "HTTP/1.1 404 Not Found",
                "<R><Error><Code>NoSuchEntity</Code><Message>no r</Message></Error></R>",
            ),
            *("PutRolePolicy", "NoSuchEntity", "no r"),
        ),
        (
            exchange_of("POST /2015-03-31/functions/f/policy HTTP/1.1", "{}", "HTTP/1.1 404", "not json"),
            *("AddPermission", "", ""),
        ),
    ],
    ids=["rest", "json", "query", "anything"],
)
def test_operation_and_error_are_read(
    exchange: dict[str, Any], operation: str, code: str, message: str
) -> None:
    refusal = read_refusal(exchange)
    assert (refusal.operation, refusal.code, refusal.message) == (operation, code, message)
    assert refusal.changes_something


def test_lookups_and_deletions_change_nothing() -> None:
    for path in ("GET /2015-03-31/functions/f HTTP/1.1", "DELETE /2015-03-31/functions/f HTTP/1.1"):
        assert not read_refusal(exchange_of(path, "", "HTTP/1.1 404", "{}")).changes_something


class Watched:
    """A watch that gets events without a Terraform."""

    def __init__(self) -> None:
        self.step = Step("terraform apply")
        self.stream = io.StringIO()
        self.watch = ApplyWatch(DOCUMENT, Progress(self.stream), self.step)

    def say(self, kind: str, address: str, action: str = "create", **more: Any) -> None:
        part = {"resource": {"addr": address}, "action": action, **more}
        self.watch.wrote(json.dumps({"type": kind, "change": part, "hook": part}))

    def plan(self, *addresses: str) -> None:
        for address in addresses:
            self.say("planned_change", address)
        self.watch.wrote(json.dumps({"type": "change_summary", "changes": {"operation": "plan"}}))


MAPPED = "aws_lambda_event_source_mapping.M"


def test_a_refusal_is_final_when_nothing_planned_can_change_it() -> None:
    watched = Watched()
    watched.plan(MAPPED, "aws_iam_role_policy.After", "aws_sqs_queue.Q")
    watched.say("apply_start", MAPPED)
    assert watched.step.doing == f"{MAPPED} (0 of 3 done)"
    assert watched.watch.refused(REST)
    error = watched.watch.failure()
    assert error is not None
    assert error.message.startswith(f"{MAPPED}: CreateEventSourceMapping was refused")
    assert "aws_iam_role.R" in str(error.hint)


def test_a_refusal_is_not_final_while_a_policy_is_still_to_come() -> None:
    watched = Watched()
    watched.plan(MAPPED, "aws_iam_role_policy.Before")
    watched.say("apply_start", MAPPED)
    assert not watched.watch.refused(REST)
    watched.say("apply_complete", "aws_iam_role_policy.Before")
    assert not watched.watch.refused(REST)  # it was asked for before the policy was there
    assert watched.watch.refused({**REST, "asked_at": float("inf")})


def test_what_waits_for_a_failed_resource_cannot_change_a_refusal() -> None:
    watched = Watched()
    watched.plan(MAPPED, "aws_iam_role.R", "aws_iam_role_policy.Before")
    watched.say("apply_start", MAPPED)
    assert not watched.watch.refused(REST)
    watched.say("apply_start", "aws_iam_role.R")
    watched.say("apply_errored", "aws_iam_role.R")
    assert watched.watch.refused(REST)


def test_an_unknown_refusal_is_final_the_second_time() -> None:
    watched = Watched()
    watched.plan("aws_sqs_queue.Q")
    watched.say("apply_start", "aws_sqs_queue.Q")
    unknown = {**REST, "body": '{"message": "no such thing"}'}
    unknown["request"] = "POST / HTTP/1.1\r\nX-Amz-Target: AmazonSQS.SetQueueAttributes\r\n\r\n{}"
    assert kind_of(read_refusal(unknown)) is None
    assert not watched.watch.refused(unknown)
    assert watched.watch.refused(unknown)


def test_a_refusal_before_the_apply_is_terraforms_own_matter() -> None:
    watched = Watched()
    assert not watched.watch.refused(REST)
    watched.plan(MAPPED)
    assert not watched.watch.refused(REST)


def test_a_refusal_counts_whether_it_is_known_before_its_resource_is_said_to_begin_or_after_it_failed() -> (
    None
):
    early, late = Watched(), Watched()
    for watched in (early, late):
        watched.plan(MAPPED)
    assert not early.watch.refused(REST)
    early.say("apply_start", MAPPED)
    late.say("apply_start", MAPPED)
    late.say("apply_errored", MAPPED)
    assert late.watch.refused(REST)
    for watched in (early, late):
        assert str(watched.watch.failure()).startswith(f"{MAPPED}: CreateEventSourceMapping was refused")


def test_the_resource_is_found_by_the_names_in_the_request() -> None:
    watched = Watched()
    watched.plan(MAPPED, "aws_lambda_event_source_mapping.Other")
    watched.say("apply_start", "aws_lambda_event_source_mapping.Other")
    watched.say("apply_start", MAPPED)
    assert watched.watch.refused(REST)
    assert str(watched.watch.failure()).startswith(f"{MAPPED}:")


def test_what_takes_long_says_what_it_waits_for() -> None:
    watched = Watched()
    watched.plan(MAPPED, "aws_sqs_queue.Q", "aws_iam_role_policy.Before")
    watched.say("apply_start", "aws_sqs_queue.Q")
    watched.say("apply_progress", "aws_sqs_queue.Q", elapsed_seconds=10)
    watched.say("apply_start", MAPPED)
    watched.watch.refused(REST)
    watched.say("apply_progress", MAPPED, elapsed_seconds=20)
    assert watched.stream.getvalue().splitlines() == [
        (
            "    still creating, 10 s: aws_sqs_queue.Q: "
            "the provider reads a queue's attributes for 25 s after a change"
        ),
        (
            f"    still creating, 20 s: {MAPPED} "
            f"was refused ({NO_RIGHTS}) and waits for aws_iam_role_policy.Before"
        ),
    ]


def test_errors_are_those_of_the_json_stream() -> None:
    diagnostic = {
        "severity": "error",
        "summary": "creating queue",
        "address": "aws_sqs_queue.Q",
        "detail": "no",
    }
    lines = [
        json.dumps({"type": "diagnostic", "diagnostic": diagnostic}),
        json.dumps({"type": "diagnostic", "diagnostic": {"severity": "warning", "summary": "careful"}}),
        "Terraform crashed",
    ]
    assert str(Diagnostics.of("\n".join(lines))) == "Error: creating queue\n\n  with aws_sqs_queue.Q\n\nno"
    assert str(Diagnostics.of(lines[2])) == lines[2]


def test_references_are_followed_through_locals() -> None:
    graph = Graph(DOCUMENT)
    assert graph.needs("aws_iam_role_policy.After", {MAPPED})
    assert graph.needs(MAPPED, {"aws_iam_role.R"})
    assert not graph.needs("aws_iam_role_policy.Before", {MAPPED})
    assert graph.type_of('module.a.aws_sqs_queue.Q["x"]') == "aws_sqs_queue"
