"""A running environment: where it is, a deployment's place in it, and how AWS's APIs are reached there."""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass
from typing import Any, Literal

DEFAULT_ACCOUNT = "000000000000"
DEFAULT_REGION = "us-east-1"

RUN_TAG = "sqs-lambda-harness"
"""The tag that says which run a resource on AWS belongs to: the prefix of its names, without the hyphen."""
STARTED_TAG = "sqs-lambda-harness-started"
"""The tag that says when that run started, in epoch seconds."""

Owner = Literal["detached", "this-process"]
_SMALLEST_ACCOUNT = 10**11
"""The first 12-digit number without a leading zero."""


@dataclass(frozen=True)
class Place:
    """Where in an environment one deployment lies, apart from every other.

    On an emulator that is an account of its own. On AWS all share one account, and names keep them apart.

    Attributes:
        account: 12 digits.
        prefix: What its resources' AWS names begin with (`hx3f9a1c-`); empty where the account is its own.
        on_aws: Whether the account is one of AWS's own.
        tags: What all of its resources are tagged with.
    """

    account: str = DEFAULT_ACCOUNT
    prefix: str = ""
    on_aws: bool = False
    tags: tuple[tuple[str, str], ...] = ()

    @property
    def folder(self) -> str:
        """Its folder's name below `.harness/deploy/`."""
        return self.account + (f"-{self.prefix.rstrip('-')}" if self.prefix else "")


def own_account(seed: str = "") -> Place:
    """The place of `seed` where each has an account of its own; the default account for no seed."""
    if not seed:
        return Place()
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big")
    return Place(str(_SMALLEST_ACCOUNT + number % (9 * _SMALLEST_ACCOUNT)))


@dataclass(frozen=True)
class Endpoint:
    """Where AWS's APIs answer, and as whom.

    Attributes:
        url: `http://127.0.0.1:PORT`; empty for AWS itself.
        region: The stack's region.
        account: 12 digits. On the emulator the access key id is the account, so this isolates callers.
        on_aws: Whether it is AWS, called with the host's own credentials.
    """

    url: str
    region: str = DEFAULT_REGION
    account: str = DEFAULT_ACCOUNT
    on_aws: bool = False

    @property
    def pause(self) -> float:
        """Seconds between two looks at something for which AWS has no waiting call: it counts calls."""
        return 1.0 if self.on_aws else 0.05

    def client_arguments(self) -> dict[str, Any]:
        """Keyword arguments for `client` of a boto3 session: endpoint, region, the emulator's credentials.

        On AWS the session is the host's, and brings its own credentials. Where an endpoint speaks TLS, the
        user's own certificate authorities count as they do for other programs.
        """
        if self.on_aws:
            return {"region_name": self.region, **({"endpoint_url": self.url} if self.url else {})}
        trusted = os.environ.get("SSL_CERT_FILE") if self.url.startswith("https:") else None
        return {
            **({"verify": trusted} if trusted else {}),
            "endpoint_url": self.url,
            "region_name": self.region,
            "aws_access_key_id": self.account,
            "aws_secret_access_key": "test",  # the emulator's dummy: no secret
        }


@dataclass(frozen=True)
class RunningEnvironment:
    """An environment that is up; what `.harness/environment.json` records.

    Attributes:
        id: Made anew at every start of the emulator; what was deployed to another id is gone.
        target: The target's name.
        url: `http://127.0.0.1:PORT`.
        pid: The emulator's process, 0 where it is not a process of this machine. Where it is somebody
            else's: the process of the run that uses it, where it is used for one run only.
        pid_created: That process's creation time (psutil's), so that a reused pid is not mistaken for it.
        started_at: Epoch seconds.
        log: Where its log is: a path, or the command that shows it; empty where there is none.
        owner: `detached` stays after the command; `this-process` ends with the process that started it.
        capabilities: What the target can do: deploy, send, results, logs, debug, ...
        container: The container's name, empty where it is none of ours.
        control: Whether the control API answers, that is: whether it is the harness's emulator.
        account: 12 digits: the one that the project's stack as it is lies in.
        one_account: Whether all deployments lie in `account`, and names keep them apart.
        prefix: Where they do: what all names of this environment begin with (`hx3f9a1c`), or empty.
        api: The version of its control API, 0 where it has none.
        emulator: The version of the harness's emulator, empty where it is another one.
        on_aws: Whether it is AWS itself.
        shared: Whether somebody else runs it, and others may use it too: it is left as it was found.
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
    container: str = ""
    control: bool = True
    account: str = DEFAULT_ACCOUNT
    one_account: bool = False
    prefix: str = ""
    api: int = 0
    emulator: str = ""
    on_aws: bool = False
    shared: bool = False

    @property
    def address(self) -> str:
        """Where it is, for people: its URL, or AWS."""
        return self.url or "AWS"

    @property
    def holder(self) -> str:
        """What runs it, for people: `process 4711`, `container NAME`, `account 123456789012`."""
        if self.container:
            return f"container {self.container}"
        if self.pid and not self.on_aws and not self.shared:
            return f"process {self.pid}"
        return f"account {self.account}" if self.on_aws else "not ours"

    def place(self, seed: str = "") -> Place:
        """Where a deployment lies that `seed` tells from others; without one, the stack as it is."""
        if not self.one_account:
            return own_account(seed)
        parts = [self.prefix, hashlib.sha256(seed.encode()).hexdigest()[:4] if seed else ""]
        prefix = "".join(f"{part}-" for part in parts if part)
        started = str(int(self.started_at))
        tags = ((RUN_TAG, self.prefix), (STARTED_TAG, started)) if self.on_aws else ()
        return Place(self.account, prefix, self.on_aws, tags)

    def endpoint(self, *, region: str = DEFAULT_REGION, account: str = DEFAULT_ACCOUNT) -> Endpoint:
        """This environment's endpoint for one region and account."""
        return Endpoint(self.url, region, account, self.on_aws)

    def as_json(self) -> dict[str, Any]:
        """The record as JSON types."""
        return {**asdict(self), "capabilities": list(self.capabilities)}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> RunningEnvironment:
        """The inverse of `as_json`."""
        return cls(**{**record, "capabilities": tuple(record["capabilities"])})
