"""A cut of `make fuzz`: other requests at every run; what a failure prints repeats it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest

from tests.fuzz.driver import Fuzzer
from tests.support.own_emulator import own_emulator

if TYPE_CHECKING:
    from pathlib import Path

REQUESTS = 1_000


def test_malformed_requests_are_refused(tmp_path: Path) -> None:
    # Not the run's: a request may mean any account of it.
    with own_emulator(tmp_path) as url:
        findings = Fuzzer(url, secrets.randbelow(2**32)).run(range(REQUESTS))
        told = [finding.told(url) for finding in findings]
    if told:
        pytest.fail("\n".join(["python -m tests.fuzz repeats them, with:", *told]), pytrace=False)
