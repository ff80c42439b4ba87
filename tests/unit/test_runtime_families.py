"""A new family of runtimes is one file: it is found, and its processes are invoked over the Runtime API."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from harness.model.errors import RuntimeMissingError
from harness_emulator.functions.process import Limit, ProcessLaunch, Ready, Responded, RuntimeProcess
from harness_emulator.functions.runtime_api import Invocation
from harness_emulator.functions.runtimes import families
from harness_emulator.functions.runtimes.family import family_of
from harness_emulator.functions.runtimes.reports import found

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLIENT = """
import os, sys, urllib.request
sys.stdin.read()
base = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
while True:
    with urllib.request.urlopen(f"{base}/next") as event:
        request, payload = event.headers["Lambda-Runtime-Aws-Request-Id"], event.read()
    urllib.request.urlopen(f"{base}/{request}/response", data=payload.upper()).close()
"""

FAMILY = """
import sys
from harness_emulator.functions.runtimes.family import ReadyRuntime

CLIENT = {client!r}

class ShoutFamily:
    names = "shout1"

    def runs(self, runtime):
        return runtime.startswith("shout")

    def find(self, runtime, folder, *, strict):
        run = (sys.executable, "-c", CLIENT)
        return ReadyRuntime(runtime, "shout", "1", sys.executable, True, None, False, folder, run, run)

    make = find

FAMILY = ShoutFamily()
"""


@pytest.fixture
def shout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "shout.py").write_text(FAMILY.format(client=CLIENT))
    monkeypatch.setattr(families, "__path__", [*families.__path__, str(tmp_path)])
    yield "shout1"
    sys.modules.pop(f"{families.__name__}.shout", None)


def test_a_new_family_is_one_file(shout: str, tmp_path: Path) -> None:
    runtime = family_of(shout).make(shout, tmp_path, strict=True)
    launch = ProcessLaunch(
        runtime.command, tmp_path, "any", {"PATH": os.environ["PATH"]}, mark="shout", memory_limit=1 << 30
    )
    process = RuntimeProcess(launch, lambda _stamp, _text: None)
    try:
        assert process.initialized(Limit(30)) == Ready()
        invocation = Invocation("request-1", "arn", "trace", 0, b'"hello"')
        assert process.invoke(invocation, Limit(30)) == Responded(b'"HELLO"')
    finally:
        process.stop()


def test_it_is_in_the_report_and_in_what_is_said_of_unknown_ones(shout: str, tmp_path: Path) -> None:
    assert found([shout], tmp_path, strict=False)[0]["interpreter"] == sys.executable
    with pytest.raises(RuntimeMissingError, match=r"'ruby3\.3' cannot run here: .*python3\.14, shout1\."):
        family_of("ruby3.3")
