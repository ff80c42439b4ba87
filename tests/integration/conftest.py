"""One environment for the whole integration run: the plug-in's own, where `--harness-target` says.

All workers of pytest-xdist share it. Each test has an account of its own there, or names of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from harness.environments.registry import TARGETS, target_for
from harness.environments.targets.embedded import EmbeddedTarget
from harness.model.environment import DEFAULT_ACCOUNT, Place, RunningEnvironment
from harness.model.errors import HarnessError
from harness.model.progress import Progress
from harness.project.settings import Settings
from harness.project.workspace import Workspace
from tests.support.aws_account import Account
from tests.support.engine import require_engine
from tests.support.lambda_functions import LambdaFunctions
from tests.support.mapped import Mapped, new_account
from tests.support.project import use_what_is_made
from tests.support.stock_localstack import stock_localstack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from harness.testing.session import HarnessSession
    from tests.support.stock_localstack import StockLocalStack


LONGEST = {
    *("test_plugin_environment", "test_deploy_apply", "test_cli_life", "test_cli_session"),
    *("test_environment_lifecycle", "test_stack_synth", "test_aws_life", "test_aws_sweep"),
    *("test_endpoint_life", "test_app_interpreters", "test_installation", "test_installed"),
}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "only_on(target, ...): what the test shows is a matter of these targets; on others it is deselected",
    )
    config.addinivalue_line(
        "markers",
        "not_on_localstack(defect): LocalStack as it comes cannot pass, for that reason; there it is skipped",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not about the run's target; begin with what takes longest."""
    _deselect(config, items)
    # The last file of a run should be a short one: the other workers have nothing left to do. Not where
    # pytest-split makes groups of equal numbers: one would get all of these.
    if not config.getoption("splits", None):
        items.sort(key=lambda item: item.path.stem not in LONGEST)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before the environment is asked for: on a machine without an engine, nothing runs in a container."""
    if item.config.getoption("harness_target") == "container":
        require_engine()


def _deselect(config: pytest.Config, items: list[pytest.Item]) -> None:
    targets = {item: _targets(item) for item in items}
    if all(named is None for named in targets.values()):
        return
    here = _target(config)
    others = [item for item, named in targets.items() if named is not None and here not in named]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in set(others)]


def _targets(item: pytest.Item) -> set[str] | None:
    """The targets that a test is for; None for all. A test's own marker counts before its module's."""
    marker = item.get_closest_marker("only_on")
    if marker is None:
        return None
    if not marker.args or not set(marker.args) <= set(TARGETS):
        raise pytest.UsageError(f"{item.nodeid}: only_on{marker.args}: targets are {', '.join(TARGETS)}")
    return set(marker.args)


def _target(config: pytest.Config) -> str:
    """The target of this run: what was asked for, else that of what is up, else the setting's."""
    workspace = Workspace.find(config.rootpath)
    try:
        asked = config.getoption("harness_target")
        return target_for(Settings.load(workspace), workspace, asked=asked).name
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from None


@dataclass(frozen=True)
class Emulator:
    """The environment under test.

    Attributes:
        workspace: The project that it belongs to.
        environment: What the target's `start` returned.
    """

    workspace: Workspace
    environment: RunningEnvironment

    @property
    def url(self) -> str:
        return self.environment.url

    def place(self) -> Place:
        """A place in it that nothing else uses: an account, or a prefix of names."""
        return self.environment.place(new_account())

    def client(self, service: str, account: str = DEFAULT_ACCOUNT, **arguments: Any) -> Any:
        """A boto3 client; tests with accounts of their own never meet."""
        session = boto3.session.Session()
        endpoint = self.environment.endpoint(account=account)
        return session.client(service, **endpoint.client_arguments(), **arguments)  # type: ignore[call-overload]


type StartEmulator = Callable[..., tuple[Emulator, EmbeddedTarget]]
"""The fixture `start_emulator`: takes settings, or nothing."""


@pytest.fixture(scope="session")
def emulator(harness_session: HarnessSession) -> Emulator:
    """The run's environment."""
    try:
        environment = harness_session.ensure_environment()
    except HarnessError as error:
        pytest.fail(str(error), pytrace=False)
    return Emulator(harness_session.workspace, environment)


@pytest.fixture(scope="session")
def providers(emulator: Emulator) -> Path:
    """The folder of the Terraform providers that the run has installed."""
    (folder := emulator.workspace.state / "terraform").mkdir(exist_ok=True)
    return folder


@pytest.fixture(autouse=True)
def _skip_for_a_defect_of_localstack(request: pytest.FixtureRequest) -> None:
    marker = request.node.get_closest_marker("not_on_localstack")
    if marker is None:
        return
    environment = request.getfixturevalue("emulator").environment
    if environment.url and not environment.control:
        pytest.skip(f"LocalStack as it comes: {marker.args[0]}")


@pytest.fixture
def start_emulator(tmp_path: Path) -> Iterator[StartEmulator]:
    """Starts an emulator of the test's own, and gives it with its target; it ends with the test."""
    targets: list[EmbeddedTarget] = []

    def start(settings: Settings | None = None) -> tuple[Emulator, EmbeddedTarget]:
        workspace = Workspace(tmp_path / f"emulator-{len(targets)}")
        use_what_is_made(workspace)
        targets.append(target := EmbeddedTarget(workspace, settings or Settings()))
        return Emulator(workspace, target.start(Progress(), owner="this-process")), target

    yield start
    for target in targets:
        target.stop()


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StockLocalStack]:
    """A LocalStack that somebody else runs."""
    with stock_localstack(tmp_path_factory.mktemp("stock")) as started:
        yield started


@pytest.fixture(scope="module")
def functions(emulator: Emulator) -> Iterator[LambdaFunctions]:
    """Functions of the module's own, in an account of its own; they are deleted after its last test."""
    # A container may have no Python 3.9, and one that stands in for it would warn.
    runtime = "python3.9" if emulator.environment.target == "embedded" else "python3.13"
    with LambdaFunctions(emulator.client, new_account(), runtime) as made:
        yield made


@pytest.fixture
def make_mapped(emulator: Emulator) -> Iterator[Callable[..., Mapped]]:
    """Makes what `Mapped` makes, in the environment; it is taken down after the test."""
    made: list[Mapped] = []

    def make(*arguments: Any, **named: Any) -> Mapped:
        made.append(Mapped(emulator.client, *arguments, **named))
        return made[-1]

    yield make
    for mapped in made:
        mapped.close()


@pytest.fixture
def account(stock: StockLocalStack) -> Account:
    """An account, of a LocalStack that stands in for AWS, which nothing else uses."""
    return Account(stock, new_account())
