"""LocalStack's runtime executor `process`: the plug-in, and the class between LocalStack and sandboxes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from harness.model.errors import HarnessError, RuntimeMissingError
from harness_emulator.functions import configuration, debugging, package, pool
from harness_emulator.functions.runtimes.family import family_of
from harness_emulator.functions.sandbox import failure_text
from harness_emulator.localstack import function_patches

if TYPE_CHECKING:
    from localstack.services.lambda_.invocation.lambda_models import (
        Credentials,
        FunctionVersion,
        InvocationResult,
    )

    from harness_emulator.functions.sandbox import Sandbox

LOG = logging.getLogger(__name__)


class ProcessRuntimeExecutor(RuntimeExecutor):
    """One execution environment, run as a process of this machine."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:  # noqa: A002 - LocalStack's name
        super().__init__(id, function_version)
        self._sandbox: Sandbox | None = None
        self._credentials: Credentials | None = None
        self._initialization = "on-demand"
        self._stopped = False

    def start(self, env_vars: dict[str, str]) -> None:
        """Start the environment and wait for the end of its init phase, which AWS limits to ten seconds.

        A failed init is reported by the first invocation, after another attempt, as on AWS.

        Raises:
            StatusErrorException: The init of provisioned concurrency failed.
        """
        self._credentials = {
            "AccessKeyId": env_vars["AWS_ACCESS_KEY_ID"],
            "SecretAccessKey": env_vars["AWS_SECRET_ACCESS_KEY"],
            "SessionToken": env_vars["AWS_SESSION_TOKEN"],
        }
        self._initialization = str(env_vars["AWS_LAMBDA_INITIALIZATION_TYPE"])
        if debugging.session_of(self.function_version) is not None:
            return  # its process is the session's
        sandbox = self._own_sandbox()
        sandbox.start()
        if self._initialization != "on-demand" and sandbox.init_error is not None:
            raise StatusErrorException(failure_text(sandbox.init_error), payload=sandbox.init_error)

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Run one invocation."""
        session = debugging.session_of(self.function_version)
        result = session.invoke(self.function_version, payload) if session is not None else None
        if result is not None:
            return result
        sandbox = self._own_sandbox()
        sandbox.start()
        return sandbox.invoke(payload)

    def stop(self) -> None:
        """End the environment."""
        self._stopped = True
        if self._sandbox is not None:
            pool.end(self._sandbox)

    def get_address(self) -> str:
        """Where the emulator would reach it."""
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        """Where it reaches the emulator."""
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        """LocalStack's container protocol, not spoken here."""
        return configuration.endpoint()

    def get_logs(self) -> str:
        """All output is in CloudWatch Logs."""
        return ""

    def _own_sandbox(self) -> Sandbox:
        if self._sandbox is None:
            spare = pool.take_spare(self.function_version) if self._initialization == "on-demand" else None
            self._sandbox = spare or pool.create(
                self.function_version, self._credentials, initialization=self._initialization
            )
            if self._stopped:
                pool.end(self._sandbox)
        return self._sandbox

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unzip the code, make the runtime's environment, and start an environment ahead.

        Raises:
            HarnessError: LocalStack puts the function in the state Failed, with this as the reason.
        """
        name = function_version.id.function_name
        config = function_version.config
        if not config.runtime or config.code is None:
            raise RuntimeMissingError(
                f"{name} is a container image: only functions made of a zip can run here."
            )
        try:
            runtime = family_of(config.runtime).make(
                config.runtime, configuration.runtimes(), strict=configuration.strict_runtime()
            )
        except HarnessError as error:
            LOG.error("%s cannot run: %s", name, error)  # noqa: TRY400 - a reason, no traceback
            raise
        if runtime.warning:
            LOG.warning("%s: %s", name, runtime.warning)
        package.unzip(function_version)
        if not debugging.prepare(function_version):
            pool.start_spare(function_version)

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """The version was deleted or replaced."""
        pool.end_spare(function_version)
        debugging.version_ended(function_version)

    @classmethod
    def validate_environment(cls) -> bool:
        """Nothing on the machine is needed before a function is created."""
        return True


class ProcessRuntimeExecutorPlugin(RuntimeExecutorPlugin):
    """Selected by LAMBDA_RUNTIME_EXECUTOR=process."""

    name = "process"

    def load(self, *_: object, **__: object) -> type[RuntimeExecutor]:
        """The executor's class; LocalStack's gaps around it are closed first."""
        function_patches.apply()
        return ProcessRuntimeExecutor
