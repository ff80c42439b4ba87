"""One emulator for the whole integration run, in a project folder of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from harness.progress import Progress
from harness.settings import Settings
from harness.targets.base import DEFAULT_ACCOUNT, Environment
from harness.targets.embedded import EmbeddedTarget
from harness.workspace import Workspace
from tests.support.mapped import Mapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Emulator:
    """The emulator under test.

    Attributes:
        workspace: The temporary project that it belongs to.
        environment: What the target's `start` returned.
    """

    workspace: Workspace
    environment: Environment

    @property
    def url(self) -> str:
        return self.environment.url

    def client(self, service: str, account: str = DEFAULT_ACCOUNT, **arguments: Any) -> Any:
        """A boto3 client; tests with accounts of their own never meet."""
        session = boto3.session.Session()
        endpoint = self.environment.endpoint(account=account)
        return session.client(service, **endpoint.client_arguments(), **arguments)  # type: ignore[call-overload]


@pytest.fixture
def make_mapped(emulator: Emulator) -> Iterator[Callable[..., Mapped]]:
    """Makes what `Mapped` makes, in the emulator; it is taken down after the test."""
    made: list[Mapped] = []

    def make(*arguments: Any, **named: Any) -> Mapped:
        made.append(Mapped(emulator.client, *arguments, **named))
        return made[-1]

    yield make
    for mapped in made:
        mapped.close()


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Our emulator, started through `EmbeddedTarget` and stopped after the last test."""
    workspace = Workspace(tmp_path_factory.mktemp("emulator"))
    # Set-up has made the functions' Python environments: they are not made again for every run.
    runtimes = Workspace(PROJECT).runtimes
    runtimes.mkdir(exist_ok=True)
    workspace.runtimes.symlink_to(runtimes)
    target = EmbeddedTarget(workspace, Settings())
    environment = target.start(Progress(), owner="this-process")
    try:
        yield Emulator(workspace, environment)
    finally:
        target.stop()
