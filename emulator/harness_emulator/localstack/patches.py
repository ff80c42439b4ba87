"""Every change to LocalStack that needs a private name of its: one place, each with its reason.

LocalStack 4.14.0 is the last of its line, so what is patched here cannot move; `apply` fails all the same
when a name is not there.
"""

from __future__ import annotations

import json
from functools import wraps
from typing import Any
from xml.etree.ElementTree import SubElement

from localstack.aws.protocol.serializer import SqsQueryResponseSerializer
from localstack.services.lambda_.invocation import event_manager, version_manager

from harness_emulator.account import ACCOUNTS
from harness_emulator.localstack import managed_policies, neighbours
from harness_emulator.localstack.patching import Patch, replace_all


def _counted_event(original: Any) -> Any:
    @wraps(original)
    def handle_message(self: Any, message: dict[str, Any]) -> None:
        identity = self.version_manager.function_version.id
        activity = ACCOUNTS.of(identity.account).activity
        token = json.loads(message["Body"])["request_id"]
        activity.begin(token, f"{identity.function_name} handles an event")
        try:
            original(self, message)
        finally:
            activity.end(token)

    return handle_message


def _error_detail(original: Any) -> Any:
    @wraps(original)
    def add_error_tags(self: Any, error: Any, error_tag: Any, mime_type: str) -> None:
        original(self, error, error_tag, mime_type)
        SubElement(error_tag, "Detail")

    return add_error_tags


def _no_metric(original: Any) -> Any:
    @wraps(original)
    def record(*_: Any, **__: Any) -> None:
        return

    return record


PATCHES = (
    *managed_policies.PATCHES,
    *neighbours.PATCHES,
    Patch(
        SqsQueryResponseSerializer,
        "_add_error_tags",
        _error_detail,
        "Errors of SQS's query protocol lack the empty element Detail that AWS sends (A-54).",
    ),
    Patch(
        version_manager,
        "record_cw_metric_invocation",
        _no_metric,
        "A CloudWatch metric per invocation, over HTTP into SQLite, costs more than the invocation itself.",
    ),
    Patch(
        version_manager,
        "record_cw_metric_error",
        _no_metric,
        "The same.",
    ),
    Patch(
        event_manager.Poller,
        "handle_message",
        _counted_event,
        "An asynchronous invocation goes through a queue of LocalStack's own: only here is it seen that an "
        "event's attempt has ended, and the account may have settled.",
    ),
)


def apply() -> None:
    """Replace what has to be replaced; once, before LocalStack is served."""
    replace_all(PATCHES)
