"""One test per row of AWS's behaviour, against whatever endpoint the run names.

    pytest tests/conformance --harness-target embedded|container|endpoint|aws

Each test has one marker `@pytest.mark.aws("A-05")`: the row of rows.toml that it shows. Its body uses boto3
and these fixtures alone, so that the same file runs against our emulator, a LocalStack as it comes, and AWS
(there it has never been run yet).

| fixture | gives |
| --- | --- |
| `account` | 12 digits: an account of the test's own; on AWS the one there is |
| `sqs`, `lambda_`, `logs`, `iam` | boto3 clients; the server alone checks the parameters. `@both_protocols` (tests.support.conformance) runs the test with `sqs` speaking JSON, then query |
| `client("sts", region="us-west-2")` | any other boto3 client |
| `other_account("sqs")` | a boto3 client in a second account; skips the test where there is but one |
| `queue(VisibilityTimeout=2)` | a new standard queue's URL; values may be numbers or documents (RedrivePolicy) |
| `fifo_queue(ContentBasedDeduplication="true")` | the same, FIFO |
| `name(".fifo")` | a name that nothing else has, for what a test makes itself |
| `arn(queue_url)` | a queue's ARN |
| `clock` | `now()`, `freeze()`, `resume()`, `advance(seconds)`, `virtual`. Where there is no clock to move, `advance` waits, or skips the test above `--longest-wait` seconds, and `freeze` and `resume` do nothing. `takes(300)` skips a test that takes so long anyhow |
| `function(source, Timeout=5)` | a function on python3.13, active, of the source of its module `app` with `handler(event, context)`; configuration as for CreateFunction. Its name |
| `deliveries` | what functions tell: with this fixture they can do `from report import tell; tell(document)`; the test gets the next n documents with `deliveries(n)`, and with `deliveries.rest()` all that still comes |
| `mapping(queue_url, function, BatchSize=1)` | an event source mapping, waited for until it is Enabled (Disabled with `Enabled=False`). Its UUID |
| `wait_for_mapping(uuid, "Enabled")` | waits for a state after an update |

What they make is deleted after the test, what a test makes itself it deletes itself, with `cleanup(call)`.
"""  # noqa: E501 - a table's rows

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from harness.client.clock import Clock
from harness.client.control import ControlApi
from harness.model.errors import HarnessError
from tests.support import conformance_rows
from tests.support.conformance_held import Deliveries, PatientClock
from tests.support.conformance_report import Report
from tests.support.conformance_site import Site
from tests.support.conformance_told import OUTPUT
from tests.support.engine import require_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.model.environment import RunningEnvironment
    from harness.testing.session import HarnessSession

LONGEST_WAIT = 5.0


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance", "AWS's behaviour, row by row")
    group.addoption(
        "--longest-wait",
        type=float,
        default=LONGEST_WAIT,
        metavar="SECONDS",
        help="what a test may wait at a time where there is no clock to move; above it is skipped",
    )
    group.addoption("--conformance-report", metavar="FILE", help="write what each test showed, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "aws(row): the behaviour of AWS that the test shows (rows.toml)")
    path = config.getoption("--conformance-report", None)
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Report(config.invocation_params.dir / path))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    conformance_rows.check(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before the environment is asked for: on a machine without an engine, nothing runs in a container."""
    if item.config.getoption("harness_target") == "container":
        require_engine()


@pytest.fixture(scope="session")
def environment(harness_session: HarnessSession) -> RunningEnvironment:
    """The run's environment."""
    try:
        return harness_session.ensure_environment()
    except HarnessError as error:
        said = str(error)
    pytest.fail(said, pytrace=False)  # outside the block above: its error would be told twice


@pytest.fixture(scope="session")
def localstack(environment: RunningEnvironment) -> str:
    """The version of LocalStack, where that is what answers, as it comes; else empty."""
    if environment.control or not environment.url:
        return ""
    try:
        url = f"{environment.url}/_localstack/health"
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - the endpoint under test
            return str(json.load(answer).get("version", ""))
    except (OSError, ValueError):
        return ""


@pytest.fixture(autouse=True)
def _expected_of_localstack(request: pytest.FixtureRequest, localstack: str) -> None:
    """What LocalStack is known to fail, it must fail; in the run that finds that out, nothing is known."""
    if request.config.getoption("--conformance-report", None):
        return
    if reason := conformance_rows.untold(request.node, localstack):
        pytest.skip(reason)
    marker = conformance_rows.expected_failure(request.node, localstack)
    if marker is not None:
        request.applymarker(marker)


@pytest.fixture
def site(environment: RunningEnvironment, harness_session: HarnessSession) -> Iterator[Site]:
    """The test's place in it; tests use the fixtures below."""
    site = Site(environment, harness_session.settings)
    yield site
    site.close()


@pytest.fixture
def account(site: Site) -> str:
    return site.account


@pytest.fixture
def client(site: Site) -> Callable[..., Any]:
    return site.client


@pytest.fixture
def other_account(site: Site) -> Callable[[str], Any]:
    account = site.other_account()
    return lambda service: site.client(service, account=account)


@pytest.fixture
def sqs(site: Site, request: pytest.FixtureRequest) -> Any:
    return site.client("sqs-query" if getattr(request, "param", "json") == "query" else "sqs")


@pytest.fixture
def lambda_(site: Site) -> Any:
    return site.client("lambda")


@pytest.fixture
def logs(site: Site) -> Any:
    return site.client("logs")


@pytest.fixture
def iam(site: Site) -> Any:
    return site.client("iam")


@pytest.fixture
def name(site: Site) -> Callable[..., str]:
    return site.name


@pytest.fixture
def arn(site: Site) -> Callable[[str], str]:
    return site.arn


@pytest.fixture
def cleanup(site: Site) -> Callable[[Callable[[], object]], None]:
    return site.cleanup


@pytest.fixture
def queue(site: Site) -> Callable[..., str]:
    def make(**attributes: Any) -> str:
        return site.queue("", attributes)

    return make


@pytest.fixture
def fifo_queue(site: Site) -> Callable[..., str]:
    def make(**attributes: Any) -> str:
        return site.queue(".fifo", {"FifoQueue": "true", **attributes})

    return make


@pytest.fixture
def clock(site: Site, pytestconfig: pytest.Config) -> Iterator[PatientClock]:
    environment = site.environment
    movable = "virtual_clock" in environment.capabilities
    control = ControlApi(environment.url, site.account) if movable else None
    clock = PatientClock(Clock(control), pytestconfig.getoption("--longest-wait", LONGEST_WAIT))
    yield clock
    clock.resume()


@pytest.fixture
def deliveries(site: Site) -> Deliveries:
    return Deliveries(site.client("sqs"), site.queue("", {}))


@pytest.fixture
def function(site: Site, request: pytest.FixtureRequest) -> Callable[..., str]:
    told: dict[str, str] = {}
    if "deliveries" in request.fixturenames:
        told[OUTPUT] = request.getfixturevalue("deliveries").queue_url

    def make(source: str, **configuration: Any) -> str:
        return site.function(source, told, configuration)

    return make


@pytest.fixture
def mapping(site: Site) -> Callable[..., str]:
    def make(queue_url: str, function: str, **arguments: Any) -> str:
        return site.mapping(queue_url, function, arguments)

    return make


@pytest.fixture
def wait_for_mapping(site: Site) -> Callable[[str, str], None]:
    return site.wait_for_mapping
