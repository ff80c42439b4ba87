"""AWS's refusals, in AWS's words.

A code has two spellings (A-54): that of the query protocol, which clients show and batch results carry, and
the shape's name in the JSON protocol. LocalStack's serializers make the first from the second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localstack.aws.api import CommonServiceException
from localstack.aws.api.sqs import OverLimit, PurgeQueueInProgress, ResourceNotFoundException
from localstack.services.sqs.exceptions import InvalidAttributeValue as InvalidAttributeValueError
from localstack.services.sqs.exceptions import InvalidParameterValueException as InvalidParameterValueError
from localstack.services.sqs.exceptions import MissingRequiredParameterException as MissingParameterError

if TYPE_CHECKING:
    from localstack.aws.api import ServiceException

FORBIDDEN = 403
NOT_FOUND = 404

_QUERY_CODES = {
    "InvalidParameterValueException": "InvalidParameterValue",
    "MissingRequiredParameterException": "MissingParameter",
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "UnsupportedOperation": "AWS.SimpleQueueService.UnsupportedOperation",
}


class SendFailedError(CommonServiceException):
    """SQS fails to send, through no fault of the sender: a fault that a test asked for.

    Its status is none that an SDK tries again at: it stands for the end of all those tries.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code, "The send failed: an injected fault.", status_code=400, sender_fault=False)


def invalid(value: Any, parameter: str, reason: str) -> CommonServiceException:
    """InvalidParameterValue, in the form that most parameters have."""
    return InvalidParameterValueError(f"Value {value} for parameter {parameter} is invalid. Reason: {reason}")


def invalid_parameter(message: str) -> CommonServiceException:
    """InvalidParameterValue, in other words."""
    return InvalidParameterValueError(message)


def invalid_attribute(name: str, reason: str | None = None) -> CommonServiceException:
    """A queue attribute's value (A-19)."""
    because = f" Reason: {reason}" if reason else ""
    return InvalidAttributeValueError(f"Invalid value for the parameter {name}.{because}")


def missing(parameter: str) -> CommonServiceException:
    """MissingParameter (A-30, A-56)."""
    return MissingParameterError(f"The request must contain the parameter {parameter}.")


def malformed(message: str, *, json: bool) -> CommonServiceException:
    """A request that cannot be read."""
    code = "SerializationException" if json else "MalformedInput"
    return CommonServiceException(code, message, sender_fault=True)


def over_limit() -> ServiceException:
    """The in-flight quota, on a short poll of a standard queue (A-12)."""
    return OverLimit("Too many messages in flight.", status_code=FORBIDDEN)


def purged_recently(name: str) -> ServiceException:
    """A second PurgeQueue (A-51)."""
    return PurgeQueueInProgress(
        f"Only one PurgeQueue operation on {name} is allowed every 60 seconds.", status_code=FORBIDDEN
    )


def no_such_resource(message: str) -> ServiceException:
    """What a move task names and is not there (A-44)."""
    return ResourceNotFoundException(message, status_code=NOT_FOUND)


def batch_failure(entry_id: str, error: ServiceException, code: str | None = None) -> dict[str, Any]:
    """An entry of a batch result's `Failed` (A-27)."""
    return {
        "Id": entry_id,
        "SenderFault": not isinstance(error, SendFailedError),
        "Code": code or _QUERY_CODES.get(error.code, error.code),
        "Message": str(error),
    }
