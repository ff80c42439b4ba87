"""What the AWS provider would make of each queue of a stack, read from the synthesized JSON alone."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.terraform.expressions import UnresolvedError, resolve
from harness.terraform.scope import Scope
from harness.terraform.stage import provider_regions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

QUEUE = "aws_sqs_queue"

DEFAULTS: Mapping[str, Any] = {
    # The provider's defaults (internal/service/sqs/queue.go, 5.100.0), which differ from AWS's in places.
    "content_based_deduplication": False,
    "delay_seconds": 0,
    "fifo_queue": False,
    "max_message_size": 262144,
    "message_retention_seconds": 345600,
    "receive_wait_time_seconds": 0,
    "visibility_timeout_seconds": 30,
}
ATTRIBUTES: Mapping[str, str] = {
    "content_based_deduplication": "ContentBasedDeduplication",
    "deduplication_scope": "DeduplicationScope",
    "delay_seconds": "DelaySeconds",
    "fifo_queue": "FifoQueue",
    "fifo_throughput_limit": "FifoThroughputLimit",
    "kms_data_key_reuse_period_seconds": "KmsDataKeyReusePeriodSeconds",
    "kms_master_key_id": "KmsMasterKeyId",
    "max_message_size": "MaximumMessageSize",
    "message_retention_seconds": "MessageRetentionPeriod",
    "policy": "Policy",
    "receive_wait_time_seconds": "ReceiveMessageWaitTimeSeconds",
    "redrive_allow_policy": "RedriveAllowPolicy",
    "redrive_policy": "RedrivePolicy",
    "sqs_managed_sse_enabled": "SqsManagedSseEnabled",
    "visibility_timeout_seconds": "VisibilityTimeout",
}
JSON_ATTRIBUTES = frozenset({"Policy", "RedriveAllowPolicy", "RedrivePolicy"})
FIFO_ONLY = frozenset({"FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"})
_IGNORED = frozenset({"//", "depends_on", "name", "provider", "tags"})
_REPEATS = frozenset({"count", "for_each"})
_OF_QUEUES = frozenset({"arn", "id", "url", "name"})


@dataclass(frozen=True)
class PlannedQueue:
    """A queue as it should be.

    Attributes:
        address: Terraform's.
        name: AWS's.
        region: Its provider's.
        attributes: Every attribute that the plan sets, in SQS's names and spelling.
        tags: With the provider's default tags.
        needs: Addresses of queues that its attributes name.
    """

    address: str
    name: str
    region: str
    attributes: dict[str, str]
    tags: dict[str, str] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()


def planned_queues(
    document: dict[str, Any], *, account: str, url: str | None, variables: Mapping[str, str] | None = None
) -> list[PlannedQueue]:
    """The stack's queues whose every attribute can be known now, each after the queues that it names.

    What cannot be known (a name that Terraform makes up, a reference to another kind of resource, an unknown
    argument) is left out, and so is what names it: Terraform makes those itself.

    Args:
        document: The staged document.
        account: The account that it is for.
        url: The emulator's; None where queue URLs are not made from it.
        variables: Values of Terraform's input variables, by name.
    """
    planner = _Planner(document, Scope(document, account, variables or {}), url)
    found: dict[str, PlannedQueue] = {}
    for name in document.get("resource", {}).get(QUEUE, {}):
        try:
            found |= {queue.address: queue for queue in planner.queues(name)}
        except (UnresolvedError, RecursionError):
            continue
    names = Counter((queue.region, queue.name) for queue in found.values())
    return _in_order({a: queue for a, queue in found.items() if names[queue.region, queue.name] == 1})


class _Planner:
    def __init__(self, document: dict[str, Any], scope: Scope, url: str | None) -> None:
        self._queues = document["resource"][QUEUE] if QUEUE in document.get("resource", {}) else {}
        self._regions = provider_regions(document, scope)
        self._default_tags = _default_tags(document)
        self._scope = scope
        self._account = scope.account
        self._url = url
        self._data = document.get("data", {})

    def queues(self, key: str) -> list[PlannedQueue]:
        """The queue of a block, or those that its `for_each` or `count` makes."""
        block = self._queues[key]
        if not isinstance(block, dict):
            raise UnresolvedError(key)
        if "for_each" in block:
            each = resolve(block["for_each"], self._scope.reference)
            pairs = each.items() if isinstance(each, dict) else [(item, item) for item in each]
            made = [({"each.key": k, "each.value": v}, json.dumps(k)) for k, v in pairs]
        elif "count" in block:
            count = int(resolve(block["count"], self._scope.reference))
            made = [({"count.index": i}, str(i)) for i in range(count)]
        else:
            return [self._queue(key, block, {}, "")]
        rest = {name: value for name, value in block.items() if name not in _REPEATS}
        return [self._queue(key, rest, values, f"[{index}]") for values, index in made]

    def _queue(self, key: str, block: dict[str, Any], repeated: dict[str, Any], index: str) -> PlannedQueue:
        if not set(block) <= {*ATTRIBUTES, *_IGNORED}:
            raise UnresolvedError(key)
        needs: set[str] = set()

        def reference(path: str) -> Any:
            return repeated[path] if path in repeated else self._reference(path, needs)

        values = {
            **DEFAULTS,
            **{n: resolve(v, reference) for n, v in block.items() if n in ATTRIBUTES and v is not None},
        }
        fifo = values["fifo_queue"] in {True, "true"}
        name = self._name(key, reference)
        if fifo != name.endswith(".fifo"):
            raise UnresolvedError(key)  # an error that Terraform words best
        return PlannedQueue(
            address=f"{QUEUE}.{key}{index}",
            name=name,
            region=self._region(block),
            attributes=attributes_of(values, fifo=fifo),
            tags=self._tags(block, reference),
            needs=frozenset(needs),
        )

    def _name(self, key: str, reference: Callable[[str], Any]) -> str:
        name = self._queues[key].get("name")
        if not isinstance(name, str):
            raise UnresolvedError(key)
        return str(resolve(name, reference))

    def _region(self, block: dict[str, Any]) -> str:
        region = self._regions.get(block.get("provider", "aws"))
        if region is None:
            raise UnresolvedError(str(block.get("provider")))
        return region

    def _tags(self, block: dict[str, Any], reference: Any) -> dict[str, str]:
        own = resolve(block.get("tags") or {}, reference)
        default = self._default_tags.get(block.get("provider", "aws"), {})
        return {name: _spelled(value) for name, value in {**resolve(default, reference), **own}.items()}

    def _reference(self, path: str, needs: set[str]) -> Any:
        match path.split("."):
            case [kind, key, attribute] if kind == QUEUE and key in self._queues and attribute in _OF_QUEUES:
                if _REPEATS & set(self._queues[key]):
                    raise UnresolvedError(path)
                name = self._name(key, lambda inner: self._reference(inner, set()))
                needs.add(f"{QUEUE}.{key}")
                if attribute == "name":
                    return name
                if attribute == "arn":
                    return f"arn:aws:sqs:{self._region(self._queues[key])}:{self._account}:{name}"
                if self._url is None:
                    raise UnresolvedError(path)
                return queue_url(self._url, self._account, name)
            case ["data", "aws_caller_identity", key, "account_id" | "id"] if self._has_data(
                "aws_caller_identity", key
            ):
                return self._account
            case ["data", "aws_region", key, "name" | "id"] if self._has_data("aws_region", key):
                block = self._data["aws_region"][key]
                if set(block) <= {"//", "provider"}:
                    return self._region(block)
                raise UnresolvedError(path)
            case _:
                return self._scope.reference(path)

    def _has_data(self, kind: str, key: str) -> bool:
        return key in self._data.get(kind, {})


def attributes_of(values: Mapping[str, Any], *, fifo: bool) -> dict[str, str]:
    """SQS's attributes for a queue's arguments; what is empty or not set is left out.

    Raises:
        UnresolvedError: A value is none that SQS takes.
    """
    attributes = {
        ATTRIBUTES[n]: _attribute(ATTRIBUTES[n], value)
        for n, value in values.items()
        if value not in ("", None)
    }
    return attributes if fifo else {n: value for n, value in attributes.items() if n not in FIFO_ONLY}


def queue_url(url: str, account: str, name: str) -> str:
    """A queue's URL at our emulator, in a form that the AWS provider accepts."""
    return f"{url.rstrip('/')}/{account}/{name}"


