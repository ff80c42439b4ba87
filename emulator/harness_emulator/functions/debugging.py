"""Functions that run under a debugger: `enable`, `disable`, `listing`.

A debugged function has one process at a time, which all its invocations use one after the other. While a
client is attached, or the first one is waited for, the limits of init and invocation stand still.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from harness.model.errors import PortTakenError, UsageError
from harness_emulator.functions import configuration, pool
from harness_emulator.functions.forwarder import Forwarder
from harness_emulator.functions.functions import latest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult

    from harness_emulator.functions.process import RuntimeProcess
    from harness_emulator.functions.sandbox import Sandbox

LOG = logging.getLogger(__name__)

_lock = threading.RLock()
_sessions: dict[str, DebugSession] = {}


def enable(
    function: str, *, account: str, port: int = 0, wait: bool = False, source_root: str | None = None
) -> dict[str, Any]:
    """Run `function` under debugpy from its next invocation on.

    Its process is started at once, so that a client can attach before the first message.

    Args:
        function: Name or ARN.
        account: The account it is deployed in.
        port: 0 takes a free one, or the only one where the emulator has only one.
        wait: The handler's module is imported when a client has attached.
        source_root: Folder whose files are the deployed ones: breakpoints set there hold here.

    Returns:
        An entry as in `listing`.

    Raises:
        NotFoundInStackError: No such function in that account.
        PortTakenError: Another process listens on the port, or another function is debugged there.
        UsageError: The emulator has only one port for debuggers, which is another one.
    """
    port = _allowed(port)
    version = latest(function, account)
    arn = version.id.unqualified_arn()
    with _lock:
        _must_be_free(port, arn)
        earlier = _sessions.pop(arn, None)
        if earlier is not None:
            earlier.close()
        session = DebugSession(version, port=port, wait=wait, source_root=source_root)
        _sessions[arn] = session
    pool.end_spare(version)
    for sandbox in pool.of_function(arn):
        if sandbox is not session.sandbox:
            sandbox.drop_process()
    session.start_soon(version)
    return session.description()


def disable(function: str, *, account: str) -> bool:
    """Run `function` without a debugger again; False when it had none."""
    with _lock:
        arn = next((arn for arn, session in _sessions.items() if session.is_of(function, account)), None)
        session = _sessions.pop(arn) if arn is not None else None
    if session is None:
        return False
    session.close()
    return True


def listing(account: str | None = None) -> list[dict[str, Any]]:
    """The functions that are debugged: `function`, `arn`, `account`, `port`, `wait`, `attached`, `pid`."""
    with _lock:
        sessions = list(_sessions.values())
    return [session.description() for session in sessions if account in (None, session.account)]


def session_of(version: FunctionVersion) -> DebugSession | None:
    """The session in which this version's invocations run."""
    return _sessions.get(version.id.unqualified_arn()) if _sessions else None


def prepare(version: FunctionVersion) -> bool:
    """Start a new version of a debugged function in its session; False when it is not debugged."""
    session = session_of(version)
    if session is None:
        return False
    session.start_soon(version)
    return True


def version_ended(version: FunctionVersion) -> None:
    """A version was deleted or replaced; with its newest version, the function's session ends."""
    with _lock:
        session = session_of(version)
        if session is None or not session.is_at(version):
            return
        del _sessions[version.id.unqualified_arn()]
    session.close()


