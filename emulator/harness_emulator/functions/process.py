"""One process of a function: started, asked, watched and killed."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import threading
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Protocol

from harness_emulator.functions.output import OutputPipe
from harness_emulator.functions.reaping import REAPER, kill_group, kill_marked
from harness_emulator.functions.runtime_api import Invocation, RuntimeApi
from harness_emulator.time import real_time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

JOIN_SECONDS = 5.0


@dataclass(frozen=True)
class Ready:
    """The runtime asked for its first invocation: the init phase is over."""


@dataclass(frozen=True)
class InitFailed:
    """The handler's module cannot be used; `payload` is the runtime's error."""

    payload: bytes


@dataclass(frozen=True)
class Responded:
    """The handler returned `payload`."""

    payload: bytes


@dataclass(frozen=True)
class Failed:
    """The handler raised; `payload` is the runtime's error."""

    payload: bytes


@dataclass(frozen=True)
class Exited:
    """The process ended; `returncode` is negative for a signal."""

    returncode: int


@dataclass(frozen=True)
class HoldChanged:
    """A debugger took hold of the process, or let go of it."""


Event = Ready | InitFailed | Responded | Failed | Exited


class Debugger(Protocol):
    """Who debugs a process."""

    def options(self) -> dict[str, Any]:
        """What the bootstrap needs to know: `wait`, `source_root`."""
        ...

    def started(self, process: RuntimeProcess) -> None:
        """A process starts, of which no debugger has hold yet."""
        ...

    def listens(self, port: int) -> None:
        """Its debug adapter listens."""
        ...

    def holds(self) -> bool:
        """Whether limits of time are suspended now."""
        ...


class Limit:
    """A span of real time, which stands still while a debugger holds the process."""

    def __init__(self, seconds: float) -> None:
        self._deadline = real_time.deadline(seconds)
        self._held: float | None = None

    def remaining(self, *, held: bool) -> float | None:
        """Seconds left, at least 0; None while held."""
        if held:
            self._held = self.left()
            return None
        if self._held is not None:
            self._deadline = real_time.deadline(self._held)
            self._held = None
        return self.left()

    def left(self) -> float:
        """Seconds that are left once nothing holds the process any more."""
        return self._deadline.left if self._held is None else self._held


@dataclass
class ProcessLaunch:
    """What a process is started with.

    Attributes:
        command: Starts the runtime client.
        task_root: The unzipped code: its working directory, first on its path.
        handler: `module.function`.
        variables: Its environment.
        mark: Text in that environment that no other environment has.
        memory_limit: Bytes.
        clock: The file of the account's clock, where its own clocks are to follow that.
    """

    command: Sequence[str]
    task_root: Path
    handler: str
    variables: dict[str, str]
    mark: str
    memory_limit: int
    clock: Path | None = None


class RuntimeProcess:
    """A process from its start to its end; a new one is made for every start.

    Attributes:
        pid: Also its process group and session.
        memory_peak: The most it was seen to use, in bytes.
        exited: It has ended, and so has everything it started.
    """

    def __init__(
        self, launch: ProcessLaunch, receive: Callable[[int, str], None], debugger: Debugger | None = None
    ) -> None:
        self.memory_limit = launch.memory_limit
        self.memory_peak = 0
        self.exited = False
        self._debugger = debugger
        self._mark = launch.mark
        self._events: queue.SimpleQueue[Event | HoldChanged] = queue.SimpleQueue()
        self._invocations: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._under_way: str | None = None
        self._asked = False
        self._end = threading.Lock()
        if debugger is not None:
            debugger.started(self)
        self._output = OutputPipe(receive)
        self._api = RuntimeApi(self)
        try:
            self._popen = self._start(launch)
        except OSError:
            self._api.close()
            self._output.close()
            raise
        finally:
            self._output.started()
        self.pid = self._popen.pid
        REAPER.add(self.pid, self._mark)
        self._watcher = threading.Thread(target=self._watch, name="function-exit", daemon=True)
        self._watcher.start()
        self._configure(launch)

    def _start(self, launch: ProcessLaunch) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            launch.command,
            env={**launch.variables, "AWS_LAMBDA_RUNTIME_API": self._api.address},
            cwd=launch.task_root,
            stdin=subprocess.PIPE,
            stdout=self._output.writer,
            stderr=self._output.writer,
            start_new_session=True,
        )

    def _configure(self, launch: ProcessLaunch) -> None:
        settings: dict[str, Any] = {
            "task_root": str(launch.task_root),
            "handler": launch.handler,
            "locale": "LC_CTYPE" in launch.variables,
        }
        if launch.clock is not None:
            settings["clock"] = str(launch.clock)
        if self._debugger is not None:
            settings["debug"] = self._debugger.options()
        stream: IO[bytes] | None = self._popen.stdin
        if stream is not None:
            with contextlib.suppress(BrokenPipeError), stream:  # it died at once: the watcher says so
                stream.write(json.dumps(settings).encode())

    # What the sandbox does with it.

    def initialized(self, limit: Limit) -> Event | None:
        """Wait for the end of the init phase; None when the limit passed."""
        return self._wait(limit)

    def invoke(self, invocation: Invocation, limit: Limit) -> Event | None:
        """Hand out an invocation and wait for its end; None when the limit passed."""
        self._under_way = invocation.request_id
        self._invocations.put(invocation)
        event = self._wait(limit)
        self._under_way = None
        return event

    def flush_output(self) -> None:
        """Have everything received that it wrote so far."""
        self._output.flush()

    def held(self) -> bool:
        """Whether a debugger suspends the limits of time."""
        return self._debugger is not None and self._debugger.holds()

    def hold_changed(self) -> None:
        """The debugger's `holds` has another answer now."""
        self._events.put(HoldChanged())

    def stop(self) -> None:
        """Kill it with everything it started, and wait until that is gone."""
        self._invocations.put(None)
        with self._end:
            if not self.exited:
                kill_group(self.pid)
        self._watcher.join(JOIN_SECONDS)

    def kill(self) -> None:
        """Kill it; the sandbox sees it exit."""
        with self._end:
            if not self.exited:
                kill_group(self.pid)

    def _wait(self, limit: Limit) -> Event | None:
        while True:
            try:
                event = self._events.get(timeout=limit.remaining(held=self.held()))
            except queue.Empty:
                return None
            if not isinstance(event, HoldChanged):
                return event

    def _watch(self) -> None:
        # Its process group lives as long as it is not waited for: until then the number is its own.
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        with self._end:
            kill_group(self.pid)
            returncode = self._popen.wait()
            kill_marked({self._mark.encode()})
            self.exited = True
        REAPER.discard(self.pid)
        self._api.close()
        self._output.close()
        self._events.put(Exited(returncode))

    # What the Runtime API tells.

    def next_invocation(self) -> Invocation | None:
        """The runtime asks for work."""
        if not self._asked:
            self._asked = True
            self._events.put(Ready())
        return self._invocations.get()

    def responded(self, request_id: str, payload: bytes) -> bool:
        """The handler returned."""
        return self._ended(request_id, Responded(payload))

    def failed(self, request_id: str, payload: bytes) -> bool:
        """The handler raised."""
        return self._ended(request_id, Failed(payload))

    def init_failed(self, payload: bytes) -> None:
        """The handler's module cannot be used."""
        self._events.put(InitFailed(payload))

    def debugger_listens(self, port: int) -> None:
        """The debug adapter of the process listens."""
        if self._debugger is not None:
            self._debugger.listens(port)

    def _ended(self, request_id: str, event: Event) -> bool:
        if request_id != self._under_way:
            return False
        self._under_way = None
        self._events.put(event)
        return True
