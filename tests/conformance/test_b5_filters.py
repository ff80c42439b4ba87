"""Event source mappings: filters (B-43 to B-48)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.conformance import refused
from tests.support.conformance_batches import ECHO, bodies_of, send, settles_at, told_records

if TYPE_CHECKING:
    from tests.support.conformance_batches import Make

WANTED = {"body": {"kind": ["wanted"]}}

# An operator, what it lets through, and what it does not.
OPERATORS: dict[str, tuple[dict[str, Any], list[Any], list[Any]]] = {
    "equals": ({"a": ["x"]}, [{"a": "x"}], [{"a": "y"}, {"b": "x"}]),
    "or": ({"a": ["x", "y"]}, [{"a": "x"}, {"a": "y"}], [{"a": "z"}]),
    "and": ({"a": ["x"], "b": ["y"]}, [{"a": "x", "b": "y"}], [{"a": "x"}, {"b": "y"}]),
    "exists": ({"a": [{"exists": True}]}, [{"a": "x"}, {"a": 1}], [{"b": "x"}]),
    "prefix": ({"a": [{"prefix": "us-"}]}, [{"a": "us-east-1"}], [{"a": "eu-us-"}]),
    "numeric >": ({"a": [{"numeric": [">", 100]}]}, [{"a": 101}], [{"a": 100}]),
    "numeric <": ({"a": [{"numeric": ["<", 100]}]}, [{"a": 99.5}], [{"a": 100}]),
    "numeric range": (
        {"a": [{"numeric": [">=", 100, "<", 200]}]},
        [{"a": 100}, {"a": 199}],
        [{"a": 99}, {"a": 200}],
    ),
}


def criteria(*patterns: Any) -> dict[str, Any]:
    """FilterCriteria of patterns."""
    return {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}


@pytest.mark.aws("B-43")
def test_what_no_filter_lets_through_is_deleted(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url = queue(VisibilityTimeout=4)
    mapping(url, function(ECHO), FilterCriteria=criteria(WANTED))
    clock.freeze()
    send(sqs, url, '{"kind": "other"}', '{"kind": "wanted"}')
    (records,) = deliveries(1)
    assert bodies_of(records) == ['{"kind": "wanted"}']
    assert settles_at(sqs, url, 0, 0)
    send(sqs, url, '{"kind": "another"}')
    assert settles_at(sqs, url, 0, 0)
    clock.advance(4.1)
    assert deliveries.rest(0) == []


@pytest.mark.aws("B-44")
def test_filters_are_ored_keys_anded_values_ored(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any
) -> None:
    url = queue()
    patterns = criteria({"body": {"kind": ["a", "b"], "size": [1]}}, {"body": {"other": ["x"]}})
    mapping(url, function(ECHO), FilterCriteria=patterns)
    wanted = [{"kind": "a", "size": 1}, {"kind": "b", "size": 1}, {"other": "x"}]
    dropped = [{"kind": "a", "size": 2}, {"kind": "c", "size": 1}, {"kind": "a"}, {"other": "y"}]
    send(sqs, url, *map(json.dumps, [*dropped, *wanted]))
    got = [json.loads(body) for body in bodies_of(told_records(deliveries, len(wanted)))]
    assert sorted(got, key=str) == sorted(wanted, key=str)
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("B-44")
def test_there_are_five_filters_of_4096_characters(
    lambda_: Any, queue: Make, function: Make, mapping: Make, arn: Any
) -> None:
    url, name = queue(), function(ECHO)
    patterns: list[Any] = [{"body": {"n": [n]}} for n in range(6)]
    overhead = len(json.dumps({"body": {"n": [""]}}))
    longest = {"body": {"n": ["x" * (4096 - overhead)]}}
    too_long = {"body": {"n": ["x" * (4097 - overhead)]}}
    for refused_ones in (patterns, [too_long]):
        error = refused(
            lambda_.create_event_source_mapping,
            EventSourceArn=arn(url),
            FunctionName=name,
            FilterCriteria=criteria(*refused_ones),
        )
        assert error.status == 400
    taken = criteria(*patterns[:4], longest)
    uuid = mapping(url, name, Enabled=False, FilterCriteria=taken)
    assert lambda_.get_event_source_mapping(UUID=uuid)["FilterCriteria"] == taken


@pytest.mark.aws("B-45")
@pytest.mark.parametrize("operator", OPERATORS)
def test_an_operator(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, operator: str
) -> None:
    pattern, wanted, dropped = OPERATORS[operator]
    url = queue()
    mapping(url, function(ECHO), FilterCriteria=criteria({"body": pattern}))
    send(sqs, url, *map(json.dumps, [*dropped, *wanted]))
    got = [json.loads(body) for body in bodies_of(told_records(deliveries, len(wanted)))]
    assert sorted(got, key=str) == sorted(wanted, key=str)
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("B-46")
@pytest.mark.parametrize(
    ("pattern", "wanted", "dropped"),
    [
        pytest.param({"body": ["yes"]}, "yes", "no", id="text pattern, text"),
        pytest.param({"body": {"a": [1]}}, '{"a": 1}', '{"a": 2}', id="JSON pattern, JSON"),
        pytest.param({"body": ["yes"]}, "yes", '{"yes": "yes"}', id="text pattern, JSON"),
        pytest.param({"body": {"a": [1]}}, '{"a": 1}', "plain-string", id="JSON pattern, text"),
    ],
)
def test_a_pattern_meets_bodies_of_its_own_format(
    sqs: Any,
    queue: Make,
    function: Make,
    mapping: Make,
    deliveries: Any,
    pattern: Any,
    wanted: str,
    dropped: str,
) -> None:
    url = queue()
    mapping(url, function(ECHO), FilterCriteria=criteria(pattern))
    send(sqs, url, dropped, wanted)
    (records,) = deliveries(1)
    assert bodies_of(records) == [wanted]
    assert settles_at(sqs, url, 0, 0)


@pytest.mark.aws("B-46")
def test_without_a_pattern_for_the_body_its_format_does_not_matter(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any
) -> None:
    url = queue()
    mapping(url, function(ECHO), FilterCriteria=criteria({"eventSource": ["aws:sqs"]}))
    send(sqs, url, "plain-string", '{"a": 1}')
    assert sorted(bodies_of(told_records(deliveries, 2))) == ["plain-string", '{"a": 1}']


@pytest.mark.aws("B-47")
@pytest.mark.parametrize(
    "pattern", [None, "simple string", {"eventSource": "aws:sqs"}, {"eventSource": []}], ids=json.dumps
)
def test_a_bad_pattern_is_refused(lambda_: Any, queue: Make, function: Make, arn: Any, pattern: Any) -> None:
    url, name = queue(), function(ECHO)
    error = refused(
        lambda_.create_event_source_mapping,
        EventSourceArn=arn(url),
        FunctionName=name,
        FilterCriteria=criteria(pattern),
    )
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    assert error.message == "Invalid filter pattern definition."


@pytest.mark.aws("B-48")
def test_a_window_gathers_what_the_filter_lets_through(
    sqs: Any, queue: Make, function: Make, mapping: Make, deliveries: Any, clock: Any
) -> None:
    url = queue()
    mapping(
        url,
        function(ECHO),
        BatchSize=2,
        MaximumBatchingWindowInSeconds=300,
        FilterCriteria=criteria(WANTED),
    )
    clock.freeze()
    other, wanted = '{"kind": "other"}', '{"kind": "wanted"}'
    send(sqs, url, wanted, other, other, wanted)
    # Full, with the two that count.
    (records,) = deliveries(1)
    assert bodies_of(records) == [wanted, wanted]


@pytest.mark.aws("B-48")
def test_empty_criteria_remove_the_filters(
    sqs: Any,
    lambda_: Any,
    queue: Make,
    function: Make,
    mapping: Make,
    deliveries: Any,
    wait_for_mapping: Any,
) -> None:
    url = queue()
    uuid = mapping(url, function(ECHO), Enabled=False, FilterCriteria=criteria(WANTED))
    lambda_.update_event_source_mapping(UUID=uuid, Enabled=True, FilterCriteria={})
    wait_for_mapping(uuid, "Enabled")
    assert not lambda_.get_event_source_mapping(UUID=uuid).get("FilterCriteria", {}).get("Filters")
    send(sqs, url, '{"kind": "other"}')
    assert bodies_of(told_records(deliveries, 1)) == ['{"kind": "other"}']
