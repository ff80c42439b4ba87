"""What a queue is: its attributes, its policy, its dead-letter queue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localstack.services.sqs.models import SqsQueue

from harness_emulator.account import ACCOUNTS
from harness_emulator.sqs.attributes import REMOVED_BY, check, check_name, check_throughput
from harness_emulator.sqs.locating import find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness_emulator.sqs.queue import HarnessQueue


class QueueSettings(SqsQueue):
    """A queue without its messages.

    Attributes:
        fifo: Whether it is a FIFO queue.
        account: The account that it lies in.
        clock: The account's.
        queue_arn: Its ARN.
    """

    fifo = False

    def __init__(
        self,
        name: str,
        region: str,
        account_id: str,
        attributes: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
    ) -> None:
        self.account = ACCOUNTS.of(account_id)
        self.clock = self.account.clock
        super().__init__(name, region, account_id, None, tags)
        self.queue_arn: str = self.arn
        self._redrive: tuple[str, dict[str, Any]] = ("", {})
        self._numbers: dict[str, int] = {}
        created = str(int(self.clock.now()))
        self.attributes.update(CreatedTimestamp=created, LastModifiedTimestamp=created)
        self.check(attributes or {})
        self._apply(attributes or {})

    def check(self, attributes: Mapping[str, str]) -> None:
        """Refuse attributes that it cannot have; see `harness_emulator.sqs.attributes`."""
        check(attributes, fifo=self.fifo, queue_arn=self.queue_arn)
        check_throughput({**self.attributes, **attributes})

    def number(self, name: str) -> int:
        """An attribute that is a number, read once."""
        number = self._numbers.get(name)
        if number is None:
            number = self._numbers[name] = int(self.attributes[name])
        return number

    @property
    def visibility_timeout(self) -> int:
        """Seconds (A-01)."""
        return self.number("VisibilityTimeout")

    @property
    def delay_seconds(self) -> int:
        """Seconds (A-18)."""
        return self.number("DelaySeconds")

    @property
    def message_retention_period(self) -> int:
        """Seconds (A-46)."""
        return self.number("MessageRetentionPeriod")

    @property
    def maximum_message_size(self) -> int:
        """Bytes (A-24)."""
        return self.number("MaximumMessageSize")

    def _apply(self, attributes: Mapping[str, str]) -> None:
        self._numbers.clear()
        for name, value in attributes.items():
            if REMOVED_BY.get(name) == value:
                self.attributes.pop(name, None)
            else:
                self.attributes[name] = value.lower() if value in {"True", "False"} else value

    def add_permission(self, label: str, actions: list[str], account_ids: list[str]) -> None:
        """AddPermission; a policy's only statement may stand alone."""
        self._list_statements()
        super().add_permission(label, actions, account_ids)

    def remove_permission(self, label: str) -> None:
        """RemovePermission."""
        self._list_statements()
        super().remove_permission(label)

    def _list_statements(self) -> None:
        policy = json.loads(self.attributes.get("Policy") or "null")
        if policy and not isinstance(statements := policy.get("Statement", []), list):
            policy["Statement"] = [statements]
            self.attributes["Policy"] = json.dumps(policy)

    def _assert_queue_name(self, name: str) -> None:
        check_name(name, fifo=self.fifo)

    def _dead_letters(self) -> tuple[HarnessQueue | None, int | None]:
        """The dead-letter queue, and how often a message is delivered before it goes there."""
        text = self.attributes.get("RedrivePolicy")
        if not text:
            return None, None
        if self._redrive[0] != text:
            self._redrive = (text, json.loads(text))
        policy = self._redrive[1]
        return find(policy["deadLetterTargetArn"]), int(policy["maxReceiveCount"])
