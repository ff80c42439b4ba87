"""Which messages a mapping's filters let through."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from localstack.utils.event_matcher import matches_event

from harness_emulator.mapping.answers import parsed

if TYPE_CHECKING:
    from collections.abc import Sequence

LOG = logging.getLogger(__name__)


def matches(entry: dict[str, Any], patterns: Sequence[dict[str, Any]]) -> bool:
    """Whether a record passes: it matches one of the filters, or there is none (row B-44)."""
    if not patterns:
        return True
    body = _parsed(entry["body"])
    event = {**entry, "body": body}
    return any(_matches(pattern, event, is_json=body is not entry["body"]) for pattern in patterns)


def _parsed(body: str) -> Any:
    """The document in the body; a body that is no JSON object or array is a plain string."""
    try:
        document = parsed(body)
    except (ValueError, RecursionError):
        return body
    return document if isinstance(document, dict | list) else body


def _matches(pattern: dict[str, Any], event: dict[str, Any], *, is_json: bool) -> bool:
    # A pattern for JSON against plain text, or the other way round, drops the message (B-46).
    if "body" in pattern and isinstance(pattern["body"], dict) != is_json:
        return False
    if "body" in pattern and isinstance(event["body"], list):
        return False  # a pattern for JSON names fields; an array has none
    try:
        return bool(matches_event(pattern, event))
    except Exception:
        # LocalStack's engine compares what cannot be compared, such as a text with a number.
        LOG.debug("The filter %s does not fit a message.", pattern, exc_info=True)
        return False
