"""Every change to LocalStack that needs a private name of its: one place, each with its reason.

LocalStack 4.14.0 is the last of its line, so what is patched here cannot move; `apply` fails all the same
when a name is not there.
"""

from __future__ import annotations

from functools import wraps
from typing import Any
from xml.etree.ElementTree import SubElement

from localstack.aws.protocol.serializer import SqsQueryResponseSerializer
from localstack.services.lambda_.event_source_mapping.esm_worker_factory import EsmWorkerFactory
from localstack.services.lambda_.invocation import version_manager

from harness.emulator.patching import Patch, replace_all
from harness.emulator.poller import SqsMapping


def _mapping_worker(original: Any) -> Any:
    @wraps(original)
    def get_esm_worker(self: Any) -> Any:
        if ":sqs:" in (self.esm_config.get("EventSourceArn") or ""):
            return SqsMapping(self.esm_config, enabled=self.enabled)
        return original(self)

    return get_esm_worker


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
    Patch(
        SqsQueryResponseSerializer,
        "_add_error_tags",
        _error_detail,
        "Errors of SQS's query protocol lack the empty element Detail that AWS sends (A-54).",
    ),
    Patch(
        EsmWorkerFactory,
        "get_esm_worker",
        _mapping_worker,
        "LocalStack's SQS poller asks once a second, backs off to ten, handles one batch at a time and "
        "rewrites bodies (B-23, B-49, B-52); it has no hook for another SQS poller.",
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
)


def apply() -> None:
    """Replace what has to be replaced; once, before LocalStack is served."""
    replace_all(PATCHES)
