"""What a queue's attributes may be: on creation and later (A-01, A-18, A-19, A-39, A-40, A-45 to A-50)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from localstack.aws.api.sqs import InvalidAttributeName

from harness_emulator.sqs import quotas
from harness_emulator.sqs.errors import invalid, invalid_attribute, invalid_parameter
from harness_emulator.sqs.locating import find

if TYPE_CHECKING:
    from collections.abc import Mapping

RANGES = {
    "DelaySeconds": (0, quotas.LONGEST_DELAY),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
    "MaximumMessageSize": (1024, quotas.LARGEST_MESSAGE),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, quotas.LONGEST_POLL),
    "VisibilityTimeout": (0, quotas.LONGEST_INVISIBLE),
}
FLAGS = frozenset({"ContentBasedDeduplication", "FifoQueue", "SqsManagedSseEnabled"})
CHOICES = {
    "DeduplicationScope": ("messageGroup", "queue"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
}
DOCUMENTS = frozenset({"Policy", "RedriveAllowPolicy", "RedrivePolicy"})
REMOVED_BY = {
    "KmsDataKeyReusePeriodSeconds": "300",
    "KmsMasterKeyId": "",
    "Policy": "",
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
}
"""Values that take an attribute away: it is not shown any more."""
KNOWN = frozenset({*RANGES, *FLAGS, *CHOICES, *DOCUMENTS, "KmsMasterKeyId"})
FIFO_ONLY = frozenset({"ContentBasedDeduplication", "FifoQueue"})
LARGEST_COUNT = 1000
"""The largest maxReceiveCount (A-39)."""
_WHOLE = re.compile("-?[0-9]{1,18}")
_UNSUPPORTED = "Amazon SQS can't create the redrive allow policy, as it's in an unsupported format."


def check_name(name: str, *, fifo: bool) -> None:
    """Refuse a queue name that is none (A-48).

    Raises:
        InvalidParameterValueException: It has other characters, is too long, or has a wrong suffix.
    """
    stem = name.removesuffix(".fifo") if fifo else name
    valid = re.fullmatch("[A-Za-z0-9_-]+", stem) and len(name) <= 80  # noqa: PLR2004 - A-48
    if fifo and (not valid or stem == name):
        raise invalid_parameter(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, "
            "must end with .fifo suffix and be 1 to 80 in length"
        )
    if not valid:
        raise invalid_parameter(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )


def check(attributes: Mapping[str, str], *, fifo: bool, queue_arn: str) -> None:
    """Refuse attributes that a queue cannot have.

    Args:
        attributes: Those that are to be set.
        fifo: Whether the queue is a FIFO queue.
        queue_arn: Its ARN.

    Raises:
        InvalidAttributeName: The queue has no such attribute (A-50).
        InvalidAttributeValue: A value is out of range or of another kind (A-19).
        InvalidParameterValueException: A redrive policy is no good (A-39, A-40).
    """
    for name, value in attributes.items():
        _check_known(name, fifo=fifo)
        if REMOVED_BY.get(name) != value:
            _check_value(name, value)
    if fifo and attributes.get("FifoQueue", "true").lower() != "true":
        raise invalid_attribute("FifoQueue", "Modifying queue type is not supported.")
    if policy := attributes.get("RedrivePolicy"):
        _check_redrive(policy, fifo=fifo, queue_arn=queue_arn)
    if policy := attributes.get("RedriveAllowPolicy"):
        _check_allow(policy)


def check_throughput(attributes: Mapping[str, str]) -> None:
    """Refuse high throughput where groups do not deduplicate for themselves (A-65)."""
    if (
        attributes.get("FifoThroughputLimit") == "perMessageGroupId"
        and attributes.get("DeduplicationScope") != "messageGroup"
    ):
        raise invalid_attribute(
            "FifoThroughputLimit",
            "The perMessageGroupId value is allowed only when the value for DeduplicationScope is "
            "messageGroup.",
        )


def differs(name: str, one: str | None, other: str) -> bool:
    """Whether two spellings of an attribute's value mean different things (A-49)."""
    if one is None:
        return REMOVED_BY.get(name) != other
    if name in DOCUMENTS:
        return bool(_plain(one) != _plain(other))
    return one.lower() != other.lower() if name in FLAGS else one != other


