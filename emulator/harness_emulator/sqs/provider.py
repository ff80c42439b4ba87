"""SQS's operations: LocalStack's provider, with AWS's checks and with queues on the account's clock.

Attribute changes, purges and deletions take effect at once (A-21, A-47, A-51, A-52 allow up to a minute), and
no request rate is refused (A-65): a test's result must not depend on how fast the machine is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localstack.aws.api.sqs import QueueDeletedRecently, QueueNameExists
from localstack.services.edge import ROUTER
from localstack.services.sqs.models import sqs_stores
from localstack.services.sqs.provider import SqsProvider

from harness_emulator.account import ACCOUNTS
from harness_emulator.sqs import quotas
from harness_emulator.sqs.attributes import check_name, differs
from harness_emulator.sqs.batch_operations import BatchOperations
from harness_emulator.sqs.endpoints import DeveloperApi, queue_as_endpoint
from harness_emulator.sqs.errors import invalid, missing, purged_recently
from harness_emulator.sqs.fifo import FifoQueue
from harness_emulator.sqs.locating import is_query, queue_named, queue_of, store_of
from harness_emulator.sqs.message_operations import MessageOperations
from harness_emulator.sqs.move_operations import MoveOperations
from harness_emulator.sqs.standard import StandardQueue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness_emulator.sqs.queue import HarnessQueue

MOST_LISTED = 1000


class HarnessSqsProvider(MessageOperations, BatchOperations, MoveOperations, SqsProvider):
    """The provider that PROVIDER_OVERRIDE_SQS=harness selects."""

    def on_before_start(self) -> None:
        """Add the routes; unlike LocalStack's, no thread watches the queues."""
        self._routes = [ROUTER.add(queue_as_endpoint), *ROUTER.add(DeveloperApi())]

    def on_before_stop(self) -> None:
        """Take the routes away, and let go of who waits."""
        ROUTER.remove(self._routes)
        for _, _, store in sqs_stores.iter_stores():
            for queue in list(store.queues.values()):
                queue.shutdown()

    # How LocalStack's own operations find a queue.

    def _resolve_queue(
        self, context: Any, queue_name: str | None = None, queue_url: str = ""
    ) -> HarnessQueue:
        return queue_of(context, queue_name or queue_url)

    # Queues.

    def create_queue(
        self,
        context: Any,
        queue_name: str,
        attributes: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
        **_: Any,
    ) -> dict[str, str]:
        """CreateQueue: again with equal attributes it answers the same (A-49)."""
        wanted = dict(attributes or {})
        fifo = wanted.get("FifoQueue", "").lower() == "true"
        check_name(queue_name, fifo=fifo)
        with ACCOUNTS.of(context.account_id).queue_lock:
            store = store_of(context.account_id, context.region)
            queue = store.queues.get(queue_name)
            if queue is not None:
                queue.check(wanted)
                for name, value in wanted.items():
                    if differs(name, queue.attributes.get(name), value):
                        raise QueueNameExists(
                            "A queue already exists with the same name and a different value for attribute "
                            f"{name}"
                        )
                return {"QueueUrl": queue.url(context)}
            _check_not_deleted_recently(store, context.account_id, queue_name)
            kind = FifoQueue if fifo else StandardQueue
            queue = kind(queue_name, context.region, context.account_id, wanted, tags)
            store.queues[queue_name] = queue
            if tags:
                self._tag_queue(queue, tags)
            return {"QueueUrl": queue.url(context)}

    def get_queue_url(
        self,
        context: Any,
        queue_name: str,
        queue_owner_aws_account_id: str | None = None,
        **_: Any,
    ) -> dict[str, str]:
        """GetQueueUrl."""
        account = queue_owner_aws_account_id or context.account_id
        queue = queue_named(account, context.region, queue_name, query=is_query(context))
        return {"QueueUrl": queue.url(context)}

    def list_queues(self, context: Any, max_results: int | None = None, **parameters: Any) -> Any:
        """ListQueues."""
        _check_listed(max_results)
        return super().list_queues(context, max_results=max_results, **parameters)

    def list_dead_letter_source_queues(
        self, context: Any, queue_url: str, max_results: int | None = None, **parameters: Any
    ) -> Any:
        """ListDeadLetterSourceQueues."""
        _check_listed(max_results)
        return super().list_dead_letter_source_queues(
            context, queue_url=queue_url, max_results=max_results, **parameters
        )

    def delete_queue(self, context: Any, queue_url: str, **_: Any) -> None:
        """DeleteQueue: its name is taken for 60 s more (A-52)."""
        queue = queue_of(context, queue_url)
        with queue.mutex:
            store = store_of(queue.account_id, queue.region)
            queue.purge("the queue was deleted")
            queue.shutdown()
            if store.queues.pop(queue.name, None) is not None:
                store.deleted[queue.name] = queue.clock.now()
                self._remove_all_queue_tags(queue)

    def purge_queue(self, context: Any, queue_url: str, **_: Any) -> None:
        """PurgeQueue: once in 60 s (A-51)."""
        queue = queue_of(context, queue_url)
        with queue.mutex:
            now = queue.clock.now()
            if queue.purged is not None and now < queue.purged + quotas.PURGE_SECONDS:
                raise purged_recently(queue.name)
            queue.purged = now
            queue.purge()

    def get_queue_attributes(
        self, context: Any, queue_url: str, attribute_names: Sequence[str] = (), **_: Any
    ) -> dict[str, Any]:
        """GetQueueAttributes: those that are asked for, as texts."""
        found = queue_of(context, queue_url).get_queue_attributes(attribute_names)
        return {"Attributes": found} if found else {}

    def set_queue_attributes(
        self, context: Any, attributes: dict[str, str], queue_url: str, **_: Any
    ) -> None:
        """SetQueueAttributes."""
        queue_of(context, queue_url).set_attributes(attributes)

    def add_permission(
        self,
        context: Any,
        label: str,
        aws_account_ids: Sequence[str],
        actions: Sequence[str],
        queue_url: str,
        **_: Any,
    ) -> None:
        """AddPermission: a statement of the queue's policy."""
        queue = queue_of(context, queue_url)
        for parameter, given in (("AWSAccountIds", aws_account_ids), ("Actions", actions)):
            if not given:
                raise missing(parameter)
        self._validate_actions(actions)
        queue.add_permission(label, list(actions), list(aws_account_ids))


def _check_not_deleted_recently(store: Any, account: str, name: str) -> None:
    now = ACCOUNTS.of(account).clock.now()
    for deleted, when in list(store.deleted.items()):
        if now >= when + quotas.DELETED_SECONDS:
            del store.deleted[deleted]
    if name in store.deleted:
        raise QueueDeletedRecently(
            f"You must wait {quotas.DELETED_SECONDS} seconds after deleting a queue before you can create "
            "another with the same name."
        )


def _check_listed(most: int | None) -> None:
    if most is not None and not 1 <= most <= MOST_LISTED:
        raise invalid(most, "MaxResults", f"MaxResults must be an integer between 1 and {MOST_LISTED}")
