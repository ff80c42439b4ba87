"""What the ledger costs: the mapping's time, the emulator's memory; with it, compared with without."""

from __future__ import annotations

import statistics
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.rows import BACKLOG, cost, memory, thousand_operations
from harness.client.control import ControlApi
from harness.model.environment import DEFAULT_ACCOUNT
from harness.model.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.project import Project
    from benchmarks.rows import Row

PAIRS = 6


def slower_mapping(project: Project, row: Row) -> float:
    """How long 1,000 operations take with the ledger, as a multiple of without; the median of pairs."""
    project.ensure_up()
    thousand_operations(project, row)
    ratios = []
    for number in range(PAIRS):
        rates = {}
        # What runs second may find a warmer machine: each comes first as often.
        for recorded in (True, False) if number % 2 else (False, True):
            with recording(project, recorded=recorded):
                rates[recorded] = thousand_operations(project, row)
        ratios.append(rates[False] / rates[True])
    return statistics.median(ratios)


def memory_of_histories(project: Project, row: Row) -> float:
    """By how much the emulator grows for the histories of 100,000 messages, in megabytes.

    The messages are sent, received and deleted twice: the first time nothing is recorded, so that what the
    queues themselves take is there before.
    """
    project.ensure_up()
    sqs = project.client("sqs")
    with recording(project, recorded=False):
        cost(sqs, BACKLOG)
    before = memory(project, row)
    cost(sqs, BACKLOG)
    grown = memory(project, row) - before
    control = _control(project)
    (newest,) = control.call("GET", "ledger", None, timeout=300, last="2", kind="deleted", limit="1")
    history = control.call("GET", "ledger", None, timeout=300, message=newest["message_id"])
    if [event["kind"] for event in history] != ["sent", "received", "deleted"]:
        raise HarnessError(f"The history of message {newest['message_id']} is not whole: {history}")
    return grown


@contextmanager
def recording(project: Project, *, recorded: bool) -> Iterator[None]:
    """Within the block the emulator records what happens, or not; afterwards it does."""
    control = _control(project)
    control.call("POST", "ledger", {"recording": recorded})
    try:
        yield
    finally:
        control.call("POST", "ledger", {"recording": True})


def _control(project: Project) -> ControlApi:
    return ControlApi(project.environment().url, DEFAULT_ACCOUNT)
