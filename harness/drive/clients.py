"""boto3 clients for an endpoint: made once each, blind to the host's AWS configuration, plain errors."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from harness.errors import EmulatorError, HarnessError, MessageError, NotFoundInStackError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boto3.session import Session
    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_sqs.client import SQSClient

    from harness.targets.base import Endpoint

# A function may run for 15 minutes, and Invoke answers when it has ended; nothing else takes that long.
_INVOKE_SECONDS = 900 + 60
_NOT_FOUND = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
    }
)
_lock = threading.Lock()
_clients: dict[tuple[str, Endpoint], Any] = {}


def sqs(endpoint: Endpoint) -> SQSClient:
    """The SQS client for `endpoint`; clients may be used from several threads."""
    return cast("SQSClient", _client("sqs", endpoint))


def functions(endpoint: Endpoint) -> LambdaClient:
    """The Lambda client for `endpoint`."""
    return cast("LambdaClient", _client("lambda", endpoint))


def logs(endpoint: Endpoint) -> CloudWatchLogsClient:
    """The CloudWatch Logs client for `endpoint`."""
    return cast("CloudWatchLogsClient", _client("logs", endpoint))


@contextmanager
def plain_errors(subject: str) -> Iterator[None]:
    """Turn botocore's errors into the harness's.

    Args:
        subject: What the block works on, the beginning of the message: `queue calculatrice-input-queue`.

    Raises:
        NotFoundInStackError: AWS knows no such queue or function.
        EmulatorError: Nothing answers at the endpoint.
        MessageError: AWS refused, with its error code and text.
    """
    try:
        yield
    except HarnessError:
        raise
    except Exception as error:
        raise _translated(error, subject) from error


def error_code(error: BaseException) -> str:
    """The AWS error code of a ClientError, `""` for any other error."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def _translated(error: Exception, subject: str) -> Exception:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - boto3 takes a second to import

    if isinstance(error, ClientError):
        code = error_code(error)
        text = str(error.response.get("Error", {}).get("Message", "")) or str(error)
        if code in _NOT_FOUND:
            return NotFoundInStackError(
                f"{_sentence(subject)} does not exist there: {text}",
                hint="`harness deploy` puts the stack's resources back.",
            )
        return MessageError(f"{_sentence(subject)}: {error.operation_name} was refused with {code}: {text}")
    if isinstance(error, BotoCoreError):
        return EmulatorError(
            f"{_sentence(subject)} cannot be reached: {error}",
            hint="`harness status` shows what is up; `harness up` starts an environment.",
        )
    return error


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _client(service: str, endpoint: Endpoint) -> Any:
    key = (service, endpoint)
    if key not in _clients:
        with _lock:  # making clients is the one thing that a boto3 session does not allow in parallel
            if key not in _clients:
                _clients[key] = _made(service, endpoint)
    return _clients[key]


def _made(service: str, endpoint: Endpoint) -> Any:
    from botocore.config import Config  # noqa: PLC0415 - boto3 takes a second to import

    configuration = Config(
        connect_timeout=5,
        read_timeout=_INVOKE_SECONDS if service == "lambda" else 60,
        # A send that is tried again could be a message twice, and a loopback connection fails for a reason.
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=32,
        parameter_validation=False,  # a third of a call's cost; AWS's own answer is the better message
        tcp_keepalive=True,
        proxies={},  # the endpoint is on the loopback interface
    )
    # mypy: `service` is a plain string here, and the stubs have one overload per name.
    make: Any = _session().client
    return make(service, config=configuration, **endpoint.client_arguments())


@cache
def _session() -> Session:
    """One session that reads no profile, configuration or credentials of the host."""
    import boto3  # noqa: PLC0415 - boto3 takes a second to import
    import botocore.session  # noqa: PLC0415 - the same

    nothing = (None, None, None, None)
    no_file = (None, None, os.devnull, None)
    return boto3.session.Session(
        botocore_session=botocore.session.Session(
            session_vars={"profile": nothing, "config_file": no_file, "credentials_file": no_file},
        ),
    )
