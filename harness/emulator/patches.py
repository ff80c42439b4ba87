"""Every change to LocalStack that needs a private name of its: one place, each with its reason.

LocalStack 4.14.0 is the last of its line, so what is patched here cannot move; `apply` fails all the same
when a name is not there.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from localstack.services.lambda_.event_source_mapping.esm_worker_factory import EsmWorkerFactory
from localstack.services.lambda_.invocation import version_manager
from localstack.services.sqs.models import FifoQueue
from localstack.services.sqs.provider import QueueUpdateWorker
from localstack.utils.scheduler import Scheduler
from localstack.utils.threads import start_thread

from harness.emulator.patching import Patch, replace_all
from harness.emulator.poller import SqsMapping

VISIBILITY_TICK_SECONDS = 0.1


def _mapping_worker(original: Any) -> Any:
    @wraps(original)
    def get_esm_worker(self: Any) -> Any:
        if ":sqs:" in (self.esm_config.get("EventSourceArn") or ""):
            return SqsMapping(self.esm_config, enabled=self.enabled)
        return original(self)

    return get_esm_worker


def _requeue_by_group(original: Any) -> Any:
    @wraps(original)
    def requeue_inflight_messages(self: Any) -> None:
        if not self.inflight:
            return
        with self.mutex:
            blocked = set()
            for message in list(self.inflight):
                if message.message_group_id in blocked:
                    continue
                if message.is_visible:
                    del self.inflight[message]
                    self._put_message(message)
                else:
                    blocked.add(message.message_group_id)

    return requeue_inflight_messages


def _faster_tick(original: Any) -> Any:
    @wraps(original)
    def start(self: Any) -> None:
        with self.mutex:
            if self.thread:
                return
            scheduler = self.scheduler = Scheduler()
            scheduler.schedule(self.do_update_all_queues, period=VISIBILITY_TICK_SECONDS)
            self.thread = start_thread(lambda *_: scheduler.run(), name="sqs-queue-update-worker")

    return start


def _no_metric(original: Any) -> Any:
    @wraps(original)
    def record(*_: Any, **__: Any) -> None:
        return

    return record


PATCHES = (
    Patch(
        EsmWorkerFactory,
        "get_esm_worker",
        _mapping_worker,
        "LocalStack's SQS poller asks once a second, backs off to ten, handles one batch at a time and "
        "rewrites bodies (B-23, B-49, B-52); it has no hook for another SQS poller.",
    ),
    Patch(
        FifoQueue,
        "requeue_inflight_messages",
        _requeue_by_group,
        "It stops at the first invisible message of any group, so that one message in flight delays the "
        "redelivery of every other group (A-62, A-64).",
    ),
    Patch(
        QueueUpdateWorker,
        "start",
        _faster_tick,
        "Visibility timeouts and delays are noticed once a second; ten times costs nothing and is ten times "
        "closer to AWS.",
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
