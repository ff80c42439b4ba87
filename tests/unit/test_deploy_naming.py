"""Names of a deployment's own, where its account is shared."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.model.errors import StackError
from harness.terraform.naming import NAMED, prefixed

PREFIX = "hx3f9a1c-"
NAMES = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_-]{0,39}", fullmatch=True)
TYPES = st.sampled_from(sorted(set(NAMED) - {"aws_cloudwatch_log_group", "aws_ssm_parameter"}))
ELSEWHERE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=5,
)


def document(**resources: dict[str, Any]) -> dict[str, Any]:
    """Resources by type, each of them called `it`, or by the name given."""
    return {"resource": {kind: {"it": block} for kind, block in resources.items()}}


def renamed(kind: str, block: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = prefixed(document(**{kind: block}), PREFIX)["resource"][kind]["it"]
    return result


@given(TYPES, NAMES)
def test_each_name_begins_with_the_prefix_and_nothing_else_is_changed(kind: str, name: str) -> None:
    named = NAMED[kind]
    if len(PREFIX + name) > named.longest:
        return
    block = {named.attribute: name, "description": f"about {name}", "number": 5}
    assert renamed(kind, block) == {**block, named.attribute: PREFIX + name}


@given(TYPES, ELSEWHERE)
def test_text_that_holds_no_name_of_the_stack_stays(kind: str, value: Any) -> None:
    made = document(**{kind: {NAMED[kind].attribute: "named-by-the-stack"}})
    given = {**made, "output": {"x": {"value": value}}, "data": {"some_type": {"one": {"some": value}}}}
    result = prefixed(given, PREFIX)
    assert {**result, "resource": None} == {**given, "resource": None}


@given(st.lists(NAMES, min_size=1, max_size=5, unique=True), NAMES)
def test_two_prefixes_never_meet(names: list[str], function: str) -> None:
    given = {
        "resource": {
            "aws_sqs_queue": {f"q{n}": {"name": name} for n, name in enumerate(names)},
            "aws_lambda_function": {"f": {"function_name": function}},
        }
    }
    before = copy.deepcopy(given)

    def named(prefix: str) -> set[str]:
        made = prefixed(given, prefix)["resource"]
        return {q["name"] for q in made["aws_sqs_queue"].values()} | {
            made["aws_lambda_function"]["f"]["function_name"]
        }

    assert named("hx000001-").isdisjoint(named("hx000002-"))
    assert len(named("hx000001-")) == len({*names, function})
    assert given == before


@given(NAMES)
def test_arns_urls_and_paths_follow_each_name(name: str) -> None:
    arn = "arn:aws:sqs:us-east-1:123456789012:"
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/"
    made = prefixed(
        {
            **document(aws_sqs_queue={"name": name}),
            "output": {
                "arn": {"value": arn + name},
                "url": {"value": url + name},
                "policy": {"value": json.dumps({"Resource": [arn + name, arn + name + "x"]})},
            },
        },
        PREFIX,
    )["output"]
    assert made["arn"]["value"] == arn + PREFIX + name
    assert made["url"]["value"] == url + PREFIX + name
    assert json.loads(made["policy"]["value"]) == {"Resource": [arn + PREFIX + name, arn + name + "x"]}


def test_no_prefix_changes_nothing() -> None:
    given = document(aws_sqs_queue={"name": "q"})
    assert prefixed(given, "") is given


def test_a_fifo_queue_keeps_its_ending() -> None:
    assert renamed("aws_sqs_queue", {"name": "q.fifo", "fifo_queue": True})["name"] == "hx3f9a1c-q.fifo"


@pytest.mark.parametrize(
    ("kind", "block", "expected"),
    [
        ("aws_sqs_queue", {"name_prefix": "q-"}, {"name_prefix": "hx3f9a1c-q-"}),
        ("aws_sqs_queue", {"name": "${var.stage}-q"}, {"name": "hx3f9a1c-${var.stage}-q"}),
        ("aws_sqs_queue", {}, {}),
        (
            "aws_cloudwatch_log_group",
            {"name": "/aws/lambda/${aws_lambda_function.f.function_name}"},
            {"name": "/aws/lambda/${aws_lambda_function.f.function_name}"},
        ),
        ("aws_cloudwatch_log_group", {"name": "/aws/lambda/x"}, {"name": "/aws/lambda/hx3f9a1c-x"}),
        ("aws_cloudwatch_log_group", {"name": "/app/log"}, {"name": "/hx3f9a1c-app/log"}),
        ("aws_ssm_parameter", {"name": "/app/key"}, {"name": "/hx3f9a1c-app/key"}),
        ("aws_ssm_parameter", {"name": "key"}, {"name": "hx3f9a1c-key"}),
        ("aws_kms_alias", {"name": "alias/key"}, {"name": "alias/hx3f9a1c-key"}),
        ("aws_iam_role_policy", {"name": "inside-a-role"}, {"name": "inside-a-role"}),
    ],
)
def test_names_of_a_kind(kind: str, block: dict[str, Any], expected: dict[str, Any]) -> None:
    assert renamed(kind, block) == expected


CALCULATOR = {
    "aws_sqs_queue": {"name": "calculator-input"},
    "aws_lambda_function": {"function_name": "calculator", "handler": "calculator.handler"},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("calculator", "hx3f9a1c-calculator"),
        ("calculator-input", "hx3f9a1c-calculator-input"),
        ("/aws/lambda/calculator", "/aws/lambda/hx3f9a1c-calculator"),
        (
            "arn:aws:lambda:eu-west-3:1:function:calculator",
            "arn:aws:lambda:eu-west-3:1:function:hx3f9a1c-calculator",
        ),
        (
            "arn:aws:lambda:eu-west-3:1:function:calculator:live",
            "arn:aws:lambda:eu-west-3:1:function:hx3f9a1c-calculator:live",
        ),
        (
            "arn:aws:logs:*:${data.aws_caller_identity.me.id}:log-group:/aws/lambda/calculator:*",
            "arn:aws:logs:*:${data.aws_caller_identity.me.id}:log-group:/aws/lambda/hx3f9a1c-calculator:*",
        ),
        (
            '${jsonencode({"a" = "arn:aws:sqs:*:*:calculator-input", "b" = "b"})}',
            '${jsonencode({"a" = "arn:aws:sqs:*:*:hx3f9a1c-calculator-input", "b" = "b"})}',
        ),
        (
            '${jsonencode({"calculator" = "calculator"})}',
            '${jsonencode({"calculator" = "hx3f9a1c-calculator"})}',
        ),
        ('{"calculator":"calculator-input"}', '{"calculator":"hx3f9a1c-calculator-input"}'),
    ],
)
def test_what_refers_to_a_name_follows_it(text: str, expected: str) -> None:
    given = {**document(**copy.deepcopy(CALCULATOR)), "output": {"x": {"value": text}}}
    assert prefixed(given, PREFIX)["output"]["x"]["value"] == expected


@pytest.mark.parametrize(
    "text",
    [
        "calculators",
        "the calculator",
        "my-calculator",
        "calculator.py",
        "https://example.com/calculator",
        "assets/calculator/code.zip",
        "arn:aws:iam::123456789012:role/LabRole",
        "arn:aws:iam::123456789012:role/calculator",
        "arn:aws:sns:us-east-1:123456789012:calculator",
        "${aws_sqs_queue.calculator.arn}",
        '${aws_sqs_queue.many["calculator"].arn}',
        "lambda:InvokeFunction",
    ],
)
def test_what_does_not_refer_to_a_name_stays(text: str) -> None:
    given = {**document(**copy.deepcopy(CALCULATOR)), "output": {"x": {"value": text}}}
    assert prefixed(given, PREFIX)["output"]["x"]["value"] == text


@pytest.mark.parametrize("name", ["lambda", "aws", "function", "us-east-1"])
def test_a_name_that_is_a_word_of_arns_changes_no_other_part_of_one(name: str) -> None:
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    given = {
        **document(aws_lambda_function={"function_name": name}),
        "output": {"arn": {"value": arn}, "group": {"value": f"/aws/lambda/{name}"}},
    }
    made = prefixed(given, PREFIX)["output"]
    assert made["arn"]["value"] == f"arn:aws:lambda:us-east-1:123456789012:function:{PREFIX}{name}"
    assert made["group"]["value"] == f"/aws/lambda/{PREFIX}{name}"


def test_code_and_filters_are_no_names() -> None:
    block = {
        "function_name": "calculator",
        "handler": "calculator.handler",
        "filename": "assets/calculator/x.zip",
        "runtime": "python3.9",
        "source_code_hash": "calculator",
        "description": "calculator",
    }
    assert renamed("aws_lambda_function", block) == {**block, "function_name": PREFIX + "calculator"}
    mapping = {"filter_criteria": [{"filter": [{"pattern": '{"body":{"calculator":["calculator"]}}'}]}]}
    given = document(**copy.deepcopy(CALCULATOR), aws_lambda_event_source_mapping=mapping)
    assert prefixed(given, PREFIX)["resource"]["aws_lambda_event_source_mapping"]["it"] == mapping


def test_a_log_group_of_a_function_of_the_stack_follows_it() -> None:
    given = document(**copy.deepcopy(CALCULATOR), aws_cloudwatch_log_group={"name": "/aws/lambda/calculator"})
    made = prefixed(given, PREFIX)["resource"]["aws_cloudwatch_log_group"]["it"]
    assert made == {"name": "/aws/lambda/hx3f9a1c-calculator"}


@pytest.mark.parametrize(
    ("kind", "longest"), [("aws_sqs_queue", 80), ("aws_lambda_function", 64), ("aws_iam_role", 64)]
)
def test_awss_limits_hold_with_the_prefix(kind: str, longest: int) -> None:
    attribute = NAMED[kind].attribute
    fits = "n" * (longest - len(PREFIX))
    assert renamed(kind, {attribute: fits})[attribute] == PREFIX + fits
    with pytest.raises(StackError, match=f"{longest + 1} characters; AWS allows {longest}") as caught:
        renamed(kind, {attribute: fits + "n"})
    assert caught.value.hint == "Shorten it by 1 in the stack."
    assert f"{kind}.it" in caught.value.message
    assert re.search(r"prefix that keeps", caught.value.message)
