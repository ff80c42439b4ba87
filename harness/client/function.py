"""A function of the stack: invoke it, read its log, run other code in it for a while."""

from __future__ import annotations

import base64
import json
import re
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.client import logs, services
from harness.client.deadline import Deadline, until
from harness.machine.web import opener_for
from harness.model.errors import MessageError, WaitTimeoutError
from harness.project.packaging import build_zip

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from harness.client.logs import LogEvent
    from harness.model.environment import Endpoint

_LAST_LINES = 15
_UPDATE_SECONDS = 60
_NAMES_OF_LOCALSTACK = frozenset({"localhost.localstack.cloud", "s3.localhost.localstack.cloud"})


@dataclass(frozen=True)
class Invocation:
    """What a synchronous invocation answered.

    Attributes:
        payload: The function's answer, parsed; of a failed one, AWS's `{"errorMessage": ..., ...}`.
        error: `Unhandled` where the function failed, else None (the header `X-Amz-Function-Error`).
        log: The last 4 KiB of this invocation's log.
    """

    payload: Any
    error: str | None
    log: str


@dataclass(frozen=True)
class Function:
    """A function, as a test or a command holds it.

    Attributes:
        name: Its AWS name.
        arn: Its ARN.
        log_group: Its CloudWatch log group.
        environment: Its environment variables, as the stack sets them.
        endpoint: Where it is.
    """

    name: str
    arn: str
    log_group: str
    environment: Mapping[str, str] = field(repr=False)
    endpoint: Endpoint = field(repr=False)

    def invoke(self, payload: object = None) -> Invocation:
        """Invoke it and wait for its answer; no queue and no event source mapping takes part.

        Raises:
            MessageError: Lambda refused the call. A function that fails is no error: see `Invocation.error`.
        """
        with services.plain_errors(f"function {self.name}"):
            answer = services.functions(self.endpoint).invoke(
                FunctionName=self.name, LogType="Tail", Payload=json.dumps(payload).encode()
            )
            text = answer["Payload"].read()
        return Invocation(
            json.loads(text) if text else None,
            answer.get("FunctionError"),
            base64.b64decode(answer.get("LogResult", "")).decode(errors="replace"),
        )

    def logs(self, since: int | None = None) -> list[LogEvent]:
        """Its log, oldest first.

        Args:
            since: Epoch milliseconds of the first event wanted; None: all there is.
        """
        return logs.read(self.endpoint, self.log_group, since)

    def follow_logs(self, since: int | None = None) -> Iterator[LogEvent]:
        """Its log so far, then each event as it comes, without end."""
        return logs.follow(self.endpoint, self.log_group, since)

    def wait_for_log(
        self, pattern: str | re.Pattern[str], timeout: float = 30, *, since: int | None = None
    ) -> LogEvent:
        """The first event in whose text `pattern` (a regular expression) is found.

        Raises:
            WaitTimeoutError: There was none within `timeout` seconds; `detail` has the last lines.
        """
        wanted = re.compile(pattern)
        found = until(
            lambda: next((event for event in self.logs(since) if wanted.search(event.message)), None),
            Deadline(timeout),
            every=self.endpoint.pause,
        )
        if found is None:
            raise WaitTimeoutError(
                f"No line of {self.log_group} matched {wanted.pattern!r} in {timeout:g} s.",
                detail="\n".join(event.message for event in self.logs(since)[-_LAST_LINES:]) or None,
            )
        return found

    def last_errors(self, lines: int = 5) -> list[str]:
        """The last lines of its log that tell of failed invocations."""
        return [event.message for event in self.logs() if event.is_error][-lines:]

    @contextmanager
    def replaced_code(self, files: Mapping[str, bytes | Path]) -> Iterator[None]:
        """Run other code in it inside the block, and the deployed code again after it.

        Args:
            files: Name in the package -> contents; these alone make the package.

        Raises:
            MessageError: Lambda refused the package.
            WaitTimeoutError: It did not become active.
        """
        with services.plain_errors(f"function {self.name}"):
            location = services.functions(self.endpoint).get_function(FunctionName=self.name)["Code"][
                "Location"
            ]
        deployed = _download(_reachable(location, self.endpoint), self.endpoint)
        self._update_code(build_zip(files))
        try:
            yield
        finally:
            self._update_code(deployed)

    def restore_code(self, code_sha256: str, package: Path) -> bool:
        """Put the deployed code back where other code is in it: a run was killed inside `replaced_code`.

        Args:
            code_sha256: Of the deployed code, as Lambda tells it.
            package: The deployed zip.

        Returns:
            Whether there was other code.
        """
        with services.plain_errors(f"function {self.name}"):
            now = services.functions(self.endpoint).get_function_configuration(FunctionName=self.name)
        if now["CodeSha256"] == code_sha256:
            return False
        self._update_code(package.read_bytes())
        return True

    def _update_code(self, package: bytes) -> None:
        client = services.functions(self.endpoint)
        with services.plain_errors(f"function {self.name}"):
            client.update_function_code(FunctionName=self.name, ZipFile=package)

        def settled() -> str | None:
            with services.plain_errors(f"function {self.name}"):
                state = client.get_function_configuration(FunctionName=self.name)
            status = state.get("LastUpdateStatus")
            if status == "Failed":
                raise MessageError(
                    f"Function {self.name} could not be updated: {state.get('LastUpdateStatusReason')}",
                )
            return status if status == "Successful" else None

        if until(settled, Deadline(_UPDATE_SECONDS), every=1.0 if self.endpoint.on_aws else 0.02) is None:
            raise WaitTimeoutError(f"Function {self.name} was not updated within {_UPDATE_SECONDS} s.")


def _reachable(location: str, endpoint: Endpoint) -> str:
    """Where to get a function's code: LocalStack's own names are not known to every name server."""
    parts = urlsplit(location)
    if parts.hostname not in _NAMES_OF_LOCALSTACK:
        return location
    own = urlsplit(endpoint.url)
    return parts._replace(scheme=own.scheme, netloc=own.netloc).geturl()


def _download(url: str, endpoint: Endpoint) -> bytes:
    # What AWS has is behind the host's proxy.
    opener = urllib.request.build_opener() if endpoint.on_aws else opener_for(url)
    with opener.open(url, timeout=60) as answer:
        package: bytes = answer.read()
        return package
