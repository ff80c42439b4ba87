"""Starts LocalStack inside this process, with what the harness adds to it."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from localstack.logging.setup import setup_logging_from_config
from localstack.runtime.exceptions import LocalstackExit
from localstack.runtime.shutdown import SHUTDOWN_HANDLERS
from localstack.services.lambda_.invocation.internal_sqs_queue import get_fake_sqs_client
from localstack.services.plugins import SERVICE_PLUGINS

from harness_emulator.ledger.recorder import RECORDER
from harness_emulator.ledger.store import LedgerStore
from harness_emulator.localstack import patches, service_index
from harness_emulator.localstack.control_routes import register_routes
from harness_emulator.localstack.runtime import create_runtime

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from harness_emulator.configuration import Options

QUIET_STATUS = 400
"""Requests that were answered below this are not logged."""

LOG = logging.getLogger(__name__)

WARMED_SERVICES = ("iam", "sqs", "lambda", "sts", "logs")
"""Loaded right after the start, while Terraform is still being prepared."""


def run(
    options: Options,
    listener: socket.socket,
    *,
    on_ready: Callable[[], None],
    on_runtime: Callable[[Callable[[], None]], None],
) -> int:
    """Serve until stopped; returns the process's exit code.

    Args:
        options: What the emulator was started with.
        listener: A bound socket on loopback.
        on_ready: Called when requests are served.
        on_runtime: Called, before anything is served, with the function that stops the runtime.
    """
    setup_logging_from_config()
    for name in ("localstack.request.aws", "localstack.request.http"):
        logging.getLogger(name).addFilter(_is_worth_a_line)
    patches.apply()
    if options.ledger is not None:
        for leftover in ("", "-wal", "-shm"):
            Path(f"{options.ledger}{leftover}").unlink(missing_ok=True)
        RECORDER.store = LedgerStore(options.ledger)
        SHUTDOWN_HANDLERS.register(RECORDER.end)
    register_routes(options)

    def ready() -> None:
        LOG.info("Ready on %s:%d.", options.listen, options.port)
        on_ready()
        threading.Thread(target=_warm, name="warm-services", daemon=True).start()

    SHUTDOWN_HANDLERS.register(_end_internal_polls)
    runtime = create_runtime(listener, ready)
    on_runtime(runtime.exit)
    try:
        runtime.run()
    except LocalstackExit as reason:
        LOG.error("LocalStack stopped: %s", reason)  # noqa: TRY400 - a reason, no traceback
        return int(reason.code)
    return int(runtime.exit_code)


def _end_internal_polls() -> None:
    """Let go of the polls on the queues of asynchronous invocations: each would delay the stop by 2 s."""
    for queue in list(get_fake_sqs_client().queue_manager.queues.values()):
        queue.shutdown()


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Refused requests are; the thousands of others are not. The status is among the record's arguments."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    return any(isinstance(item, int) and item >= QUIET_STATUS for item in arguments)


def _warm() -> None:
    for name in WARMED_SERVICES:
        try:
            SERVICE_PLUGINS.require(name)
        except Exception:
            LOG.exception("The service %s did not load.", name)
    service_index.keep()
