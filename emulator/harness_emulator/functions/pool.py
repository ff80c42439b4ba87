"""All execution environments of the emulator, and those started ahead of their first invocation."""

from __future__ import annotations

import logging
import shutil
import threading
from typing import TYPE_CHECKING

from localstack import config
from localstack.aws.connect import connect_to

from harness_emulator.functions import configuration
from harness_emulator.functions.sandbox import Sandbox
from harness_emulator.time import real_time

if TYPE_CHECKING:
    from localstack.services.lambda_.invocation.lambda_models import Credentials, FunctionVersion

    from harness_emulator.functions.process import Debugger

LOG = logging.getLogger(__name__)

MOST_SPARES = 8
"""Functions of which an environment waits at once: a stack of many functions must not fill the memory."""

CREDENTIALS_SECONDS = 12 * 3600

_lock = threading.Lock()
_live: dict[str, Sandbox] = {}
_spares: dict[tuple[str, str], Sandbox] = {}
_swept = False


def environments(account: str | None = None) -> list[dict[str, object]]:
    """What there is now: `id`, `function`, `pid`, `state`, `runtime`, `account`, ... of each environment.

    Args:
        account: Only this account's.
    """
    with _lock:
        sandboxes = list(_live.values())
    found = [sandbox.description() for sandbox in sandboxes]
    return [entry for entry in found if account in (None, entry["account"])]


def create(
    function: FunctionVersion,
    credentials: Credentials | None = None,
    *,
    initialization: str = "on-demand",
    debugger: Debugger | None = None,
) -> Sandbox:
    """A new environment, not started yet; without `credentials` its role is assumed when it starts."""
    sandbox = Sandbox(
        function,
        lambda: credentials or assume_role(function),
        initialization=initialization,
        debugger=debugger,
    )
    with _lock:
        _sweep()
        _live[sandbox.id] = sandbox
    return sandbox


def end(sandbox: Sandbox) -> None:
    """Stop an environment and forget it."""
    sandbox.stop()
    with _lock:
        _live.pop(sandbox.id, None)


def of_function(arn: str) -> list[Sandbox]:
    """The environments of all versions of a function; `arn` without a version."""
    with _lock:
        return [sandbox for sandbox in _live.values() if sandbox.function.id.unqualified_arn() == arn]


def start_spare(function: FunctionVersion) -> None:
    """Start an environment ahead of the first invocation, which then finds it warm, or at least warming."""
    with _lock:
        if len(_spares) >= MOST_SPARES:
            return
    sandbox = create(function)
    with _lock:
        _spares[_key(function)] = sandbox
    threading.Thread(target=_start, args=(function, sandbox), name="function-ahead", daemon=True).start()


def take_spare(function: FunctionVersion) -> Sandbox | None:
    """The environment that was started ahead, once."""
    with _lock:
        return _spares.pop(_key(function), None)


def end_spare(function: FunctionVersion) -> None:
    """The version is gone; nobody will take its spare."""
    sandbox = take_spare(function)
    if sandbox is not None:
        end(sandbox)


def renew_spare(sandbox: Sandbox) -> bool:
    """Put another in place of an environment that was started ahead; False when it is none."""
    function = sandbox.function
    with _lock:
        if _spares.get(_key(function)) is not sandbox:
            return False
        del _spares[_key(function)]
    end(sandbox)
    start_spare(function)
    return True


def assume_role(function: FunctionVersion) -> Credentials:
    """Temporary credentials of the function's role, which carry the function's account."""
    sts = connect_to(
        aws_access_key_id=function.id.account, region_name=function.id.region
    ).sts.request_metadata(service_principal="lambda")
    answer = sts.assume_role(
        RoleArn=function.config.role,
        RoleSessionName=function.id.function_name.ljust(2, "-"),
        DurationSeconds=CREDENTIALS_SECONDS,
    )
    credentials: Credentials = answer["Credentials"]
    return credentials


def _start(function: FunctionVersion, sandbox: Sandbox) -> None:
    try:
        sandbox.start()
    except Exception as error:  # noqa: BLE001 - the first invocation starts again, and reports it
        LOG.warning("%s could not be started ahead: %s", function.id.function_name, error)
    # The machine's time: it is the machine's memory that a spare takes.
    real_time.call_later(config.LAMBDA_KEEPALIVE_MS / 1000, lambda: _end_if_spare(function, sandbox))


def _end_if_spare(function: FunctionVersion, sandbox: Sandbox) -> None:
    with _lock:
        if _spares.get(_key(function)) is not sandbox:
            return
        del _spares[_key(function)]
    end(sandbox)


def _key(function: FunctionVersion) -> tuple[str, str]:
    return function.qualified_arn, function.config.internal_revision


def _sweep() -> None:
    """Folders of an emulator that used this data folder before, and was killed."""
    global _swept  # noqa: PLW0603 - once per process
    if not _swept:
        _swept = True
        shutil.rmtree(configuration.environments(), ignore_errors=True)
