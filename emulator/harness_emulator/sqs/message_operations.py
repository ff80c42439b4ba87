"""SendMessage, ReceiveMessage, DeleteMessage, ChangeMessageVisibility: one message, or one call for some."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from localstack.services.sqs.utils import create_message_attribute_hash

from harness_emulator.sqs import checks, quotas, send_faults
from harness_emulator.sqs.errors import invalid, invalid_parameter, missing
from harness_emulator.sqs.locating import queue_of
from harness_emulator.sqs.message import StoredMessage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness_emulator.sqs.queue import HarnessQueue

Attributes = dict[str, Any]


class MessageOperations:
    """The operations on single messages."""

    def send_message(
        self,
        context: Any,
        *,
        message_body: str,
        queue_url: str,
        delay_seconds: int | None = None,
        message_attributes: Attributes | None = None,
        message_system_attributes: Attributes | None = None,
        message_deduplication_id: str | None = None,
        message_group_id: str | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        """SendMessage."""
        queue = queue_of(context, queue_url)
        if queue.fifo and message_group_id is None:
            raise missing("MessageGroupId")
        size = checks.size_of(message_body, message_attributes)
        if size > queue.maximum_message_size:
            raise invalid_parameter(
                "One or more parameters are invalid. "
                f"Reason: Message must be shorter than {queue.maximum_message_size} bytes."
            )
        for error in send_faults.failing(context, queue, {"": message_body}).values():
            raise error
        return send(
            queue,
            context,
            message_body,
            delay=delay_seconds,
            attributes=message_attributes,
            system_attributes=message_system_attributes,
            deduplication_id=message_deduplication_id,
            group=message_group_id,
        )

    def receive_message(
        self,
        context: Any,
        *,
        queue_url: str,
        attribute_names: Sequence[str] = (),
        message_system_attribute_names: Sequence[str] = (),
        message_attribute_names: Sequence[str] = (),
        max_number_of_messages: int = 1,
        visibility_timeout: int | None = None,
        wait_time_seconds: int | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        """ReceiveMessage: as many as there are, up to the maximum (A-15, A-16)."""
        queue = queue_of(context, queue_url)
        if not 1 <= max_number_of_messages <= quotas.MOST_RECEIVED:
            raise invalid(
                max_number_of_messages,
                "MaxNumberOfMessages",
                f"Must be between 1 and {quotas.MOST_RECEIVED}, if provided.",
            )
        _check_range(wait_time_seconds, "WaitTimeSeconds", quotas.LONGEST_POLL)
        _check_range(visibility_timeout, "VisibilityTimeout", quotas.LONGEST_INVISIBLE)
        wait = queue.wait_time_seconds if wait_time_seconds is None else wait_time_seconds
        received = queue.receive(
            max_number_of_messages,
            wait,
            visibility_timeout,
            quota_fails=not wait and not queue.fifo,
        )
        if not received:
            return {}
        names = message_system_attribute_names or attribute_names
        return {
            "Messages": [
                {**message.show(names, message_attribute_names), "ReceiptHandle": message.handle}
                for message in received
            ]
        }

    def delete_message(self, context: Any, receipt_handle: str, queue_url: str, **_: Any) -> None:
        """DeleteMessage."""
        queue_of(context, queue_url).remove(receipt_handle)

    def change_message_visibility(
        self,
        context: Any,
        receipt_handle: str,
        visibility_timeout: int,
        queue_url: str,
        **_: Any,
    ) -> None:
        """ChangeMessageVisibility."""
        queue_of(context, queue_url).update_visibility_timeout(receipt_handle, visibility_timeout)


def send(
    queue: HarnessQueue,
    context: Any,
    body: str,
    *,
    delay: int | None = None,
    attributes: Attributes | None = None,
    system_attributes: Attributes | None = None,
    deduplication_id: str | None = None,
    group: str | None = None,
) -> dict[str, Any]:
    """Check a message, put it into the queue, and answer as SendMessage does; its size is checked already.

    Raises:
        ServiceException: It cannot be sent like that.
    """
    if not body:
        raise missing("MessageBody")
    checks.check_content(body)
    checks.check_attributes(attributes)
    checks.check_system_attributes(system_attributes)
    checks.check_fifo_id(deduplication_id, "MessageDeduplicationId")
    checks.check_fifo_id(group, "MessageGroupId")
    checks.check_delay(delay)
    if queue.fifo:
        check_deduplication(queue, deduplication_id)
    elif deduplication_id is not None:
        raise invalid(
            deduplication_id,
            "MessageDeduplicationId",
            "The request includes a parameter that is not valid for this queue type.",
        )
    body_md5 = _md5(body)
    attributes_md5 = create_message_attribute_hash(attributes) if attributes else None
    sent = queue.put(
        StoredMessage(
            str(uuid.uuid4()),
            body,
            body_md5,
            _system(context, system_attributes, deduplication_id, group),
            attributes=attributes,
            attributes_md5=attributes_md5,
            group=group,
        ),
        delay,
    )
    answer = {"MessageId": sent.message_id, "MD5OfMessageBody": body_md5}
    if attributes_md5:
        answer["MD5OfMessageAttributes"] = attributes_md5
    if system_attributes:
        answer["MD5OfMessageSystemAttributes"] = create_message_attribute_hash(system_attributes)
    if sent.sequence_number is not None:
        answer["SequenceNumber"] = sent.sequence_number
    return answer


def check_deduplication(queue: HarnessQueue, deduplication_id: str | None) -> None:
    """Refuse a message whose repetitions could not be told (A-57).

    Raises:
        InvalidParameterValueException: It has no deduplication id and the queue makes none.
    """
    if deduplication_id is None and queue.attributes["ContentBasedDeduplication"].lower() != "true":
        raise invalid_parameter(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId "
            "provided explicitly"
        )


def _system(
    context: Any, system_attributes: Attributes | None, deduplication_id: str | None, group: str | None
) -> dict[str, str]:
    system = {"SenderId": context.account_id}  # an id of the caller on AWS
    if (trace := context.request.headers.get("X-Amzn-Trace-Id")) is not None:
        system[checks.TRACE_HEADER] = trace
    for name, attribute in (system_attributes or {}).items():
        system[name] = attribute["StringValue"]
    if group is not None:
        system["MessageGroupId"] = group
    if deduplication_id is not None:
        system["MessageDeduplicationId"] = deduplication_id
    return system


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _check_range(value: int | None, parameter: str, most: int) -> None:
    if value is not None and not 0 <= value <= most:
        raise invalid(value, parameter, f"Must be >= 0 and <= {most}, if provided.")
