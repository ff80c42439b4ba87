"""What a stack is said to cost on AWS."""

from __future__ import annotations

from typing import Any

import pytest

from harness.deploy.cost import estimate

MAPPING = {"event_source_arn": "${aws_sqs_queue.In.arn}", "function_name": "${aws_lambda_function.F.arn}"}


def calculator(**changes: dict[str, Any]) -> dict[str, Any]:
    return {
        "resource": {
            "aws_sqs_queue": {"In": {"name": "in"}, "Out": {"name": "out"}},
            "aws_lambda_function": {
                "Other": {"function_name": "other", "memory_size": 10240},
                "F": {"function_name": "f", "memory_size": 1024, "timeout": 30},
            },
            "aws_lambda_event_source_mapping": {"M": MAPPING},
            **changes,
        }
    }


def test_an_idle_mapping_polls_fifteen_times_a_minute() -> None:
    found = estimate(calculator())
    assert found.polls_an_hour == 900
    assert found.an_hour == pytest.approx(900 * 0.40 / 1e6)


def test_a_thousand_messages_are_requests_and_seconds_of_memory() -> None:
    # Ten to a call: 100 sent, 100 received, 100 deleted; the same for the results. 100 invocations of 1 GB-s.
    expected = 600 * 0.40 / 1e6 + 100 * (0.20 / 1e6 + 0.0000166667)
    assert estimate(calculator()).a_thousand == pytest.approx(expected)


def test_small_batches_cost_more_and_large_ones_less() -> None:
    def cost(size: int) -> float:
        mapping = {**MAPPING, "batch_size": size}
        return estimate(calculator(aws_lambda_event_source_mapping={"M": mapping})).a_thousand

    assert cost(1) > cost(10) > cost(1000)


def test_arm_and_short_timeouts_cost_less() -> None:
    def cost(**function: Any) -> float:
        block = {"F": {"memory_size": 1024, "timeout": 30, **function}}
        return estimate(calculator(aws_lambda_function=block)).a_thousand

    assert cost(architectures=["arm64"]) < cost()
    assert cost(timeout=1) == cost()
    assert cost(memory_size=128) < cost()
    assert cost(memory_size="${var.memory}") == cost(memory_size=128)


def test_fifo_requests_cost_more() -> None:
    queues = {"In": {"name": "in.fifo", "fifo_queue": True}}
    assert estimate(calculator(aws_sqs_queue=queues)).an_hour == pytest.approx(900 * 0.50 / 1e6)


def test_without_a_mapping_nothing_is_asked_for() -> None:
    found = estimate({"resource": {"aws_sqs_queue": {"Q": {}}}})
    assert (found.an_hour, found.a_thousand, found.polls_an_hour) == (0, 0, 0)
    assert estimate({}).others == ()


def test_what_is_not_estimated_is_named() -> None:
    found = estimate(calculator(aws_dynamodb_table={"T": {}}, aws_nat_gateway={"N": {}}))
    assert found.others == ("aws_dynamodb_table", "aws_nat_gateway")
    assert "not estimated: aws_dynamodb_table, aws_nat_gateway" in str(found)


def test_the_estimate_says_whose_prices_and_of_when() -> None:
    assert "us-east-1 list prices of 2025-01" in str(estimate(calculator()))
