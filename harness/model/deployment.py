"""A deployed stack: its queues, functions, event source mappings and outputs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


HIDDEN = "(sensitive value)"


@dataclass(frozen=True)
class QueueResource:
    """An `aws_sqs_queue`.

    Attributes:
        construct_id: Its CDKTF construct id, with the ids of the constructs around it below the stack
            (`Pair/Input`).
        address: Terraform's.
        name: AWS's.
        url: As the emulator gives it.
        arn: As AWS gives it.
        fifo: Whether it is a FIFO queue.
    """

    construct_id: str
    address: str
    name: str
    url: str
    arn: str
    fifo: bool


@dataclass(frozen=True)
class FunctionResource:
    """An `aws_lambda_function`.

    Attributes:
        construct_id: Its CDKTF construct id.
        address: Terraform's.
        name: AWS's.
        arn: Without a version.
        log_group: The CloudWatch log group that it writes to.
        timeout: Seconds.
        runtime: `python3.13`.
        environment: Its environment variables.
        code_sha256: Of its deployed code, base64 as Lambda tells it.
        package: Its deployed zip; None where the code is not a file.
    """

    construct_id: str
    address: str
    name: str
    arn: str
    log_group: str
    timeout: int
    runtime: str
    environment: Mapping[str, str]
    code_sha256: str = ""
    package: Path | None = None


@dataclass(frozen=True)
class MappingResource:
    """An `aws_lambda_event_source_mapping` from a queue."""

    uuid: str
    queue_arn: str
    function_arn: str
    batch_size: int


@dataclass(frozen=True)
class Deployment:
    """A stack as it is deployed to one place of one environment.

    Attributes:
        stack: Its CDKTF name.
        account: 12 digits.
        prefix: What its resources' AWS names begin with, before what the stack calls them; often empty.
        region: The default AWS provider's.
        environment_id: Of the environment that holds it.
        folder: Terraform's work folder, with the state.
        queues: In the order of their addresses; functions and mappings too.
        functions: See `queues`.
        mappings: See `queues`.
        outputs: Terraform's outputs, sensitive ones included: tests may need them.
        sensitive: The names of the outputs that Terraform marks as sensitive; their values are never shown.
        changed: Whether this deployment changed anything; False when all stood already.
    """

    stack: str
    account: str
    region: str
    environment_id: str
    folder: Path
    queues: tuple[QueueResource, ...]
    functions: tuple[FunctionResource, ...]
    mappings: tuple[MappingResource, ...]
    outputs: Mapping[str, Any] = field(repr=False)
    changed: bool
    prefix: str = ""
    sensitive: frozenset[str] = frozenset()

    def shown_outputs(self) -> dict[str, Any]:
        """The outputs as they may be printed: a sensitive one's value is `(sensitive value)`."""
        return {name: HIDDEN if name in self.sensitive else value for name, value in self.outputs.items()}

    def as_json(self) -> dict[str, Any]:
        """The deployment in JSON types, without what may be a secret.

        Functions come without their environment variables, and sensitive outputs without their values.
        """
        document = asdict(self)
        del document["sensitive"]
        for function in document["functions"]:
            del function["environment"]
        return {**document, "outputs": self.shown_outputs()}
