"""What every target is: it starts, says where it is and what it can do, and stops."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from harness.progress import Progress

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"

Owner = Literal["detached", "this-process"]


@dataclass(frozen=True)
class Endpoint:
    """Where AWS's APIs answer, and as whom.

    Attributes:
        url: `http://127.0.0.1:PORT`.
        region: The stack's region.
        account: 12 digits. On the emulator the access key id is the account, so this isolates callers.
    """

    url: str
    region: str = DEFAULT_REGION
    account: str = DEFAULT_ACCOUNT

    def client_arguments(self) -> dict[str, Any]:
        """Keyword arguments for `boto3.client`: endpoint, region and the emulator's dummy credentials."""
        return {
            "endpoint_url": self.url,
            "region_name": self.region,
            "aws_access_key_id": self.account,
            "aws_secret_access_key": "test",  # the emulator's dummy: no secret
        }


@dataclass(frozen=True)
class Environment:
    """An environment that is up; what `.harness/environment.json` records.

    Attributes:
        id: Made anew at every start of the emulator; what was deployed to another id is gone.
        target: The target's name.
        url: `http://127.0.0.1:PORT`.
        pid: The emulator's process, 0 where it is not a process of this machine.
        pid_created: That process's creation time (psutil's), so that a reused pid is not mistaken for it.
        started_at: Epoch seconds.
        log: Path of the emulator's log.
        owner: `detached` stays after the command; `this-process` ends with the process that started it.
        capabilities: What the target can do: deploy, send, results, logs, debug, ...
    """

    id: str
    target: str
    url: str
    pid: int
    pid_created: float
    started_at: float
    log: str
    owner: Owner
    capabilities: tuple[str, ...]

    def endpoint(self, *, region: str = DEFAULT_REGION, account: str = DEFAULT_ACCOUNT) -> Endpoint:
        """This environment's endpoint for one region and account."""
        return Endpoint(self.url, region, account)

    def as_json(self) -> dict[str, Any]:
        """The record as JSON types."""
        return {**asdict(self), "capabilities": list(self.capabilities)}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Environment:
        """The inverse of `as_json`."""
        return cls(**{**record, "capabilities": tuple(record["capabilities"])})


class Target(Protocol):
    """A place where a stack can run."""

    name: str

    def running(self) -> Environment | None:
        """The environment that is up and healthy, or None; a record of a dead one is cleared away."""
        ...

    def start(self, progress: Progress, *, owner: Owner) -> Environment:
        """Start one and wait until it is ready.

        Raises:
            EmulatorError: It did not start; `detail` has its last log lines. Nothing is left running.
        """
        ...

    def stop(self) -> Environment | None:
        """Stop what is up, with everything it started; return what was stopped, or None."""
        ...
