"""The control API under `/_harness/`, on the emulator's own port: JSON in, JSON out.

An error is `{"message": …}` with a status of 400 and above.
"""

from __future__ import annotations

import importlib
import os
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from harness.model.capabilities import CAPABILITIES
from harness.model.control_api import CONTROL_API_VERSION
from harness.model.errors import HarnessError, NotFoundInStackError
from harness_emulator.account import ACCOUNTS
from harness_emulator.api import clock_routes, ledger_routes, settle_routes
from harness_emulator.api import faults_routes as fault_routes
from harness_emulator.api.requests import (
    ALL_ACCOUNTS,
    Answer,
    RequestRefusedError,
    account_of,
    document_of,
    json_answer,
)
from harness_emulator.functions.runtimes.environment import own_runtimes
from harness_emulator.functions.runtimes.reports import made
from harness_emulator.mapping.life import WORKERS
from harness_emulator.sqs import in_process
from harness_emulator.time import real_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness_emulator.api.requests import Neighbours, Request
    from harness_emulator.configuration import Options

AHEAD_SECONDS = 0.1
"""A clock that was less ahead was not advanced, and nothing was logged at times that have not come."""
RESET_SECONDS = 10.0
"""How long a reset waits for batches that are in flight."""


type Handler = Callable[[Request], Any]
"""Answers a request with an `Answer`, or with a document that becomes JSON."""


def routes(options: Options, neighbours: Neighbours) -> tuple[tuple[str, str, Handler], ...]:
    """The routes: method, name below `/_harness/`, and the function that answers."""
    control = Control(options, neighbours)
    return (
        ("GET", "health", control.health),
        ("PUT", "runtimes", control.make_runtimes),
        ("POST", "reset", control.reset),
        ("DELETE", "deleted-queues", control.forget_deleted_queues),
        ("GET", "clock", clock_routes.look),
        ("POST", "clock", clock_routes.move),
        ("GET", "virtual-time", _virtual_time("look")),
        ("POST", "virtual-time", _virtual_time("choose")),
        ("POST", "settle", settle_routes.settle),
        ("GET", "advice", settle_routes.advise),
        ("GET", "faults", fault_routes.listing),
        ("POST", "faults", partial(fault_routes.add, neighbours=neighbours)),
        ("DELETE", "faults", fault_routes.remove),
        ("GET", "ledger", partial(ledger_routes.look, neighbours=neighbours)),
        ("POST", "ledger", ledger_routes.switch),
        ("GET", "ledger/file", ledger_routes.file),
        ("GET", "environments", control.environments),
        ("GET", "debug", control.debugging),
        ("POST", "debug", control.start_debugging),
        ("DELETE", "debug", control.stop_debugging),
    )


def answer(handler: Handler, request: Request) -> Answer:
    """The handler's answer, or its refusal as one."""
    try:
        # No page, not even one on this machine, has business here.
        if "origin" in request.headers:
            raise RequestRefusedError("Requests from web pages are refused.", 403)  # noqa: TRY301 - one way out
        document = handler(request)
    except RequestRefusedError as refused:
        return json_answer({"message": str(refused)}, refused.status)
    return document if isinstance(document, Answer) else json_answer(document)


def no_such_route(request: Request) -> None:
    """Refuse a path that no route has."""
    raise RequestRefusedError(f"There is no {request.method} {request.path}.", 404)


