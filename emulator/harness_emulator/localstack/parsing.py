"""Malformed requests to SQS and Lambda are refused as AWS refuses them: the client's fault, never a 500.

LocalStack's parsers answer what they cannot read with an internal error, and hand members of wrong types, or
that are missing, on to services that do not look.
"""

from __future__ import annotations

import gzip
import re
import zlib
from typing import TYPE_CHECKING, Any

from localstack.aws.api import CommonServiceException
from localstack.aws.protocol.parser import OperationNotFoundParserError, RequestParserError
from localstack.services.sqs.utils import is_sqs_queue_url

if TYPE_CHECKING:
    from localstack.aws.api import RequestContext
    from localstack.aws.chain import Handler, HandlerChain
    from localstack.http import Response

SERVICES = frozenset({"sqs", "lambda"})
QUEUE_URL = "QueueUrl"
LARGEST = {"integer": 2**31 - 1, "long": 2**63 - 1}
ENTRIES = "Entries"
"""The member of SQS's batch operations that holds the batch."""
# A shape is one of botocore's: each of its classes has attributes of its own.
DEEPEST = 64
"""Levels of nesting in a parsed request: far more than any operation has."""

LONGEST_MESSAGE = 1_000
"""Characters of an error that repeats what was sent."""
UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold."""

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "float": (int, float),
    "double": (int, float),
    "blob": (bytes, bytearray, str),
    "list": (list,),
    "map": (dict,),
    "structure": (dict,),
}


class StrictDecoder:
    """Stands in for the gateway's handler that decodes bodies.

    Args:
        decode: LocalStack's own; what it decodes, it decodes when somebody reads.
    """

    def __init__(self, decode: Handler) -> None:
        self._decode = decode

    def __call__(self, chain: HandlerChain, context: RequestContext, response: Response) -> None:
        """Decode the body now, or refuse the request."""
        self._decode(chain, context, response)
        request = context.request
        if not isinstance(request.stream, gzip.GzipFile):
            return
        try:
            request.get_data()
        except (OSError, EOFError, zlib.error) as error:
            response.set_json(
                {"__type": "SerializationException", "message": f"The body is no gzip: {error}."}
            )
            response.status_code = 400
            chain.stop()


class StrictParser:
    """Stands in for a handler of the gateway that parses requests.

    Args:
        parse: LocalStack's own.
    """

    def __init__(self, parse: Handler) -> None:
        self._parse = parse

    def __call__(self, chain: HandlerChain, context: RequestContext, response: Response) -> None:
        """Parse the request into the context.

        Raises:
            CommonServiceException: It cannot be read, has members of wrong types, or lacks some.
        """
        service = context.service.service_name if context.service else ""
        if service not in SERVICES:
            self._parse(chain, context, response)
            return
        try:
            self._parse(chain, context, response)
        except (RequestParserError, RecursionError) as error:
            # The answer is written for an operation; which one makes no difference to an error.
            context.operation = context.service.operation_model(context.service.operation_names[0])
            raise _unreadable(context, error) from error
        shape = context.operation.input_shape
        if shape is not None:
            if context.service_request is None:  # the body is `null`
                context.service_request = {}
            if context.protocol == "query":
                _complete(context.service_request, shape, context.request.base_url)
            context.service_request = checked(context.service_request, shape, service)


def _complete(request: dict[str, Any], shape: Any, url: str) -> None:
    """What SQS's query protocol leaves out: a list without items, and a queue whose URL is the endpoint."""
    if ENTRIES in shape.members:
        # A batch without entries is one that names none.
        request[ENTRIES] = request.get(ENTRIES) or []
    if QUEUE_URL in shape.members and not request.get(QUEUE_URL) and is_sqs_queue_url(url):
        request[QUEUE_URL] = url


def _unreadable(context: RequestContext, error: Exception) -> CommonServiceException:
    request, service = context.request, context.service.service_name
    unknown = isinstance(error, OperationNotFoundParserError)
    if service == "sqs" and context.protocol == "query":
        action = request.values.get("Action")
        if not action:
            return refusal("MissingAction", "The request must contain an Action.")
        if unknown:
            return refusal("InvalidAction", f"The action {action} is not valid for this endpoint.")
        return refusal("MalformedInput", str(error))
    if unknown or not _names_operation(context):
        return refusal("UnknownOperationException", "The operation is not known.", 404)
    if service == "lambda" and "could not be parsed as JSON" in str(error):
        return refusal("InvalidRequestContentException", "Could not parse request body into json.")
    return refusal("SerializationException", str(error))


def _names_operation(context: RequestContext) -> bool:
    """Whether a request in a JSON protocol says what it asks for; one over REST says so by its path."""
    if context.protocol != "json":
        return True
    target = context.request.headers.get("X-Amz-Target", "")
    return target.rpartition(".")[2] in context.service.operation_names


def refusal(code: str, message: str, status: int = 400) -> CommonServiceException:
    """An error of the client's. SQS's JSON protocol tells the name of its class, the others tell its code.

    Args:
        code: As AWS has it.
        message: May repeat what was sent: what no answer can hold is replaced, and a long one is cut.
        status: Of HTTP.
    """
    message = UNWRITABLE.sub("\ufffd", message[:LONGEST_MESSAGE])
    error = type(code, (CommonServiceException,), {})
    refused: CommonServiceException = error(code, message, status, sender_fault=True)
    return refused


# --- What a parsed request holds. ---------------------------------------------------------------------------


def checked(request: dict[str, Any], shape: Any, service: str) -> dict[str, Any]:
    """The request without members that are null, which to AWS are not there.

    Raises:
        CommonServiceException: A member has a wrong type, or a required one is missing.
    """
    checked: dict[str, Any] = _value(request, shape, service, shape.name, 0)
    return checked


def _value(value: Any, shape: Any, service: str, name: str, depth: int) -> Any:
    kind = shape.type_name
    wanted = _TYPES.get(kind)
    if wanted is None or shape.serialization.get("streaming") or hasattr(value, "read"):
        return value
    wrong = not isinstance(value, wanted) or (isinstance(value, bool) and kind != "boolean")
    if wrong or depth > DEEPEST:
        raise refusal("SerializationException", f"{name} must be of type {kind}.")
    if kind == "structure":
        return _structure(value, shape, service, depth)
    if kind == "map":
        return {
            _value(key, shape.key, service, name, depth + 1): _value(
                item, shape.value, service, name, depth + 1
            )
            for key, item in value.items()
        }
    if kind == "list":
        return [_value(item, shape.member, service, name, depth + 1) for item in value]
    if kind in LARGEST and not -LARGEST[kind] - 1 <= value <= LARGEST[kind]:
        raise refusal("SerializationException", f"{name} is too large.")
    if (
        kind == "string"
        and not value.isascii()
        and any("\ud800" <= character <= "\udfff" for character in value)
    ):
        raise refusal("SerializationException", f"{name} is not Unicode text.")
    return value


def _structure(value: dict[str, Any], shape: Any, service: str, depth: int) -> dict[str, Any]:
    members = shape.members
    for name in shape.required_members:
        if value.get(name) is None:
            raise _missing(name, service)
    return {
        name: _value(item, members[name], service, name, depth + 1)
        for name, item in value.items()
        if item is not None and name in members
    }


def _missing(name: str, service: str) -> CommonServiceException:
    if service == "sqs":
        return refusal("MissingRequiredParameterException", f"The request must contain the parameter {name}.")
    member = name[:1].lower() + name[1:]
    return refusal(
        "ValidationException",
        f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: "
        "Member must not be null",
    )
