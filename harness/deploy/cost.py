"""What a stack costs on AWS, roughly, from its staged document and AWS's list prices.

Said before an apply, so that nobody is surprised; not a bill. Free tiers are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PRICES_REGION = "us-east-1"
PRICES_DATE = "2025-01"
"""When the prices below were AWS's list prices; nothing here asks AWS for newer ones."""
SQS_REQUEST = 0.40 / 1e6
SQS_FIFO_REQUEST = 0.50 / 1e6
LAMBDA_REQUEST = 0.20 / 1e6
LAMBDA_GB_SECOND = {"x86_64": 0.0000166667, "arm64": 0.0000133334}

POLLERS = 5
"""Receivers that an idle event source mapping has (B-49); each call waits 20 s."""
POLLS_AN_HOUR = POLLERS * 3600 // 20
MESSAGES = 1000
CALL_OF_TEN = 10
DEFAULT_BATCH = 10
DEFAULT_MEMORY = 128
ASSUMED_SECONDS = 1.0
"""How long an invocation is taken to run."""

FREE = frozenset(
    {
        *("aws_sqs_queue", "aws_sqs_queue_policy", "aws_sqs_queue_redrive_policy"),
        *("aws_sqs_queue_redrive_allow_policy", "aws_lambda_function", "aws_lambda_event_source_mapping"),
        *(
            "aws_lambda_permission",
            "aws_lambda_alias",
            "aws_iam_role",
            "aws_iam_policy",
            "aws_iam_role_policy",
        ),
        *("aws_iam_role_policy_attachment", "aws_iam_instance_profile", "aws_lambda_layer_version"),
    }
)
"""Types that cost nothing by being there, or whose use is estimated here."""


@dataclass(frozen=True)
class Estimate:
    """What a stack costs.

    Attributes:
        an_hour: US dollars for an hour in which nothing happens.
        a_thousand: US dollars for 1,000 messages: sent, taken by the mapping, answered, collected.
        polls_an_hour: ReceiveMessage calls of its mappings in an idle hour.
        others: Resource types that are not estimated, by name.
    """

    an_hour: float
    a_thousand: float
    polls_an_hour: int
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        others = f"; not estimated: {', '.join(self.others)}" if self.others else ""
        return (
            f"about ${self.an_hour:.4f} an hour at rest ({self.polls_an_hour} polls), "
            f"${self.a_thousand:.4f} per 1,000 messages ({PRICES_REGION} list prices of {PRICES_DATE}; logs "
            f"and free tier left out{others})"
        )


def estimate(document: Mapping[str, Any]) -> Estimate:
    """What the staged stack costs, as far as queues, functions and mappings go."""
    resources = document.get("resource", {})
    functions = _blocks(resources, "aws_lambda_function")
    queues = _blocks(resources, "aws_sqs_queue")
    mappings = list(_blocks(resources, "aws_lambda_event_source_mapping").values())
    a_request = SQS_FIFO_REQUEST if any(q.get("fifo_queue") for q in queues.values()) else SQS_REQUEST
    rest = a_thousand = 0.0
    for mapping in mappings:
        rest += POLLS_AN_HOUR * a_request
        batch = _number(mapping.get("batch_size"), DEFAULT_BATCH)
        invocations = math.ceil(MESSAGES / batch)
        received = math.ceil(MESSAGES / min(batch, CALL_OF_TEN))
        calls = MESSAGES // CALL_OF_TEN
        # In: sent, received, deleted. Out: sent by the function, received, deleted.
        a_thousand += (calls + 2 * received + 3 * calls) * a_request
        a_thousand += invocations * (LAMBDA_REQUEST + _an_invocation(_function(mapping, functions)))
    kinds = sorted(set(resources) - FREE)
    return Estimate(rest, a_thousand, POLLS_AN_HOUR * len(mappings), tuple(kinds))


def _an_invocation(function: Mapping[str, Any]) -> float:
    architectures = function.get("architectures") or ["x86_64"]
    price = LAMBDA_GB_SECOND.get(architectures[0], LAMBDA_GB_SECOND["x86_64"])
    timeout = _number(function.get("timeout"), 3)
    memory = _number(function.get("memory_size"), DEFAULT_MEMORY)
    return min(ASSUMED_SECONDS, timeout) * memory / 1024 * price


def _function(mapping: Mapping[str, Any], functions: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The function of a mapping; the first one where only Terraform could tell."""
    wanted = str(mapping.get("function_name", ""))
    for name, block in functions.items():
        if f"aws_lambda_function.{name}." in wanted or wanted == block.get("function_name"):
            return block
    return next(iter(functions.values()), {})


def _blocks(resources: Mapping[str, Any], kind: str) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for name, block in resources.get(kind, {}).items():
        first = block[0] if isinstance(block, list) and block else block
        if isinstance(first, dict):
            found[name] = first
    return found


def _number(value: Any, default: int) -> int:
    """A literal number above 0; the default where it is left out, or where only Terraform knows it."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else default
