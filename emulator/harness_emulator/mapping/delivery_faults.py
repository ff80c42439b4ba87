"""What goes wrong between a mapping and its queue: late invocations, deletes that are lost, duplicates."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from harness_emulator.account import ACCOUNTS
from harness_emulator.faults.rules import Moment
from harness_emulator.sqs import in_process

if TYPE_CHECKING:
    from harness_emulator.faults.rules import Strike
    from harness_emulator.mapping.delivery import Delivery
    from harness_emulator.sqs.in_process import HarnessQueue, Received


def latency(delivery: Delivery) -> float:
    """After how many seconds of the account's time its function is to be asked for."""
    return sum(float(rule.options["seconds"]) for rule, _ in _strike("dispatch", delivery))


def delete(delivery: Delivery, queue: HarnessQueue) -> None:
    """Delete messages that the function has handled, as far as nothing goes wrong.

    Args:
        delivery: The messages to be deleted.
        queue: Theirs.
    """
    if not ACCOUNTS.of(delivery.settings.account).faults.armed:
        in_process.delete(queue, delivery.received, delivery.deletion)
        return
    lost: set[str] = set()
    later: dict[str, float] = {}
    for rule, taken in _strike("delete", delivery):
        if rule.kind == "lose_delete":
            lost |= taken
        else:
            later.update(dict.fromkeys(taken, float(rule.options["seconds"])))
    at_once, at = [], defaultdict(list)
    for received in delivery.received:
        if received.id in lost:
            continue
        if received.id in later:
            at[later[received.id]].append(received)
        else:
            at_once.append(received)
    clock = ACCOUNTS.of(delivery.settings.queue_account).clock
    for seconds, messages in at.items():
        clock.call_later(seconds, partial(in_process.delete, queue, messages, delivery.deletion))
    _delete_now(replace(delivery, received=at_once), queue)


def _delete_now(delivery: Delivery, queue: HarnessQueue) -> None:
    repeated = {message_id for _, taken in _strike("delivered", delivery) for message_id in taken}
    plain: list[Received] = []
    for received in delivery.received:
        if received.id in repeated:
            in_process.delete_and_repeat(queue, received, delivery.deletion)
        else:
            plain.append(received)
    in_process.delete(queue, plain, delivery.deletion)


def _strike(point: str, delivery: Delivery) -> list[Strike]:
    settings = delivery.settings
    faults = ACCOUNTS.of(settings.account).faults
    if not delivery.received or not faults.armed:
        return []
    return faults.strike(
        Moment(
            point,
            queue=settings.queue_name,
            function=settings.function_name,
            fifo=settings.fifo,
            messages=delivery.messages,
            region=settings.region,
            batch_id=delivery.batch_id,
        ),
    )
