"""What holds for every test."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.scheduling import FilesOfOneStackTogether

# A run in the background of a script (`make test-local &`, some CI runners) starts with SIGINT ignored, and
# so would every program that a test starts: Ctrl-C could not be tested.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A pytest run that a test starts is a run of its own, and no worker of this one.
for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
    os.environ.pop(name, None)

# Else LocalStack's modules, where they take this machine for a container, ask for an engine as soon as they
# are imported, and leave a socket open where none answers.
os.environ["OVERRIDE_IN_DOCKER"] = "0"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> FilesOfOneStackTogether | None:
    from tests.support.scheduling import scheduler  # noqa: PLC0415 - xdist need not be there

    return scheduler(config, log)
