"""StartMessageMoveTask, ListMessageMoveTasks, CancelMessageMoveTask (A-44)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localstack.services.sqs.models import sqs_stores
from localstack.utils.aws.arns import parse_arn

from harness_emulator.account import ACCOUNTS
from harness_emulator.sqs import quotas
from harness_emulator.sqs.errors import invalid, invalid_parameter, no_such_resource
from harness_emulator.sqs.locating import find, store_of
from harness_emulator.sqs.moves import RUNNING, MoveTask, task_of

if TYPE_CHECKING:
    from harness_emulator.sqs.queue import HarnessQueue

MOST_LISTED = 10


class MoveOperations:
    """The operations on message move tasks."""

    def start_message_move_task(
        self,
        context: Any,
        source_arn: str,
        destination_arn: str | None = None,
        max_number_of_messages_per_second: int | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        """StartMessageMoveTask; of one source, one at a time."""
        rate = max_number_of_messages_per_second
        if rate is not None and not 1 <= rate <= quotas.MOST_MOVED_PER_SECOND:
            raise invalid(
                rate,
                "MaxNumberOfMessagesPerSecond",
                f"Must be between 1 and {quotas.MOST_MOVED_PER_SECOND}, if provided.",
            )
        source = _existing(source_arn, "SourceArn")
        if not _is_dead_letter_queue(source.queue_arn):
            raise invalid_parameter("Source queue must be configured as a Dead Letter Queue.")
        if destination_arn:
            target = _existing(destination_arn, "DestinationArn")
            if target.fifo != source.fifo:
                raise invalid_parameter("Source and destination must be queues of the same type.")
        with ACCOUNTS.of(source.account_id).queue_lock:
            tasks = store_of(context.account_id, context.region).move_tasks
            if any(task.source_arn == source_arn and task.status == RUNNING for task in tasks.values()):
                raise invalid_parameter(
                    "There is already a task running. Only one active task is allowed for a source queue "
                    "arn at a given time."
                )
            task = MoveTask(source_arn, destination_arn or None, rate)
            tasks[task.task_id] = task
        task.start()
        return {"TaskHandle": task.handle}

    def list_message_move_tasks(
        self, context: Any, source_arn: str, max_results: int = 1, **_: Any
    ) -> dict[str, Any]:
        """ListMessageMoveTasks: the latest first."""
        if not 1 <= max_results <= MOST_LISTED:
            raise invalid(max_results, "MaxResults", f"Must be between 1 and {MOST_LISTED}, if provided.")
        _existing(source_arn, "SourceArn")
        tasks = list(store_of(context.account_id, context.region).move_tasks.values())
        latest = [task for task in reversed(tasks) if task.source_arn == source_arn][:max_results]
        return {"Results": [task.show() for task in latest]}

    def cancel_message_move_task(self, context: Any, task_handle: str, **_: Any) -> dict[str, Any]:
        """CancelMessageMoveTask; what was moved stays moved."""
        try:
            task_id, source_arn = task_of(task_handle)
        except ValueError:
            raise invalid_parameter("Value for parameter TaskHandle is invalid.") from None
        _existing(source_arn, "SourceArn")
        task = store_of(context.account_id, context.region).move_tasks.get(task_id)
        if task is None:
            raise no_such_resource("Task does not exist.")
        if task.status != RUNNING:
            raise invalid_parameter(
                f"Only active tasks can be cancelled; the status of this one is {task.status}."
            )
        task.cancel()
        return {"ApproximateNumberOfMessagesMoved": task.moved}


def _existing(arn: str, parameter: str) -> HarnessQueue:
    try:
        parse_arn(arn)
    except ValueError:
        raise invalid_parameter(
            f"You must use this format to specify the {parameter}: "
            "arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
        ) from None
    queue = find(arn)
    if queue is None:
        raise no_such_resource(
            f"The resource that you specified for the {parameter} parameter doesn't exist."
        )
    return queue


def _is_dead_letter_queue(arn: str) -> bool:
    return any(
        (queue.redrive_policy or {}).get("deadLetterTargetArn") == arn
        for _, _, store in sqs_stores.iter_stores()
        for queue in store.queues.values()
    )
