"""The pytest plug-in: its fixtures `stack`, `clock`, `faults`, ..., and the options for them.

Loaded in each pytest run of an environment that has the harness installed: it imports nothing heavy, and
starts nothing, until a test uses a stack.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from harness.model.capabilities import CAPABILITIES
from harness.model.errors import HarnessError
from harness.testing.faults import show_unfired, unfired_section
from harness.testing.options import MARKERS, Options, add_options
from harness.testing.report import hide_inner_frames, log_sections
from harness.testing.run_timeline import show_runs, write_run
from harness.testing.timelines import attach_timeline
from harness.testing.variations import MARKER, Variation

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from harness.client import Clock, Faults, Stack
    from harness.project.settings import Settings
    from harness.testing.adversary import AdversaryRun
    from harness.testing.broker import Broker
    from harness.testing.debugging import Debugger
    from harness.testing.session import HarnessSession

_SESSION: pytest.StashKey[HarnessSession] = pytest.StashKey()
_DEBUGGER: pytest.StashKey[Debugger] = pytest.StashKey()
_BROKER: pytest.StashKey[Broker] = pytest.StashKey()
_USED: pytest.StashKey[tuple[Stack, int]] = pytest.StashKey()
_ADVERSARY: pytest.StashKey[AdversaryRun] = pytest.StashKey()
_INPUT = "harness_broker"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers; a target that does not exist is a usage error, whatever the tests."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    if config.getoption("harness_target"):
        from harness.environments.registry import TARGETS  # noqa: PLC0415 - only where the option is given

        if config.getoption("harness_target") not in TARGETS:
            raise pytest.UsageError(
                f"--harness-target: there is no target {config.getoption('harness_target')!r}; "
                f"targets: {', '.join(sorted(TARGETS))}",
            )
    if (wanted := Options.of(config).adversary) is not None:
        from harness.testing.adversary import NAME, AdversaryRun  # noqa: PLC0415 - only where it is asked for

        config.stash[_ADVERSARY] = AdversaryRun(config, wanted)
        config.pluginmanager.register(config.stash[_ADVERSARY], NAME)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse markers that cannot mean anything, before a test runs."""
    for item in items:
        try:
            Variation.of_markers(item.iter_markers(MARKER))
        except HarnessError as error:
            raise pytest.UsageError(f"{item.nodeid}: {error}") from None
        for capability in _needed(item):
            if capability not in CAPABILITIES:
                raise pytest.UsageError(
                    f"{item.nodeid}: no target has a capability {capability!r}; "
                    f"capabilities: {', '.join(CAPABILITIES)}",
                )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what the target cannot do, before the test's own fixtures."""
    needed = _needed(item)
    if not needed:
        return
    session = _session(item.config)
    with _short_errors():
        environment = session.ensure_environment()
    missing = [capability for capability in needed if capability not in environment.capabilities]
    if missing:
        reason = f"the target {environment.target!r} has no capability {', '.join(map(repr, missing))}"
        raise pytest.skip.Exception(reason, _use_item_location=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the function's log lines and the timeline to a failed test that used a stack."""
    if not item.config.getoption("fulltrace"):
        hide_inner_frames(call)
    report = yield
    if call.when != "call" or _USED not in item.stash:
        return report
    stack, since = item.stash[_USED]
    report.sections.extend(unfired_section(stack))
    if report.failed:
        report.sections.extend(log_sections(stack, since))
        attach_timeline(stack, item, report, _session(item.config).workspace.timelines)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """Write the run's timeline; destroy what the run made on AWS, while the run can still fail.

    pytest-xdist's workers have ended by then.
    """
    yield
    harness_session = session.config.stash.get(_SESSION, None)
    if harness_session is None:
        return
    if harness_session.stacks:
        write_run(harness_session.stacks, harness_session.workspace.report, harness_session.worker)
    try:
        harness_session.destroy()
    except HarnessError as error:
        session.config.get_terminal_writer().line(f"\nharness: error: {error}", red=True)
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the faults that never fired, and the run's timeline."""
    show_unfired(terminalreporter)
    session = terminalreporter.config.stash.get(_SESSION, None)
    if session is not None and session.begun:
        show_runs(terminalreporter, session.workspace.report, terminalreporter.config.rootpath)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """pytest-xdist, in the run's first process: tell a worker where to ask for the environment."""
    config: pytest.Config = node.config
    if _BROKER not in config.stash:
        from harness.testing.broker import Broker  # noqa: PLC0415 - only with pytest-xdist

        config.stash[_BROKER] = broker = Broker(_session(config).ensure_environment)
        config.add_cleanup(broker.close)  # before the session's own, which was added first
    node.workerinput[_INPUT] = config.stash[_BROKER].address.as_input()


@pytest.fixture(scope="session")
def harness_session(pytestconfig: pytest.Config) -> HarnessSession:
    """The run's environment: `.settings`, `.workspace`, `.deployed()`; starts nothing by itself."""
    return _session(pytestconfig)


@pytest.fixture(scope="session")
def harness_settings(harness_session: HarnessSession) -> Settings:
    """The project's settings, with what the command line overrides."""
    with _short_errors():
        return harness_session.settings


@pytest.fixture
def harness_seed(request: pytest.FixtureRequest) -> int | None:
    """The adversary's seed under which the test runs; None without `--harness-adversary`."""
    return getattr(request, "param", None)


@pytest.fixture
def stack(
    request: pytest.FixtureRequest,
    harness_session: HarnessSession,
    harness_seed: int | None,
) -> Iterator[Stack]:
    """The project's stack, up and empty: its queues and functions by construct id or AWS name.

    The first test that asks brings it up; `stack_settings` markers choose a variation of it. Messages and
    replaced code that a test left behind are gone before the next one starts; an adversary goes with its
    test, so that whoever uses the stack after the run is spared.
    """
    variation = Variation.of_markers(request.node.iter_markers(MARKER))
    with _short_errors():
        deployed = harness_session.deployed(variation)
        harness_session.reset(deployed)
        _debugger(request.config).follow(deployed)
        if harness_seed is not None:
            request.config.stash[_ADVERSARY].oppose(deployed.stack)
    request.node.stash[_USED] = deployed.stack, time.time_ns() // 1_000_000
    yield deployed.stack
    if "faults" in deployed.stack.capabilities:
        with _short_errors():
            deployed.stack.faults.no_adversary()


@pytest.fixture
def clock(stack: Stack) -> Iterator[Clock]:
    """The time that the stack lives in: `freeze`, `advance`, `advance_to_next`, `run_until`, `settle`, `now`.

    It runs again after the test, and is the machine's time again when the next one asks for `stack`.
    """
    yield stack.clock
    with _short_errors():
        if stack.clock.frozen:
            stack.clock.resume()


@pytest.fixture
def faults(stack: Stack) -> Iterator[Faults]:
    """What is to go wrong in the stack: `crash`, `lose_delete`, `duplicate`, ...; until the test ends."""
    yield stack.faults
    if "faults" in stack.capabilities:
        with _short_errors():
            stack.faults.clear()


def _needed(item: pytest.Item) -> list[str]:
    return [capability for marker in item.iter_markers("needs") for capability in marker.args]


def _session(config: pytest.Config) -> HarnessSession:
    if _SESSION not in config.stash:
        from harness.testing.broker import BrokerAddress  # noqa: PLC0415 - only where a stack is used
        from harness.testing.session import HarnessSession  # noqa: PLC0415 - the same

        worker = getattr(config, "workerinput", None)
        config.stash[_SESSION] = session = HarnessSession(
            config,
            Options.of(config),
            worker["workerid"] if worker else None,
            BrokerAddress(**worker[_INPUT]) if worker else None,
        )
        config.add_cleanup(session.close)
    return config.stash[_SESSION]


def _debugger(config: pytest.Config) -> Debugger:
    if _DEBUGGER not in config.stash:
        from harness.testing.debugging import Debugger  # noqa: PLC0415 - only where a stack is used

        config.stash[_DEBUGGER] = debugger = Debugger(config, Options.of(config), _session(config))
        config.add_cleanup(debugger.close)
    return config.stash[_DEBUGGER]


@contextmanager
def _short_errors() -> Iterator[None]:
    """Errors raised on purpose, as their message alone: no traceback shows where to mend the machine."""
    try:
        yield
    except HarnessError as error:
        said = str(error)
    else:
        return
    pytest.fail(said, pytrace=False)  # outside the block above: the error would be told twice