def _plain(text: str) -> Any:
    """A document's content; numbers in quotes are numbers."""
    try:
        document = json.loads(text)
    except ValueError:
        return text
    if isinstance(document, dict) and "maxReceiveCount" in document:
        document["maxReceiveCount"] = str(document["maxReceiveCount"])
    return document


def _check_known(name: str, *, fifo: bool) -> None:
    if not fifo and name in CHOICES:
        raise InvalidAttributeName(f"You can specify the {name} only when FifoQueue is set to true.")
    if name not in KNOWN or (not fifo and name in FIFO_ONLY):
        raise InvalidAttributeName(f"Unknown Attribute {name}.")


def _check_value(name: str, value: str) -> None:
    if name in RANGES:
        least, most = RANGES[name]
        fits = _WHOLE.fullmatch(value) and least <= int(value) <= most
    elif name in FLAGS:
        fits = value.lower() in {"true", "false"}
    elif name in CHOICES:
        fits = value in CHOICES[name]
    else:
        fits = name != "Policy" or _is_policy(_document(value))
    if not fits:
        raise invalid_attribute(name)


def _is_policy(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    statements = document.get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    return all(isinstance(statement, dict) for statement in listed)


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _check_redrive(text: str, *, fifo: bool, queue_arn: str) -> None:
    policy = _document(text)
    if not isinstance(policy, dict):
        raise invalid(text, "RedrivePolicy", "Redrive policy is not a valid JSON map.")
    if not policy.get("deadLetterTargetArn"):
        raise invalid_parameter("The required parameter 'deadLetterTargetArn' is missing")
    if policy.get("maxReceiveCount") is None:
        raise invalid_parameter("The required parameter 'maxReceiveCount' is missing")
    if not set(policy) <= {"deadLetterTargetArn", "maxReceiveCount"}:
        raise invalid(
            text,
            "RedrivePolicy",
            "Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount].",
        )
    count, arn = policy["maxReceiveCount"], policy["deadLetterTargetArn"]
    whole = isinstance(count, int | str) and not isinstance(count, bool) and _WHOLE.fullmatch(str(count))
    if not whole or not 1 <= int(count) <= LARGEST_COUNT:
        raise invalid(
            text,
            "RedrivePolicy",
            f"Invalid value for maxReceiveCount: {count}, valid values are from 1 to {LARGEST_COUNT} both "
            "inclusive.",
        )
    if reason := _why_not(arn, fifo=fifo, queue_arn=queue_arn):
        raise invalid(text, "RedrivePolicy", reason)


def _why_not(arn: Any, *, fifo: bool, queue_arn: str) -> str | None:
    """Why that queue cannot be the dead-letter queue of this one (A-40)."""
    if not isinstance(arn, str) or len(arn.split(":")) != len(queue_arn.split(":")):
        return "Invalid value for deadLetterTargetArn."
    if arn.rpartition(":")[0] != queue_arn.rpartition(":")[0]:
        return "Dead-letter target owner should be same as the source."
    target = find(arn)
    if target is None:
        return "Dead letter target does not exist."
    if target.fifo != fifo:
        return "Dead-letter queue must be same type of queue as the source."
    allowed = _document(target.attributes.get("RedriveAllowPolicy", "{}"))
    match allowed.get("redrivePermission", "allowAll"):
        case "denyAll":
            denied = True
        case "byQueue":
            denied = queue_arn not in allowed["sourceQueueArns"]
        case _:
            denied = False
    return (
        "The dead-letter queue's redrive allow policy does not allow this source queue." if denied else None
    )


def _check_allow(text: str) -> None:
    policy = _document(text)
    if not isinstance(policy, dict) or not set(policy) <= {"redrivePermission", "sourceQueueArns"}:
        raise invalid(text, "RedriveAllowPolicy", _UNSUPPORTED)
    permission, sources = policy.get("redrivePermission"), policy.get("sourceQueueArns")
    if permission == "byQueue":
        fits = (
            isinstance(sources, list)
            and 1 <= len(sources) <= quotas.MOST_ALLOWED_SOURCES
            and all(isinstance(source, str) for source in sources)
        )
    else:
        fits = permission in ("allowAll", "denyAll") and sources is None
    if not fits:
        raise invalid(text, "RedriveAllowPolicy", _UNSUPPORTED)
