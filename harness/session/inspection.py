"""What a synthesized stack holds, as far as its Terraform JSON says it: for a first look at a project."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.terraform.named_roles import named_roles
from harness.terraform.resources import construct_ids

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT_VISIBILITY_SECONDS = 30
_REFERENCE = re.compile(r"\$\{(aws_\w+\.[\w-]+)\.\w+\}")


@dataclass(frozen=True)
class FoundQueue:
    """A queue: construct id, AWS name (None if only Terraform knows it), and what a test must know of it."""

    construct_id: str
    name: str | None
    fifo: bool
    content_based_deduplication: bool
    visibility_seconds: int | None
    max_receives: int | None
    delay_seconds: int


@dataclass(frozen=True)
class FoundFunction:
    """A function: construct id, AWS name, Lambda runtime."""

    construct_id: str
    name: str | None
    runtime: str | None


@dataclass(frozen=True)
class FoundMapping:
    """An event source mapping of a queue: who is mapped to whom, and what delays or filters its batches."""

    queue: FoundQueue
    function: FoundFunction
    window_seconds: int
    filtered: bool


@dataclass(frozen=True)
class Inspection:
    """What was found.

    Attributes:
        stack: The stack's name.
        queues: In the order of the document.
        functions: In the order of the document.
        mappings: Those that are enabled, from queues of the stack to functions of the stack.
        roles: Roles that the stack names and does not create.
    """

    stack: str
    queues: tuple[FoundQueue, ...]
    functions: tuple[FoundFunction, ...]
    mappings: tuple[FoundMapping, ...]
    roles: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The inspection as JSON types."""
        return {
            "stack": self.stack,
            "queues": [
                {"construct_id": queue.construct_id, "name": queue.name, "fifo": queue.fifo}
                for queue in self.queues
            ],
            "functions": [
                {"construct_id": found.construct_id, "name": found.name, "runtime": found.runtime}
                for found in self.functions
            ],
            "mappings": [
                {"queue": found.queue.construct_id, "function": found.function.construct_id}
                for found in self.mappings
            ],
            "roles": list(self.roles),
        }


def inspect(document: Mapping[str, Any], stack: str, account: str) -> Inspection:
    """Read a synthesized document.

    Args:
        document: `cdk.tf.json` of the stack.
        stack: The stack's name.
        account: The account that it will be deployed to.
    """
    ids = construct_ids(dict(document), stack)
    policies = {
        _referenced(block.get("queue_url")): block.get("redrive_policy")
        for _, block in _blocks(document, "aws_sqs_queue_redrive_policy")
    }
    queues = {
        address: _queue(ids, address, {"redrive_policy": policies.get(address), **block})
        for address, block in _blocks(document, "aws_sqs_queue")
    }
    functions = {
        address: FoundFunction(
            _id(ids, address), _text(block.get("function_name")), _text(block.get("runtime"))
        )
        for address, block in _blocks(document, "aws_lambda_function")
    }
    mappings = []
    for _, block in _blocks(document, "aws_lambda_event_source_mapping"):
        queue = queues.get(_referenced(block.get("event_source_arn")))
        function = functions.get(_referenced(block.get("function_name")))
        if queue is not None and function is not None and block.get("enabled") is not False:
            window = _number(block.get("maximum_batching_window_in_seconds"), 0)
            mappings.append(FoundMapping(queue, function, window or 0, bool(block.get("filter_criteria"))))
    roles = tuple(role.name for role in named_roles(document, account=account))
    return Inspection(stack, tuple(queues.values()), tuple(functions.values()), tuple(mappings), roles)


def _queue(ids: Mapping[str, str], address: str, block: Mapping[str, Any]) -> FoundQueue:
    return FoundQueue(
        construct_id=_id(ids, address),
        name=_text(block.get("name")),
        fifo=block.get("fifo_queue") is True,
        content_based_deduplication=block.get("content_based_deduplication") is True,
        visibility_seconds=_number(block.get("visibility_timeout_seconds"), DEFAULT_VISIBILITY_SECONDS),
        max_receives=_max_receives(block.get("redrive_policy")),
        delay_seconds=_number(block.get("delay_seconds"), 0) or 0,
    )


def _max_receives(policy: Any) -> int | None:
    """`maxReceiveCount` of a redrive policy: JSON, or a call of `jsonencode`, whose text holds it as well."""
    if not isinstance(policy, str):
        return None
    found = re.search(r'maxReceiveCount\\*"?\s*[:=]\s*"?(\d+)', policy)
    return int(found[1]) if found else None


def _blocks(document: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    resources = document.get("resource", {}).get(kind, {})
    for name, block in resources.items():
        if isinstance(block, dict):
            yield f"{kind}.{name}", block


def _id(ids: Mapping[str, str], address: str) -> str:
    return ids.get(address, address.rpartition(".")[2])


def _referenced(value: Any) -> str:
    found = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else ""


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and "${" not in value else None


def _number(value: Any, default: int) -> int | None:
    """The number, `default` where none is given, None where only Terraform knows it."""
    if value is None:
        return default
    try:
        return int(json.loads(str(value)))
    except ValueError:
        return None
