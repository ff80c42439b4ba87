"""Queues made ahead of the apply, with every planned attribute, and imported by it.

The AWS provider waits 25 s after it created or modified a queue (six equal reads, five seconds apart). A
queue that already is as planned costs it nothing.
"""

from __future__ import annotations

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.client.boto import client
from harness.client.control import ControlApi
from harness.machine.files import write_atomically
from harness.model.errors import StackError
from harness.terraform.queue_plan import QUEUE, is_importable, queue_url
from harness.terraform.stage import IMPORTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from harness.model.environment import RunningEnvironment
    from harness.terraform.queue_plan import PlannedQueue
    from harness.terraform.state import TerraformState

_UNCHANGEABLE = frozenset({"FifoQueue"})


@dataclass
class QueuesAhead:
    """The queues that were made for one apply.

    Attributes:
        made: Address to the queue, for those that did not exist before.
        imported: Addresses that the import file names.
    """

    environment: RunningEnvironment
    account: str
    made: dict[str, PlannedQueue] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)
    _imports: dict[str, str] = field(default_factory=dict)
    _urls: dict[str, str] = field(default_factory=dict)
    _left: set[str] = field(default_factory=set)
    _foreign: set[str] = field(default_factory=set)
    _note: Path | None = None

    @property
    def url(self) -> str | None:
        """What queue URLs are made of; None where somebody else's endpoint gives them as it likes."""
        return self.environment.url if self.environment.control else None

    def prepare(self, planned: Sequence[PlannedQueue], state: TerraformState | None, work: Path) -> None:
        """Make new queues, give known ones their new attributes, and write the import file.

        A queue that the emulator refuses is left to Terraform, whose error is the one that a user knows.

        Args:
            planned: The queues, each after those that it needs. Those of earlier calls are imported too.
            state: Terraform's.
            work: Terraform's root module.

        Raises:
            StackError: Somebody else's endpoint holds a queue of that name already, or gives queue URLs that
                Terraform's AWS provider does not take.
        """
        known = state.addresses() if state is not None else set()
        self._take_note(work, [queue for queue in planned if queue.address not in known])
        if self.environment.control:
            # SQS keeps the name of a deleted queue for a minute, which Terraform would wait for.
            ControlApi(self.environment.url, self.account).call("DELETE", "deleted-queues")
        for generation in _generations(planned):
            with ThreadPoolExecutor(4, thread_name_prefix="harness-queues") as pool:
                list(
                    pool.map(
                        lambda queue: self._prepare(queue, exists=queue.address in known, state=state),
                        generation,
                    )
                )
        self._imports |= {q.address: self._url(q) for q in planned if q.address in self.imported}
        imports = [{"to": address, "id": url} for address, url in self._imports.items()]
        path = work / IMPORTS
        if imports:
            write_atomically(path, json.dumps({"import": imports}, indent=2))
        else:
            path.unlink(missing_ok=True)

    def discard(self, state: TerraformState | None) -> None:
        """After a failed apply: delete the queues that were made for it and did not get into the state."""
        kept = state.addresses() if state is not None else set()
        for address, queue in reversed(self.made.items()):
            if address not in kept:
                with contextlib.suppress(*_refusals()):
                    self._client(queue.region).delete_queue(QueueUrl=self._url(queue))

    def close(self) -> None:
        """The apply has ended, and what it did not take was discarded: nothing is left to take up."""
        if self._note is not None:
            self._note.unlink(missing_ok=True)

    def _take_note(self, work: Path, new: Iterable[PlannedQueue]) -> None:
        """Write down which queues are about to be made, for the deploy after this process is killed."""
        new = list(new)
        self._note = work / "queues-ahead.json"
        left = self._left_behind()
        there = {queue.address for queue in new if self._exists(queue)}
        self._left = {queue.address for queue in new if _place(queue) in left} & there
        self._foreign = there - self._left
        if self._foreign and self.environment.shared:
            taken = ", ".join(sorted(queue.name for queue in new if queue.address in self._foreign))
            raise StackError(
                f"The endpoint {self.environment.url} holds {taken} already, and not by this project: "
                "another copy of it may be deployed there.",
                hint="Bring that one down, delete the queues there, or give the stack's queues other names.",
            )
        mine = left | {_place(queue) for queue in new if queue.address not in there}
        write_atomically(self._note, json.dumps({"environment": self.environment.id, "queues": sorted(mine)}))

    def _left_behind(self) -> set[str]:
        """Queues that an apply was about to make when its process was killed: they are nobody else's."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8")) if self._note is not None else {}
            return set(note["queues"]) if note["environment"] == self.environment.id else set()
        except (OSError, ValueError, KeyError, TypeError):
            return set()

    def _prepare(self, queue: PlannedQueue, *, exists: bool, state: TerraformState | None) -> None:
        with contextlib.suppress(*_refusals()):
            if exists:
                self._align(queue, state)
            else:
                self._make(queue)

    def _make(self, queue: PlannedQueue) -> None:
        if queue.address in self._foreign:
            # Somebody else's queue, made outside of Terraform: for Terraform to say what it thinks of that.
            return
        if queue.address in self._left:
            self._set(queue)
            url = self._url(queue)
        else:
            client = self._client(queue.region)
            made = client.create_queue(QueueName=queue.name, Attributes=queue.attributes, tags=queue.tags)
            url = made["QueueUrl"]
            self._urls[queue.address] = url
        self.made[queue.address] = queue
        if not is_importable(url):
            raise StackError(
                f"The endpoint {self.environment.url} gives its queues URLs like {url}, which Terraform's "
                "AWS provider does not take: their path must be /ACCOUNT/NAME.",
                hint="Start LocalStack with SQS_ENDPOINT_STRATEGY=standard (its default), domain or off.",
            )
        self.imported.add(queue.address)

    def _exists(self, queue: PlannedQueue) -> bool:
        client = self._client(queue.region)
        try:
            client.get_queue_url(QueueName=queue.name)
        except client.exceptions.QueueDoesNotExist:
            return False
        except _refusals():
            return True
        return True

    def _align(self, queue: PlannedQueue, state: TerraformState | None) -> None:
        """Give a queue that Terraform manages its new attributes, so that it finds nothing to modify."""
        known = {i.address: i.attributes for i in state.instances(QUEUE)} if state is not None else {}
        if known.get(queue.address, {}).get("name") != queue.name:
            return  # it will be replaced
        self._set(queue)

    def _set(self, queue: PlannedQueue) -> None:
        client = self._client(queue.region)
        now = client.get_queue_attributes(QueueUrl=self._url(queue), AttributeNames=["All"]).get(
            "Attributes", {}
        )
        wanted = {n: v for n, v in queue.attributes.items() if n not in _UNCHANGEABLE and now.get(n) != v}
        if wanted:
            client.set_queue_attributes(QueueUrl=self._url(queue), Attributes=wanted)
        tags = client.list_queue_tags(QueueUrl=self._url(queue)).get("Tags", {})
        if gone := [name for name in tags if name not in queue.tags]:
            client.untag_queue(QueueUrl=self._url(queue), TagKeys=gone)
        if new := {name: value for name, value in queue.tags.items() if tags.get(name) != value}:
            client.tag_queue(QueueUrl=self._url(queue), Tags=new)

    def _url(self, queue: PlannedQueue) -> str:
        if self.environment.control:
            return queue_url(self.environment.url, self.account, queue.name)
        if queue.address not in self._urls:
            answer = self._client(queue.region).get_queue_url(QueueName=queue.name)
            self._urls[queue.address] = str(answer["QueueUrl"])
        return self._urls[queue.address]

    def _client(self, region: str) -> Any:

        return client(self.environment.endpoint(region=region, account=self.account), "sqs")


def _place(queue: PlannedQueue) -> str:
    return f"{queue.region} {queue.name}"


def _refusals() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see `_client`

    return BotoCoreError, ClientError


def _generations(planned: Iterable[PlannedQueue]) -> list[list[PlannedQueue]]:
    """The queues in groups: what a queue needs is in an earlier group."""
    groups: list[list[PlannedQueue]] = []
    level: dict[str, int] = {}
    for queue in planned:
        depth = max((level[need] + 1 for need in queue.needs if need in level), default=0)
        level[queue.address] = depth
        while len(groups) <= depth:
            groups.append([])
        groups[depth].append(queue)
    return groups