class Control:
    """What the routes do.

    Args:
        options: What the emulator was started with.
        neighbours: The services around queues and mappings.
    """

    def __init__(self, options: Options, neighbours: Neighbours) -> None:
        self._neighbours = neighbours
        self._health = {
            "status": "running",
            "version": version("sqs-lambda-harness-emulator"),
            "api": CONTROL_API_VERSION,
            "localstack": version("localstack-core"),
            "instance": options.instance,
            "pid": os.getpid(),
            "capabilities": [name for name in CAPABILITIES if name != "ledger" or options.ledger is not None],
            "debug_port": options.debug_port,
        }
        self._runtimes = options.runtimes
        self._strict_runtime = options.strict_runtime

    def health(self, _: Request) -> dict[str, Any]:
        """Who answers, and what it can do."""
        return {**self._health, "runtimes": own_runtimes(self._runtimes)}

    def make_runtimes(self, request: Request) -> list[dict[str, Any]]:
        """Make the virtual environments of Lambda runtimes ahead of the functions that need them."""
        runtimes = document_of(request).get("runtimes")
        if not isinstance(runtimes, list) or not all(isinstance(name, str) for name in runtimes):
            raise RequestRefusedError('"runtimes" must be a list of names.')
        return made(sorted(set(runtimes)), self._runtimes, strict=self._strict_runtime)

    def reset(self, request: Request) -> dict[str, Any]:
        """Make an account as new, once what is in flight has ended: queues, faults, clock, ledger."""
        account = account_of(request, document_of(request))
        chosen = _chosen(account)
        accounts = ACCOUNTS.all() if chosen is None else [ACCOUNTS.of(chosen)]
        for found in accounts:
            found.faults.clear()
        in_process.empty(chosen)
        deadline = real_time.deadline(RESET_SECONDS)
        readers = [worker.reader for worker in list(WORKERS.values()) if chosen in {None, *worker.accounts}]
        for reader in readers:
            reader.forget()
        busy = sum(not reader.wait_until_idle(deadline) for reader in readers)
        emptied = in_process.empty(chosen)
        for found in accounts:
            if found.clock.reset() > AHEAD_SECONDS and self._neighbours.is_running("logs"):
                _executor().forget_later_logs(found.id)
            found.ledger.clear()
        return {"account": account, "queues": emptied, "mappings_still_busy": busy}

    def forget_deleted_queues(self, request: Request) -> dict[str, Any]:
        """Let the names of an account's deleted queues be used at once, not only after 60 s (A-52)."""
        account = account_of(request)
        return {"account": account, "forgotten": in_process.forget_deleted(_chosen(account))}

    def environments(self, request: Request) -> list[dict[str, Any]]:
        """The execution environments of an account's functions."""
        if not self._neighbours.is_running("lambda"):
            return []
        return list(_executor().environments(_chosen(account_of(request))))

    def debugging(self, request: Request) -> Any:
        """The functions that run under a debugger."""
        account = account_of(request)
        return _executor().debugging.listing(None if account == ALL_ACCOUNTS else account)

    def start_debugging(self, request: Request) -> Any:
        """Run a function under a debugger from its next invocation on."""
        document = document_of(request)
        account = account_of(request, document)
        function = document.get("function")
        port = document.get("port", 0)
        wait = document.get("wait", True)
        source_root = document.get("source_root")
        if not isinstance(function, str) or not function:
            raise RequestRefusedError('"function" must be a name or an ARN.')
        if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:  # noqa: PLR2004 - a port
            raise RequestRefusedError('"port" must be a number from 0 to 65535.')
        if not isinstance(wait, bool):
            raise RequestRefusedError('"wait" must be true or false.')
        if source_root is not None and not isinstance(source_root, str):
            raise RequestRefusedError('"source_root" must be a path.')
        try:
            return _executor().debugging.enable(
                function, account=account, port=port, wait=wait, source_root=source_root
            )
        except NotFoundInStackError as error:
            raise RequestRefusedError(str(error), 404) from error
        except HarnessError as error:
            raise RequestRefusedError(str(error)) from error

    def stop_debugging(self, request: Request) -> Any:
        """Run a function without a debugger again."""
        function = request.query.get("function")
        if not function:
            raise RequestRefusedError("?function= must be a name or an ARN.")
        return {"stopped": _executor().debugging.disable(function, account=account_of(request))}


def _chosen(account: str) -> str | None:
    return None if account == ALL_ACCOUNTS else account


def _virtual_time(name: str) -> Handler:
    """A route about functions' processes; imported, as what runs them, when first asked for."""

    def call(request: Request) -> Any:
        return getattr(importlib.import_module("harness_emulator.api.virtual_time_routes"), name)(request)

    return call


def _executor() -> Any:
    """What runs the functions; imported when first asked for."""
    return importlib.import_module("harness_emulator.functions")
