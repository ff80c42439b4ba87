"""Where conformance tests run: clients, queues, functions and mappings in a place of their own."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import textwrap
import time
import zipfile
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from harness.terraform.roles import ensure_roles
from tests.support.conformance import delete_mapping
from tests.support.mapped import new_account
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.model.environment import RunningEnvironment
    from harness.project.settings import Settings

REGION = "us-east-1"
RUNTIME = "python3.13"
REPORT = Path(__file__).parent / "conformance_told.py"
"""The module that a function's package has as `report`."""


@cache
def _session(*, host: bool) -> boto3.session.Session:
    """A session that also knows SQS's query protocol, as the service `sqs-query`.

    botocore has only SQS's JSON protocol; LocalStack's package holds the older model that botocore had.
    """
    spec = importlib.util.find_spec("localstack.aws")
    assert spec is not None
    assert spec.submodule_search_locations
    if host:
        core = botocore.session.Session()
    else:
        nothing = (None, None, None, None)
        core = botocore.session.Session(session_vars={"profile": nothing, "config_file": nothing})
    core.get_component("data_loader").search_paths.append(
        str(Path(spec.submodule_search_locations[0]) / "data")
    )
    return boto3.session.Session(botocore_session=core)


class Site:
    """A place in the environment that nothing else uses.

    Args:
        environment: What is up.
        settings: The project's; their first role is the functions' on AWS.
    """

    def __init__(self, environment: RunningEnvironment, settings: Settings) -> None:
        self.environment = environment
        self.place = environment.place(new_account())
        self._settings = settings
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._made = 0
        self._undo: list[Callable[[], object]] = []

    @property
    def account(self) -> str:
        """12 digits."""
        return self.place.account

    @cached_property
    def role(self) -> str:
        """The ARN of the functions' role; where the account is the test's own, it is made."""
        name = (self._settings.roles or ("LabRole",))[0] if self.environment.on_aws else "any"
        if not self.environment.on_aws:
            ensure_roles(self.environment.endpoint(region=REGION, account=self.account), [name])
        return f"arn:aws:iam::{self.account}:role/{name}"

    def client(self, service: str, region: str = REGION, account: str = "") -> Any:
        """A boto3 client that checks nothing by itself and tries nothing twice."""
        key = service, region, account or self.account
        if key not in self._clients:
            endpoint = self.environment.endpoint(region=region, account=key[2])
            make: Any = _session(host=endpoint.on_aws).client
            configuration = Config(
                parameter_validation=False,
                retries={"total_max_attempts": 1, "mode": "standard"},
                read_timeout=120,
                max_pool_connections=32,
            )
            self._clients[key] = make(service, config=configuration, **endpoint.client_arguments())
        return self._clients[key]

    def other_account(self) -> str:
        """A second account; where there is but one, the test is skipped."""
        if self.environment.one_account or self.environment.on_aws:
            pytest.skip("needs a second account")
        return new_account()

    def name(self, suffix: str = "") -> str:
        """A name that nothing else in the environment has."""
        self._made += 1
        return f"{self.place.prefix}row-{self.account[-4:]}-{time.time_ns() % 10**10}-{self._made}{suffix}"

    def queue(self, suffix: str, attributes: dict[str, Any]) -> str:
        """Make a queue; its URL."""
        sqs = self.client("sqs")
        texts = {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in attributes.items()
        }
        url = str(sqs.create_queue(QueueName=self.name(suffix), Attributes=texts)["QueueUrl"])
        self._undo.append(lambda: sqs.delete_queue(QueueUrl=url))
        return url

    def function(self, source: str, environment: dict[str, str], configuration: dict[str, Any]) -> str:
        """Make a function and wait until it is active; its name."""
        functions = self.client("lambda")
        name = self.name()
        variables = {**environment, **configuration.pop("Environment", {}).get("Variables", {})}
        functions.create_function(
            FunctionName=name,
            **{
                "Runtime": RUNTIME,
                "Handler": "app.handler",
                "Role": self.role,
                "Code": {"ZipFile": package(source)},
                **({"Environment": {"Variables": variables}} if variables else {}),
                **configuration,
            },
        )
        self._undo.append(lambda: self._delete_function(name))
        functions.get_waiter("function_active_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": self.pause, "MaxAttempts": 1200}
        )
        return name

    def mapping(self, queue_url: str, function: str, arguments: dict[str, Any]) -> str:
        """Make a mapping and wait until it has the state that it was asked for; its UUID."""
        functions = self.client("lambda")
        uuid = str(
            functions.create_event_source_mapping(
                EventSourceArn=self.arn(queue_url), FunctionName=function, **arguments
            )["UUID"]
        )
        self._undo.append(lambda: delete_mapping(functions, uuid))
        self.wait_for_mapping(uuid, "Disabled" if arguments.get("Enabled") is False else "Enabled")
        return uuid

    def wait_for_mapping(self, uuid: str, state: str) -> None:
        """Wait until a mapping has a state."""
        functions = self.client("lambda")
        found = eventually(
            lambda: functions.get_event_source_mapping(UUID=uuid)["State"] == state, timeout=120
        )
        assert found, f"the mapping is {functions.get_event_source_mapping(UUID=uuid)}"

    def arn(self, queue_url: str) -> str:
        """A queue's ARN."""
        return f"arn:aws:sqs:{REGION}:{self.account}:{queue_url.rpartition('/')[2]}"

    def cleanup(self, undo: Callable[[], object]) -> None:
        """Have a call done after the test; that what it means is gone already is no matter."""
        self._undo.append(undo)

    @property
    def pause(self) -> float:
        """Seconds between two looks."""
        return self.environment.endpoint().pause

    def close(self) -> None:
        """Delete what was made; what a test deleted itself is gone already."""
        for undo in reversed(self._undo):
            with contextlib.suppress(ClientError):
                undo()

    def _delete_function(self, name: str) -> None:
        self.client("lambda").delete_function(FunctionName=name)
        if self.environment.on_aws:
            self.client("logs").delete_log_group(logGroupName=f"/aws/lambda/{name}")


def package(source: str) -> bytes:
    """A deployment package with the module `app`, and `report` with its `tell`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", textwrap.dedent(source))
        archive.writestr("report.py", REPORT.read_text(encoding="utf-8"))
    return buffer.getvalue()
