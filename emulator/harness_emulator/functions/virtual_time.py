"""Which functions' own clocks follow their account's: none, unless they were named."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from harness_emulator.account import ACCOUNTS
from harness_emulator.functions import configuration
from harness_emulator.time.clock_file import ClockFile

if TYPE_CHECKING:
    from pathlib import Path

    from localstack.services.lambda_.invocation.lambda_models import FunctionVersion

_lock = threading.Lock()
_files: dict[str, ClockFile] = {}


def set_followers(account: str, arns: frozenset[str]) -> frozenset[str]:
    """Have these functions follow their account's clock, and no others; the ARNs for which that is new."""
    with _lock:
        of = ACCOUNTS.of(account)
        before, of.followers = of.followers, arns
    return before ^ arns


def followers(account: str) -> list[str]:
    """The ARNs of the functions of an account that follow its clock."""
    return sorted(ACCOUNTS.of(account).followers)


def file_for(function: FunctionVersion) -> Path | None:
    """The file from which a function's process reads its time; None where it is to have the machine's."""
    account = function.id.account
    if function.id.unqualified_arn() not in ACCOUNTS.of(account).followers:
        return None
    with _lock:
        file = _files.get(account)
        if file is None:
            file = _files[account] = ClockFile(configuration.clocks() / account)
            ACCOUNTS.of(account).clock.tell(file.write)
    return file.path
