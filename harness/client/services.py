"""The clients that driving a stack takes, typed, and their errors in the harness's words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from harness.client.boto import client
from harness.model.errors import EmulatorError, HarnessError, MessageError, NotFoundInStackError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_lambda.client import LambdaClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_sqs.client import SQSClient

    from harness.model.environment import Endpoint

_NOT_FOUND = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
    }
)


_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})


def sqs(endpoint: Endpoint) -> SQSClient:
    """The SQS client for `endpoint`; clients may be used from several threads."""
    return cast("SQSClient", client(endpoint, "sqs"))


def functions(endpoint: Endpoint) -> LambdaClient:
    """The Lambda client for `endpoint`."""
    return cast("LambdaClient", client(endpoint, "lambda"))


def logs(endpoint: Endpoint) -> CloudWatchLogsClient:
    """The CloudWatch Logs client for `endpoint`."""
    return cast("CloudWatchLogsClient", client(endpoint, "logs"))


@contextmanager
def plain_errors(subject: str) -> Iterator[None]:
    """Turn botocore's errors into the harness's.

    Args:
        subject: What the block works on, the beginning of the message: `queue calculatrice-input-queue`.

    Raises:
        NotFoundInStackError: AWS knows no such queue or function.
        AwsAccessError: The host's AWS credentials are missing or have expired.
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
    from botocore.exceptions import (  # noqa: PLC0415 - boto3 takes a second to import
        BotoCoreError,
        ClientError,
        NoCredentialsError,
        SSOError,
        TokenRetrievalError,
    )

    if error_code(error) in _EXPIRED or isinstance(
        error, NoCredentialsError | SSOError | TokenRetrievalError
    ):
        from harness.client.aws_account import access_error  # noqa: PLC0415 - only where AWS is the target

        return access_error(error)
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
