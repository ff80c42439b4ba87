"""Whether a function's role may read a queue, as far as the emulator's IAM can tell (row B-10).

Refused is only what no policy could allow: a role that does not exist, or one without a statement that allows
the action on the queue, or with one that denies it outright. A statement with conditions counts as one that
allows: whether they hold is not looked at. Service control policies and permission boundaries do not exist
here.
"""

from __future__ import annotations

import json
import re
from fnmatch import translate
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ACTIONS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
"""What a mapping needs on its queue."""


def missing_action(role_arn: str, queue_arn: str, queue_policy: str | None) -> str | None:
    """The first action that the role cannot have on the queue; None where it may have all.

    Args:
        role_arn: The function's role.
        queue_arn: The queue.
        queue_policy: The queue's `Policy` attribute.
    """
    own = _role_statements(role_arn)
    queues = list(_statements(_parsed(queue_policy)))
    same_account = role_arn.split(":")[4] == queue_arn.split(":")[4]
    for action in ACTIONS:
        by_role = own is not None and _allowed(own, f"sqs:{action}", queue_arn)
        by_queue = _allowed((s for s in queues if _names(s, role_arn)), f"sqs:{action}", queue_arn)
        denied = _denied([*(own or ()), *(s for s in queues if _names(s, role_arn))], action, queue_arn)
        granted = (by_role or by_queue) if same_account else (by_role and by_queue)
        if own is None or denied or not granted:
            return action
    return None


def _role_statements(role_arn: str) -> list[Mapping[str, Any]] | None:
    """All statements of a role's policies; None where there is no such role."""
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    backend = iam_backends[account][role_arn.split(":")[1]]
    role = next((role for role in list(backend.roles.values()) if role.name == name), None)
    if role is None:
        return None
    attached = [
        version.document
        for policy in role.managed_policies.values()
        for version in policy.versions
        if version.version_id == policy.default_version_id
    ]
    documents = [*role.policies.values(), *attached]
    return [statement for document in documents for statement in _statements(_parsed(document))]


def _parsed(document: Any) -> Any:
    if not isinstance(document, str):
        return document
    try:
        return json.loads(document)
    except ValueError:
        return None


def _statements(document: Any) -> Iterator[Mapping[str, Any]]:
    found = (document or {}).get("Statement") or [] if isinstance(document, dict | None) else []
    yield from (item for item in _list(found) if isinstance(item, dict))


def _allowed(statements: Iterable[Mapping[str, Any]], action: str, resource: str) -> bool:
    return any(
        statement.get("Effect") == "Allow" and _covers(statement, action, resource)
        for statement in statements
    )


def _denied(statements: Iterable[Mapping[str, Any]], action: str, resource: str) -> bool:
    return any(
        statement.get("Effect") == "Deny"
        and not statement.get("Condition")
        and _covers(statement, f"sqs:{action}", resource)
        for statement in statements
    )


def _covers(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    if "NotAction" in statement:
        about_action = not _matches(statement["NotAction"], action, ignore_case=True)
    else:
        about_action = _matches(statement.get("Action"), action, ignore_case=True)
    if "NotResource" in statement:
        about_resource = not _matches(statement["NotResource"], resource)
    else:
        about_resource = _matches(statement.get("Resource", "*"), resource)
    return about_action and about_resource


def _matches(patterns: Any, value: str, *, ignore_case: bool = False) -> bool:
    for pattern in _list(patterns):
        # A policy variable may stand for anything.
        text = re.sub(r"\$\{[^}]*\}", "*", str(pattern)).replace("[", "[[]")
        if re.match(translate(text), value, re.IGNORECASE if ignore_case else 0):
            return True
    return False


def _names(statement: Mapping[str, Any], role_arn: str) -> bool:
    """Whether a resource policy's statement is about a role."""
    principal = statement.get("Principal")
    if principal == "*":
        return True
    account = role_arn.split(":")[4]
    named = _list(principal.get("AWS")) if isinstance(principal, dict) else []
    return any(item in {"*", account, f"arn:aws:iam::{account}:root", role_arn} for item in named)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
