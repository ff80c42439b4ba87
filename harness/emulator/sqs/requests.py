"""What a request must look like before an operation sees it: nothing malformed gets past with a 500."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError
from botocore.model import OperationNotFoundError
from localstack.aws.api import CommonServiceException
from localstack.aws.protocol.parser import RequestParserError
from localstack.aws.protocol.serializer import create_serializer
from localstack.aws.skeleton import create_dispatch_table
from localstack.services.sqs.utils import is_sqs_queue_url

from harness.emulator.sqs.errors import NOT_FOUND, malformed, missing
from harness.emulator.sqs.locating import is_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.model import Shape

SERVICE = "sqs"
_TYPES: dict[str, type] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "blob": bytes,
    "list": list,
    "map": dict,
    "structure": dict,
}


ENTRIES = frozenset(
    {
        "SendMessageBatchRequestEntry",
        "DeleteMessageBatchRequestEntry",
        "ChangeMessageVisibilityBatchRequestEntry",
    }
)
"""The parts of a request that have required parts themselves."""


def checked_dispatch_table(provider: Any) -> dict[str, Callable[[Any, Any], Any]]:
    """LocalStack's table of operations, each behind a check of its request.

    LocalStack's parser reads the types that it must convert and passes all others on as they came.

    Args:
        provider: Has a method for each operation.
    """

    def checked(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def handle(context: Any, request: Any) -> Any:
            request = dict(request or {})
            if is_query(context):
                _complete(context, request)
            check(context.operation.input_shape, request, json=not is_query(context))
            return operation(context, {name: value for name, value in request.items() if value is not None})

        return handle

    return {name: checked(operation) for name, operation in create_dispatch_table(provider).items()}


def _complete(context: Any, request: dict[str, Any]) -> None:
    """What the query protocol leaves out: an empty list, and the queue where its URL is the endpoint."""
    url = context.request.base_url
    for name in context.operation.input_shape.required_members:
        if name == "Entries":
            request.setdefault(name, [])
        elif name == "QueueUrl" and is_sqs_queue_url(url):
            request.setdefault(name, url)


def check(shape: Shape, request: Any, *, json: bool) -> None:
    """Refuse a request that is not of its operation's shape.

    Raises:
        MissingRequiredParameterException: A required parameter is not there.
        CommonServiceException: Something is of another type.
    """
    if fault := _fault(shape, request, shape.name):
        raise malformed(fault, json=json)
    for name in shape.required_members:
        if request.get(name) is None:
            raise missing(name)


def _fault(shape: Any, value: Any, path: str) -> str | None:
    """What is of a wrong type; None where nothing is."""
    kind = shape.type_name
    expected = _TYPES.get(kind)
    if expected is not None and not isinstance(value, expected):
        return f"{path} must be of type {kind}."
    inner: Iterator[str | None] = iter(())
    if kind == "structure":
        inner = _faults_of_members(shape, value, path)
    elif kind == "list":
        inner = (_fault(shape.member, item, shape.member.name) for item in value)
    elif kind == "map":
        inner = (_fault(shape.value, item, f"{path}.{name}") for name, item in value.items())
    return next((fault for fault in inner if fault), None)


def _faults_of_members(shape: Any, value: dict[str, Any], path: str) -> Iterator[str | None]:
    members = shape.members
    for name, item in value.items():
        if item is not None:
            yield _fault(members[name], item, name)
        elif path in ENTRIES and name in shape.required_members:
            yield f"{path} must contain {name}."


def refuse_unreadable(chain: Any, exception: Exception, context: Any, response: Any) -> None:
    """An exception handler of LocalStack's gateway: what its parser cannot read is the sender's fault."""
    if context.service is None or context.service.service_name != SERVICE:
        return
    if not isinstance(exception, RequestParserError | BotoCoreError):
        return
    json = not is_query(context)
    if isinstance(exception, OperationNotFoundError) or isinstance(
        exception.__cause__, OperationNotFoundError
    ):
        name = context.request.headers.get("X-Amz-Target") if json else context.request.values.get("Action")
        error = CommonServiceException(
            "UnknownOperationException" if json else "InvalidAction",
            f"The action {str(name).rpartition('.')[2]} is not valid for this endpoint.",
            sender_fault=True,
        )
    elif not json and "Action" not in context.request.values:
        error = CommonServiceException("UnknownOperationException", "", NOT_FOUND, sender_fault=True)
    else:
        error = malformed(str(exception), json=json)
    context.service_exception = error
    operation = context.operation or context.service.operation_model(context.service.operation_names[0])
    serializer = create_serializer(context.service, context.protocol)
    response.update_from(
        serializer.serialize_error_to_response(error, operation, context.request.headers, context.request_id)
    )
    chain.stop()
