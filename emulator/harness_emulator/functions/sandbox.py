"""An execution environment: a process, replaced when it breaks, a folder for its files, a log stream."""

from __future__ import annotations

import json
import shutil
import signal
import threading
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from localstack.services.lambda_.invocation.lambda_models import InvocationResult

from harness_emulator.account import ACCOUNTS
from harness_emulator.functions import (
    callers,
    client_context,
    configuration,
    errors,
    invocation_faults,
    memory,
    virtual_time,
)
from harness_emulator.functions import events as ledger
from harness_emulator.functions.log import EnvironmentLog
from harness_emulator.functions.package import layers_folder
from harness_emulator.functions.process import (
    Exited,
    Failed,
    InitFailed,
    Limit,
    ProcessLaunch,
    Ready,
    Responded,
    RuntimeProcess,
)
from harness_emulator.functions.runtime_api import Invocation
from harness_emulator.functions.runtimes.family import family_of
from harness_emulator.functions.variables import lambda_variables
from harness_emulator.mapping import delivery
from harness_emulator.time import real_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localstack.services.lambda_.invocation.lambda_models import Credentials, FunctionVersion

    from harness_emulator.faults.rules import Rule
    from harness_emulator.functions.process import Debugger, Event
    from harness_emulator.functions.runtimes.family import ReadyRuntime

