"""The deployed stack: its queues and functions, found by CDKTF construct id or by AWS name."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from harness.client.boto import client
from harness.client.clock import Clock
from harness.client.control import ControlApi
from harness.client.faults import Faults
from harness.client.function import Function
from harness.client.ledger import Ledger
from harness.client.queue import Queue
from harness.client.settling import still_moving
from harness.model.errors import HarnessError, NotFoundInStackError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.model.deployment import Deployment, FunctionResource, QueueResource
    from harness.model.environment import Endpoint


class Stack:
    """What a test holds.

    Args:
        deployment: What is deployed, read from Terraform's state.
        endpoint: Where it answers.
        capabilities: What the target can do besides.
    """

    def __init__(
        self, deployment: Deployment, endpoint: Endpoint, capabilities: frozenset[str] = frozenset()
    ) -> None:
        self.deployment = deployment
        self.endpoint = endpoint
        self.capabilities = capabilities

    def __repr__(self) -> str:
        return f"Stack({self.name!r}, {self.endpoint.url}, account {self.endpoint.account})"

    @property
    def name(self) -> str:
        """The stack's CDKTF name."""
        return self.deployment.stack

    @property
    def outputs(self) -> Mapping[str, Any]:
        """The stack's Terraform outputs."""
        return self.deployment.outputs

    @cached_property
    def clock(self) -> Clock:
        """The time that the stack lives in: its account's, where the environment has `virtual_clock`."""
        if "virtual_clock" not in self.capabilities:
            return Clock(
                None, still_moving=lambda seconds: still_moving(self, seconds), pause=self.endpoint.pause
            )
        return Clock(ControlApi(self.endpoint.url, self.endpoint.account))

    @cached_property
    def faults(self) -> Faults:
        """What is to go wrong in it, where the environment has `faults`."""
        control = ControlApi(self.endpoint.url, self.endpoint.account)
        return Faults(control if "faults" in self.capabilities else None, self.queue, self.function)

    @cached_property
    def ledger(self) -> Ledger:
        """What has happened in its account, where the environment has `ledger`."""
        return Ledger(self)

    def client(self, service: str) -> Any:
        """A boto3 client of the stack's endpoint, account and region, for what the stack uses besides.

        Args:
            service: As boto3 names it: `dynamodb`, `s3`, ...; each is made once and may be used from several
                threads.
        """
        return client(self.endpoint, service)

    def assert_nothing_lost(self) -> None:
        """Fail with their stories, if messages were lost; see `Ledger.assert_nothing_lost`.

        Raises:
            AssertionError: Some were lost.
        """
        __tracebackhide__ = True
        self.ledger.assert_nothing_lost()

    @cached_property
    def queues(self) -> tuple[Queue, ...]:
        """Every queue of the stack."""
        return tuple(self._queue(resource) for resource in self.deployment.queues)

    @cached_property
    def functions(self) -> tuple[Function, ...]:
        """Every function of the stack."""
        return tuple(
            Function(
                name=resource.name,
                arn=resource.arn,
                log_group=resource.log_group,
                environment=resource.environment,
                endpoint=self._endpoint_in(resource.arn),
            )
            for resource in self.deployment.functions
        )

    def queue(self, name: str) -> Queue:
        """The queue of that construct id or AWS name.

        Raises:
            NotFoundInStackError: There is none; the message lists those there are.
        """
        return self.queues[_position(name, self.deployment.queues, "queue", self.deployment)]

    def function(self, name: str) -> Function:
        """The function of that construct id or AWS name.

        Raises:
            NotFoundInStackError: There is none; the message lists those there are.
        """
        return self.functions[_position(name, self.deployment.functions, "function", self.deployment)]

    def input_queue(self) -> Queue:
        """The queue of the stack's only event source mapping.

        Raises:
            NotFoundInStackError: It has none, or several queues are mapped.
        """
        mapped = {mapping.queue_arn for mapping in self.deployment.mappings}
        inputs = [queue for queue in self.queues if queue.arn in mapped]
        if len(inputs) != 1:
            self._ambiguous("input queue", "an event source mapping reads", [queue.name for queue in inputs])
        return inputs[0]

    def function_mapped(self) -> Function:
        """The function of the stack's only event source mapping.

        Raises:
            NotFoundInStackError: It has none, or mappings of several functions.
        """
        mapped = {_unqualified(mapping.function_arn) for mapping in self.deployment.mappings}
        targets = [function for function in self.functions if function.arn in mapped]
        if len(targets) != 1:
            self._ambiguous(
                "function", "an event source mapping invokes", [function.name for function in targets]
            )
        return targets[0]

    def output_queue(self) -> Queue:
        """The queue whose URL stands in the mapped function's environment.

        Raises:
            NotFoundInStackError: There is no such queue, or there are several.
        """
        function = self.function_mapped()
        named = set(function.environment.values())
        outputs = [queue for queue in self.queues if queue.url in named]
        if len(outputs) != 1:
            self._ambiguous(
                "output queue", f"the environment of {function.name} names", [queue.name for queue in outputs]
            )
        return outputs[0]

    def last_errors(self) -> str | None:
        """The last lines of the functions' logs that tell of failed invocations, None without any."""
        try:
            found = [(function, function.last_errors()) for function in self.functions]
        except HarnessError:  # this only adds to a message that says more
            return None
        lines = [f"{function.log_group}: {line}" for function, errors in found for line in errors]
        return "\n".join(lines) or None

    def _queue(self, resource: QueueResource) -> Queue:
        return Queue(
            name=resource.name,
            url=resource.url,
            arn=resource.arn,
            fifo=resource.fifo,
            endpoint=self._endpoint_in(resource.arn),
            diagnose=self.last_errors,
            ledger=self.ledger,
        )

    def _endpoint_in(self, arn: str) -> Endpoint:
        """The endpoint in a resource's own region: a stack may have several."""
        return replace(self.endpoint, region=arn.split(":")[3])

    def _ambiguous(self, kind: str, which: str, found: list[str]) -> NoReturn:
        raise NotFoundInStackError(
            f"{kind.capitalize()}: {which} {', '.join(found) or 'none'}; exactly one can be the default.",
            hint=f"Name it. Queues of {self.name}: "
            f"{', '.join(queue.name for queue in self.queues) or 'none'}; functions: "
            f"{', '.join(function.name for function in self.functions) or 'none'}.",
        )


def _position(
    name: str, resources: Sequence[QueueResource | FunctionResource], kind: str, deployment: Deployment
) -> int:
    """Where `name` stands: an AWS name before a construct id, a whole id before the last part of one.

    After those, Terraform's address.

    An AWS name is also the one that the stack gives, where this deployment's names have a prefix.
    """
    several = False
    for names in (
        [resource.name for resource in resources],
        [resource.name.removeprefix(deployment.prefix) for resource in resources],
        [resource.construct_id for resource in resources],
        [resource.construct_id.rpartition("/")[2] for resource in resources],
        [resource.address for resource in resources],
    ):
        found = [position for position, known in enumerate(names) if known == name]
        if len(found) == 1:
            return found[0]
        several = several or len(found) > 1
    there = ", ".join(f"{resource.construct_id} ({resource.name})" for resource in resources)
    raise NotFoundInStackError(
        f"The stack {deployment.stack} has {'more than one' if several else 'no'} {kind} {name!r}.",
        hint=f"It has: {there}." if there else f"It has no {kind} at all.",
    )


def _unqualified(function_arn: str) -> str:
    """`arn:aws:lambda:REGION:ACCOUNT:function:NAME` without a version or alias."""
    return ":".join(function_arn.split(":")[:7])