def is_importable(url: str) -> bool:
    """Whether the AWS provider accepts that queue URL: it reads account and name from a path of two parts."""
    parts = urlsplit(url).path.split("/")
    return len(parts) == 3 and all(parts[1:])  # noqa: PLR2004 - before the first slash there is nothing


def _default_tags(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    tags = {}
    for block in document.get("provider", {}).get("aws", []):
        name = f"aws.{block['alias']}" if "alias" in block else "aws"
        merged: dict[str, Any] = {}
        default = block.get("default_tags") or []
        for entry in default if isinstance(default, list) else [default]:
            merged.update(entry.get("tags") or {})
        tags[name] = merged
    return tags


def _attribute(name: str, value: Any) -> str:
    text = _spelled(value)
    return normal_json(text) if name in JSON_ATTRIBUTES else text


def normal_json(text: str) -> str:
    """JSON as the provider writes it, with Go's `json.Marshal`: no blanks, sorted names.

    Raises:
        UnresolvedError: It is no JSON; Terraform's error for that is the better one.
    """
    try:
        value = json.loads(text)
    except ValueError:
        raise UnresolvedError(text) from None
    compact = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return compact.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")


def _spelled(value: Any) -> str:
    """A value as SQS spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    raise UnresolvedError(repr(value))


def _in_order(queues: dict[str, PlannedQueue]) -> list[PlannedQueue]:
    """Each after those it needs; without those that need one that is not there, or each other."""
    ordered: dict[str, PlannedQueue] = {}
    waiting = dict(queues)
    while ready := [queue for queue in waiting.values() if queue.needs - {queue.address} <= set(ordered)]:
        for queue in ready:
            ordered[queue.address] = waiting.pop(queue.address)
    return list(ordered.values())
