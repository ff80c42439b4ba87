"""Event source mappings of SQS queues: several batches at once, no polling interval, verbatim bodies."""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from localstack.services.lambda_.event_source_mapping.esm_worker import EsmState, EsmStateReason, EsmWorker

from harness.emulator import batches, functions, queues

if TYPE_CHECKING:
    from localstack.services.sqs.models import SqsQueue

    from harness.emulator.queues import Received

LOG = logging.getLogger(__name__)

CONCURRENT_BATCHES = 5
"""Batches of one mapping that are in flight at once: what AWS starts with."""
THROTTLE_SECONDS = 0.1
THROTTLE_MOST_SECONDS = 2.0
"""Pauses between the tries at a throttled function: doubled from the first to the second."""
MISSING_QUEUE_SECONDS = 1.0
"""How often a mapping looks for a queue that was deleted."""

Entry = tuple["Received", dict[str, Any]]

WORKERS: dict[str, SqsMapping] = {}
"""The worker of each mapping, by UUID; an update replaces it."""


class SqsMapping(EsmWorker):
    """One mapping: a thread that waits for messages and forms batches, and a thread for each batch in flight.

    LocalStack's own worker polls once a second, backs off to ten when the queue is empty, and handles one
    batch at a time over HTTP calls to itself.

    On a standard queue a batch holds whatever was visible; on a FIFO queue it holds messages of one group,
    and the queue's own group lock keeps a second batch of that group from forming. What a failed batch held
    comes back when its visibility timeout ends.

    Args:
        esm_config: The mapping's configuration.
        enabled: Whether it is to read from its queue.
    """

    def __init__(self, esm_config: dict[str, Any], *, enabled: bool) -> None:
        super().__init__(esm_config, None, enabled, EsmStateReason.USER_INITIATED)
        self._queue_arn: str = esm_config["EventSourceArn"]
        self._region = self._queue_arn.split(":")[3]
        self._function_arn: str = esm_config["FunctionArn"]
        self._batch_size: int = esm_config["BatchSize"]
        self._window: int = esm_config.get("MaximumBatchingWindowInSeconds") or 0
        self._reports_failures = "ReportBatchItemFailures" in (esm_config.get("FunctionResponseTypes") or [])
        filters = (esm_config.get("FilterCriteria") or {}).get("Filters") or []
        self._patterns = [json.loads(item["Pattern"]) for item in filters]
        cap = (esm_config.get("ScalingConfig") or {}).get("MaximumConcurrency") or CONCURRENT_BATCHES
        self._limit = min(cap, CONCURRENT_BATCHES)
        self._in_flight = 0
        self._reading = False
        self._changed = threading.Condition()

    current_state: EsmState

    # What LocalStack's Lambda provider calls.

    def create(self) -> None:
        """Begin, unless the mapping is disabled."""
        WORKERS[self.uuid] = self
        super().create()

    def start(self) -> None:
        """Begin to read."""
        self._reading = True
        super().start()

    def stop(self) -> None:
        """Read no more; batches in flight run to their end."""
        super().stop()
        self._wake()

    def delete(self) -> None:
        """Stop, and leave the store."""
        with self._state_lock:
            super().delete()
            if not self._reading:
                self._finish()
        self._wake()

    def stop_for_shutdown(self) -> None:
        """Stop without a change of state: the emulator ends."""
        super().stop_for_shutdown()
        self._wake()

    def poller_loop(self, *_: object) -> None:
        """The mapping's thread."""
        with self._state_lock:
            if self.current_state in {EsmState.CREATING, EsmState.ENABLING}:
                self.current_state = EsmState.ENABLED
                self.update_esm_state_in_store(EsmState.ENABLED)
        while not self._shutdown_event.is_set():
            try:
                self._form_batch()
            except Exception:
                LOG.exception("The mapping of %s to %s failed.", self._queue_arn, self._function_arn)
                self._shutdown_event.wait(MISSING_QUEUE_SECONDS)
        self._finish()

    # Forming batches.

    def _form_batch(self) -> None:
        queue = queues.find_queue(self._queue_arn)
        if queue is None:
            self._shutdown_event.wait(MISSING_QUEUE_SECONDS)
            return
        # Nothing is received that cannot be handled at once: its visibility timeout would already be running.
        if not self._wait_for_slot() or not queues.wait_for_message(queue, self._shutdown_event.is_set):
            return
        entries = self._receive(queue, self._batch_size)
        if entries and self._window:
            self._gather(queue, entries)
        for batch in _by_group(entries):
            # Messages of several groups may have come at once: each group is a batch of its own.
            self._wait_for_slot(even_if_stopped=True)
            self._start(queue, batch)

    def _receive(self, queue: SqsQueue, maximum: int) -> list[Entry]:
        """What is visible now and passes the filters; what does not pass is deleted, as on AWS."""
        kept: list[Entry] = []
        dropped: list[Received] = []
        for received in queues.receive(queue, maximum):
            entry = batches.record(received.message, self._queue_arn, self._region, windowed=self._window > 0)
            if batches.matches(entry, self._patterns):
                kept.append((received, entry))
            else:
                dropped.append(received)
        queues.delete(queue, dropped)
        return kept

    def _gather(self, queue: SqsQueue, entries: list[Entry]) -> None:
        """Add to the batch until it is full or its window ends."""
        deadline = time.monotonic() + self._window
        while (missing := self._batch_size - len(entries)) > 0:
            left = deadline - time.monotonic()
            if left <= 0 or not queues.wait_for_message(queue, self._shutdown_event.is_set, left):
                return
            entries += self._receive(queue, missing)

    # Handling them.

    def _start(self, queue: SqsQueue, entries: list[Entry]) -> None:
        with self._changed:
            self._in_flight += 1
        threading.Thread(
            target=self._handle,
            args=(queue, entries),
            name=f"batch-{self.uuid}",
            daemon=True,
        ).start()

    def _handle(self, queue: SqsQueue, entries: list[Entry]) -> None:
        try:
            for messages, payload in batches.payloads(entries):
                self._invoke(queue, messages, payload)
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def _invoke(self, queue: SqsQueue, messages: list[Received], payload: bytes) -> None:
        try:
            answer = self._invoke_patiently(queue, payload)
        except Exception as error:  # noqa: BLE001 - throttled, being updated, deleted: LocalStack has no common class
            LOG.warning("%s was not invoked for %d messages: %s", self._function_arn, len(messages), error)
            return
        if answer.is_error:
            LOG.info(
                "%s failed for %d messages; they stay until their visibility timeout ends.",
                self._function_arn,
                len(messages),
            )
            return
        failed: set[str] = set()
        if self._reports_failures:
            failed = batches.failed_ids(answer.payload, {message.id for message in messages})
        queues.delete(queue, [message for message in messages if message.id not in failed])

    def _invoke_patiently(self, queue: SqsQueue, payload: bytes) -> functions.Answer:
        """Invoke; a throttled function is asked again until the visibility timeout ends, as by AWS."""
        deadline = time.monotonic() + queue.visibility_timeout
        pause = THROTTLE_SECONDS
        while True:
            try:
                return functions.invoke(self._function_arn, payload)
            except functions.NotNowError:
                if time.monotonic() + pause > deadline or self._shutdown_event.wait(pause):
                    raise
            pause = min(2 * pause, THROTTLE_MOST_SECONDS)

    # Waiting and stopping.

    def wait_until_idle(self, deadline: float) -> bool:
        """Wait until no batch is in flight, or `time.monotonic()` reaches `deadline`; True when idle."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._in_flight, max(0.0, deadline - time.monotonic()))

    @property
    def account(self) -> str:
        """The account of the mapping's queue."""
        return self._queue_arn.split(":")[4]

    def _wait_for_slot(self, *, even_if_stopped: bool = False) -> bool:
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._in_flight < self._limit or (self._shutdown_event.is_set() and not even_if_stopped)
                ),
            )
        return even_if_stopped or not self._shutdown_event.is_set()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()
        if (queue := queues.find_queue(self._queue_arn)) is not None:
            queues.wake(queue)

    def _finish(self) -> None:
        """Say in the store what has become of the mapping, unless an update has replaced this worker."""
        with self._state_lock:
            self._reading = False
            if self._graceful_shutdown_triggered or WORKERS.get(self.uuid) is not self:
                return
            if self.current_state == EsmState.DELETING:
                WORKERS.pop(self.uuid, None)
                self.delete_esm_in_store()
            elif self.current_state == EsmState.DISABLING:
                self.current_state = EsmState.DISABLED
                self.update_esm_state_in_store(EsmState.DISABLED)


def _by_group(entries: list[Entry]) -> list[list[Entry]]:
    """One list per message group, in order; a standard queue's messages are one list."""
    fifo = any("SequenceNumber" in entry["attributes"] for _, entry in entries)
    groups: dict[str | None, list[Entry]] = {}
    for received, entry in entries:
        groups.setdefault(received.group if fifo else None, []).append((received, entry))
    return list(groups.values())