KILLED = Exited(-signal.SIGKILL)
INIT_SECONDS = 10.0
"""Row C-27: then the init is tried again in the invocation, under the function's timeout."""


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended.

    Attributes:
        payload: JSON for the caller.
        error: It is a function error.
        status: For the REPORT line: `timeout`, `error`, or nothing.
        line: What the platform logs about it.
    """

    payload: bytes
    error: bool = False
    status: str = ""
    line: str = ""


class Sandbox:
    """One execution environment of a function version.

    Args:
        function: The version.
        credentials: Called when a process starts; credentials of the function's role.
        initialization: `on-demand` or `provisioned-concurrency`.
        debugger: Who debugs its processes.
    """

    def __init__(
        self,
        function: FunctionVersion,
        credentials: Callable[[], Credentials],
        *,
        initialization: str = "on-demand",
        debugger: Debugger | None = None,
    ) -> None:
        self.id = uuid.uuid4().hex
        self.function = function
        self.init_error: bytes | None = None
        self._caller = callers.CallingFunction(function.id.account, function.id.function_name, self.id)
        self._credentials = credentials
        self._initialization = initialization
        self._debugger = debugger
        self._private = configuration.environments() / self.id
        self._task_root = Path(function.config.code.get_unzipped_code_location()).resolve()
        self._log = EnvironmentLog(function, self.id, self._task_root)
        self._process: RuntimeProcess | None = None
        self._init_ms: float | None = None
        self._started = False
        self._starting = threading.Lock()
        self._invoking = threading.Lock()
        self._stopped = False
        self._process_unwanted = False
        self._follows = False

    # Life.

    def start(self) -> None:
        """The init phase; returns when it is over, for better or worse. A second call waits for the first."""
        with self._starting:
            if self._started or self._stopped:
                return
            self._started = True
            self._initialize()

    def invoke(self, payload: Mapping[str, str]) -> InvocationResult:
        """Run one invocation; `payload` is LocalStack's: `invoke-id`, `invoked-function-arn`, ..."""
        with self._invoking:
            result = self._invoke(payload)
        if self._stopped or self._process_unwanted:
            self._settle()
        return result

    def stop(self) -> None:
        """End it; an invocation that is under way comes to its own end first, as on AWS."""
        self._stopped = True
        self._settle()

    def drop_process(self) -> None:
        """End its process only: the next invocation starts another."""
        self._process_unwanted = True
        self._settle()

    def description(self) -> dict[str, object]:
        """For the control API."""
        identity = self.function.id
        process = self._process
        alive = process is not None and not process.exited
        return {
            "id": self.id,
            "function": identity.function_name,
            "version": identity.qualifier,
            "account": identity.account,
            "region": identity.region,
            "runtime": self.function.config.runtime,
            "pid": process.pid if process is not None and alive else None,
            "state": self._state(alive=alive),
            "debugged": self._debugger is not None,
        }

    def _state(self, *, alive: bool) -> str:
        if self._invoking.locked():
            return "invoking"
        if self._starting.locked():
            return "starting"
        return "idle" if alive else "stopped"

    def _settle(self) -> None:
        if not self._invoking.acquire(blocking=False):
            return  # the invocation under way does it at its end
        try:
            self._process_unwanted = False
            self._end_process()
            if self._stopped:
                callers.forget(self._caller)
                self._told_end()
                shutil.rmtree(self._private, ignore_errors=True)
        finally:
            self._invoking.release()

    def _told_end(self) -> None:
        """Tell the ledger, once, that it is no more."""
        if self._started:
            self._started = False
            ledger.environment(self.function.id, self.id, "environment_stopped")

    # The init phase.

    def _initialize(self) -> None:
        ledger.environment(self.function.id, self.id, "environment_started")
        runtime = self._runtime()
        self._log.init_start(self.function, runtime)
        began = real_time.now()
        process = self._spawn(runtime)
        event = self._initialized(process, Limit(INIT_SECONDS))
        milliseconds = (real_time.now() - began) * 1000
        if isinstance(event, Ready):
            self._init_ms = milliseconds
            return
        self._end_process()
        if self._stopped:
            return
        outcome = self._broken(event, request_id="", seconds=INIT_SECONDS)
        self.init_error = outcome.payload
        self._log.init_report(milliseconds, outcome.status, outcome.payload)

    def _spawn(self, runtime: ReadyRuntime) -> RuntimeProcess:
        if not self._private.exists():
            # As /tmp is on Lambda (row C-20); the folder around it lets nobody else in.
            self._private.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._private.mkdir()
            self._private.chmod(0o1777)
        config = self.function.config
        credentials = self._credentials()
        callers.know(credentials["AccessKeyId"], self._caller)
        variables = lambda_variables(
            self.function,
            credentials=credentials,
            endpoint=configuration.endpoint(),
            initialization=self._initialization,
            log=self._log.stream,
            private=self._private,
            runtime_folder=runtime.folder,
            task_root=self._task_root,
            opt=layers_folder(self.function),
        )
        launch = ProcessLaunch(
            runtime.command if self._debugger is None else runtime.debug_command,
            self._task_root,
            config.handler or "",
            variables,
            mark=self.id,
            memory_limit=config.memory_size * memory.MEBIBYTE,
            clock=virtual_time.file_for(self.function),
        )
        self._log.stamped_by_account = self._follows = launch.clock is not None
        if self._debugger is not None:
            launch.memory_limit = 1 << 62  # the debugger's own memory is not the function's
        self._process = RuntimeProcess(launch, self._log.receive, self._debugger)
        if self._stopped:
            self._process.stop()
        return self._process

    def _runtime(self) -> ReadyRuntime:
        runtime = str(self.function.config.runtime)
        return family_of(runtime).make(
            runtime, configuration.runtimes(), strict=configuration.strict_runtime()
        )

    def _initialized(self, process: RuntimeProcess, limit: Limit) -> Event | None:
        with memory.GUARD.watching(process):
            return process.initialized(limit)

    def _end_process(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None

    # An invocation.

    def _invoke(self, payload: Mapping[str, str]) -> InvocationResult:
        request_id = payload["invoke-id"]
        ledger.invoke_started(self.function.id, self.id, request_id)
        if self._process is not None:
            self._process.flush_output()  # of the init phase, and of threads that ran on since
        self._log.start(request_id)
        self._caller.request_id, self._caller.delivery = request_id, delivery.current()
        timeout = self.function.config.timeout
        began = real_time.now()
        outcome = self._run(payload, Limit(timeout))
        milliseconds = (real_time.now() - began) * 1000
        if outcome.status == "timeout":
            milliseconds = timeout * 1000
        init_milliseconds, self._init_ms = self._init_ms, None
        process = self._process
        peak = 0
        if process is not None:
            process.flush_output()
            peak = max(process.memory_peak, memory.peak(process.pid))
            process.memory_peak = peak
            if process.exited or outcome.status:
                self._end_process()
        if outcome.line:
            self._log.write(outcome.line)
        self._log.end(
            request_id,
            milliseconds=milliseconds,
            peak=peak,
            init_milliseconds=init_milliseconds,
            status=outcome.status,
            payload=outcome.payload,
        )
        result = InvocationResult(request_id, outcome.payload, outcome.error, self._log.take_tail())
        ledger.invoke_ended(self.function.id, self.id, result, milliseconds, outcome.status)
        return result

    def _run(self, payload: Mapping[str, str], limit: Limit) -> Outcome:
        request_id = payload["invoke-id"]
        seconds = self.function.config.timeout
        fault = invocation_faults.broken(self.function.id, request_id, self.id)
        if fault is not None and (struck := self._struck(fault, request_id)) is not None:
            return struck
        process = self._process
        if process is None or process.exited:
            # After a timeout, a crash or a failed init, AWS initializes again inside the next invocation
            # (row C-05): its time is the invocation's.
            self._init_ms = None
            process = self._spawn(self._runtime())
            event = self._initialized(process, limit)
            if not isinstance(event, Ready):
                return self._broken(event, request_id=request_id, seconds=seconds)
        invocation = Invocation(
            request_id,
            payload["invoked-function-arn"],
            payload["trace-id"],
            # The handler compares it with its own time; its timeout stays on the machine's.
            int((self._process_time() + limit.left()) * 1000),
            payload["payload"].encode(),
            client_context.current(),
        )
        during = fault is not None and fault.options["when"] == "during"
        with (
            memory.GUARD.watching(process),
            callers.at_call(self._caller, process.kill if during else None),
        ):
            event = process.invoke(invocation, limit)
        if fault is not None and isinstance(event, Responded | Failed):
            event = KILLED
        if isinstance(event, Responded):
            if len(event.payload) > errors.RESPONSE_LIMIT:
                return Outcome(errors.too_large(), error=True)
            return Outcome(event.payload)
        if isinstance(event, Failed):
            return Outcome(self._on_lambda(event.payload), error=True)
        return self._broken(event, request_id=request_id, seconds=seconds)

    def _struck(self, fault: Rule, request_id: str) -> Outcome | None:
        """How an invocation ends without the handler; None where it runs, and the process dies with it."""
        if fault.kind == "raise":
            kind = str(fault.options["error"])
            text = f"Raised by {fault.id}, before the handler did anything."
            self._log.write(f"[ERROR] {kind}: {text}\n")
            return Outcome(errors.raised(kind, text, request_id), error=True)
        event = None if fault.kind == "time_out" else KILLED
        if event is not None and fault.options["when"] != "before":
            return None
        return self._broken(event, request_id=request_id, seconds=self.function.config.timeout)

    def _process_time(self) -> float:
        """Epoch seconds, as the process sees them."""
        return ACCOUNTS.of(self.function.id.account).clock.now() if self._follows else real_time.epoch()

    def _broken(self, event: Event | None, *, request_id: str, seconds: float) -> Outcome:
        """What is reported when there is no answer from the handler; the process is of no more use."""
        if isinstance(event, InitFailed):
            return Outcome(self._on_lambda(event.payload), error=True, status="error")
        if isinstance(event, Exited):
            text = errors.exited(event.returncode)
            return Outcome(
                errors.payload("Runtime.ExitError", text, request_id),
                error=True,
                status="error",
                line=f"RequestId: {request_id} Error: {text}\nRuntime.ExitError\n",
            )
        # The REPORT line alone tells it in the log (row C-04).
        text = errors.timed_out(seconds)
        return Outcome(errors.payload("Sandbox.Timedout", text, request_id), error=True, status="timeout")

    def _on_lambda(self, payload: bytes) -> bytes:
        return errors.on_lambda(payload, str(self._task_root))


def failure_text(payload: bytes) -> str:
    """The message of an error payload."""
    return str(json.loads(payload).get("errorMessage", ""))