class DebugSession:
    """A function under a debugger.

    Attributes:
        account: The function's.
        sandbox: The environment of the moment.
    """

    def __init__(self, version: FunctionVersion, *, port: int, wait: bool, source_root: str | None) -> None:
        self.account: str = version.id.account
        self.sandbox: Sandbox | None = None
        self._name: str = version.id.function_name
        self._arn: str = version.id.unqualified_arn()
        self._wait = wait
        self._source_root = source_root
        self._turn = threading.Lock()
        self._process: RuntimeProcess | None = None
        self._attached_once = False
        self._closed = threading.Event()
        self._version = version
        self._forwarder = Forwarder(
            port,
            self._clients_changed,
            lambda: self.start_soon(self._version),
            listen=configuration.listen(),
        )

    @property
    def port(self) -> int:
        """Where debuggers attach."""
        return self._forwarder.port

    def is_of(self, function: str, account: str) -> bool:
        """Whether `function`, a name or an ARN, is this session's."""
        return self.account == account and function in (self._name, self._arn)

    def is_at(self, version: FunctionVersion) -> bool:
        """Whether this is the version that it debugs now."""
        return _same(self._version, version)

    def description(self) -> dict[str, Any]:
        """An entry of `listing`."""
        pid = self.sandbox.description()["pid"] if self.sandbox is not None else None
        return {
            "function": self._name,
            "arn": self._arn,
            "account": self.account,
            "port": self.port,
            "wait": self._wait,
            "attached": self._forwarder.clients > 0,
            "pid": pid,
        }

    def invoke(self, version: FunctionVersion, payload: Mapping[str, str]) -> InvocationResult | None:
        """Run one invocation, when those before it are done; None when the session ended before its turn."""
        with self._turn:
            if self._closed.is_set():
                return None
            sandbox = self._of(version)
            sandbox.start()
            return None if self._closed.is_set() else sandbox.invoke(payload)

    def start_soon(self, version: FunctionVersion) -> None:
        """Start the process of this version, in a thread: it may have to wait for an invocation's end."""
        self._version = version
        threading.Thread(target=self._start, args=(version,), name="debug-start", daemon=True).start()

    def close(self) -> None:
        """Let go of the clients, end the process."""
        self._closed.set()
        self._forwarder.close()
        if self.sandbox is not None:
            pool.end(self.sandbox)

    def _start(self, version: FunctionVersion) -> None:
        with self._turn:
            if self._closed.is_set():
                return
            sandbox = self._of(version)
        try:
            sandbox.start()
        except Exception:
            LOG.exception("The process of %s cannot be started for a debugger.", self._name)

    def _of(self, version: FunctionVersion) -> Sandbox:
        sandbox = self.sandbox
        if sandbox is None or not _same(sandbox.function, version):
            if sandbox is not None:
                pool.end(sandbox)
            self.sandbox = sandbox = pool.create(version, debugger=self)
        return sandbox

    # What its process says and asks (process.Debugger).

    def options(self) -> dict[str, Any]:
        """For the bootstrap."""
        return {"wait": self._wait, "source_root": self._source_root}

    def started(self, process: RuntimeProcess) -> None:
        """A process starts."""
        self._process = process
        self._attached_once = False
        self._forwarder.aim(None)

    def listens(self, port: int) -> None:
        """Its debug adapter listens."""
        self._forwarder.aim(port)

    def holds(self) -> bool:
        """Whether limits of time stand still."""
        if self._closed.is_set():
            return False
        return self._forwarder.clients > 0 or (self._wait and not self._attached_once)

    def _clients_changed(self) -> None:
        if self._forwarder.clients:
            self._attached_once = True
        if self._process is not None:
            self._process.hold_changed()


def _allowed(port: int) -> int:
    """The port to listen on for a request of `port`."""
    only = configuration.debug_port()
    if only is None or port == only:
        return port
    if port:
        raise UsageError(
            f"Port {port} cannot be reached from outside this emulator's container: "
            f"debuggers can attach to port {only} only.",
            hint=f"Ask for {only}, or for 0.",
        )
    return only


def _must_be_free(port: int, arn: str) -> None:
    for other, session in _sessions.items():
        if port and session.port == port and other != arn:
            raise PortTakenError(
                f"Port {port} is the debugger's of {other}.",
                hint="End that one first (harness debug --stop), or choose another port.",
            )


def _same(one: FunctionVersion, other: FunctionVersion) -> bool:
    revisions = one.config.internal_revision, other.config.internal_revision
    return bool(one.qualified_arn == other.qualified_arn and revisions[0] == revisions[1])
