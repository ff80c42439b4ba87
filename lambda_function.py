"""The calculator: takes operations from a queue and sends one result per operation to another.

An operation is a JSON object such as `{"operation": "add", "a": 5, "b": 3}`; its result is the same object
with `result` and the input's `messageId`. One that cannot be calculated is answered with an error result,
`{"error": {"kind": ..., "message": ...}, "messageId": ...}`, and never retried: it would fail again.
A result that cannot be delivered is another matter: its operation stays in the input queue and is retried.

Environment variables:
    OUTPUT_QUEUE_URL: The queue for results. A FIFO queue (its URL ends in `.fifo`) gets each result in its
        operation's message group, deduplicated by the operation's message id.
    REPORT_BATCH_ITEM_FAILURES: `true` returns the operations whose results were not delivered, for an event
        source mapping with `ReportBatchItemFailures`; otherwise one undelivered result raises the whole batch
        back.
"""

from __future__ import annotations

import json
import math
import os
from functools import cache
from typing import TYPE_CHECKING, Any, Callable, Union

import boto3

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Number = Union[int, float]  # Union, as Python 3.9 does not join types with |

# SendMessageBatch's limits.
MAX_BATCH_ENTRIES = 10
MAX_BATCH_BYTES = 1_048_576

# Python refuses to read or write a whole number of more than 4,300 digits; so many bits stay below that.
MAX_DIGITS = 4_300
MAX_BITS = 14_000
# An error result repeats a text that it complains about only up to this length.
MAX_ECHO = 64


class OperationError(Exception):
    """An operation cannot be calculated, now or ever.

    Attributes:
        kind: `not_json`, `not_an_object`, `nested_too_deeply`, `number_too_large`, `missing_operation`,
            `unknown_operation`, `missing_operand`, `non_numeric_operand`, `boolean_operand`,
            `division_by_zero`, `result_too_large`, `result_not_finite` or `result_not_real`.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class UndeliveredError(Exception):
    """Some results did not reach the output queue."""


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    """Calculate the operations of an SQS event and send their results.

    Returns:
        `{"batchItemFailures": [{"itemIdentifier": MESSAGE_ID}, ...]}`: the operations to be retried.

    Raises:
        UndeliveredError: A result was not delivered, and REPORT_BATCH_ITEM_FAILURES is not `true`.
    """
    records = event["Records"]
    bodies = []
    for record in records:
        body = json.dumps(answer(record), allow_nan=False)
        print(body)  # noqa: T201 - one line per result in the function's log group
        bodies.append(body)
    undelivered = send(records, bodies)
    if undelivered and os.environ.get("REPORT_BATCH_ITEM_FAILURES", "").lower() != "true":
        reasons = "; ".join(sorted(set(undelivered.values())))
        raise UndeliveredError(f"{len(undelivered)} of {len(records)} results were not delivered: {reasons}")
    return {"batchItemFailures": [{"itemIdentifier": records[index]["messageId"]} for index in undelivered]}


# --- Calculating --------------------------------------------------------------------------------------------


def answer(record: Mapping[str, Any]) -> dict[str, Any]:
    """The result, or error result, for one record; at most some 20 KB as JSON, whatever the record holds."""
    operation: dict[str, Any] = {}
    try:
        operation = read(record.get("body"))
        result = calculate(operation)
    except OperationError as error:
        known = {name: operation[name] for name in ("operation", "a", "b") if is_short(operation.get(name))}
        return {
            **known,
            "error": {"kind": error.kind, "message": str(error)},
            "messageId": record["messageId"],
        }
    operands = {name: operation[name] for name in ("operation", "a", "b")}
    return {**operands, "result": result, "messageId": record["messageId"]}


def read(body: object) -> dict[str, Any]:
    """The operation in a message's body."""
    if not isinstance(body, str):
        raise OperationError("not_json", "The message has no body.")
    try:
        operation = json.loads(
            body, parse_int=parse_integer, parse_float=parse_decimal, parse_constant=refuse_constant
        )
    except ValueError as error:
        raise OperationError("not_json", f"The message is not JSON: {error}.") from None
    except RecursionError:
        raise OperationError("nested_too_deeply", "The message is nested too deeply.") from None
    if not isinstance(operation, dict):
        raise OperationError("not_an_object", f"The message is not a JSON object but {name_of(operation)}.")
    return operation


def calculate(operation: Mapping[str, Any]) -> Number:
    """The number that an operation comes to."""
    if "operation" not in operation:
        raise OperationError("missing_operation", "The operation's name is missing.")
    name = operation["operation"]
    function = OPERATIONS.get(name) if isinstance(name, str) else None
    if function is None:
        shown = repr(name) if is_short(name) else name_of(name)
        raise OperationError(
            "unknown_operation", f"Unknown operation {shown}; known: {', '.join(OPERATIONS)}."
        )
    a, b = operand(operation, "a"), operand(operation, "b")
    try:
        result = function(a, b)
    except ZeroDivisionError:
        raise OperationError("division_by_zero", f"{name} would divide by zero.") from None
    except OverflowError:
        raise OperationError("result_not_finite", f"The result of {name} is too large for a float.") from None
    if isinstance(result, complex):
        raise OperationError("result_not_real", f"The result of {name} is not a real number.")
    if isinstance(result, float) and not math.isfinite(result):
        raise OperationError("result_not_finite", f"The result of {name} is too large for a float.")
    if isinstance(result, int) and result.bit_length() > MAX_BITS:
        raise OperationError("result_too_large", f"The result of {name} has more than {MAX_BITS} bits.")
    return result


def operand(operation: Mapping[str, Any], name: str) -> Number:
    """An operation's operand of that name."""
    if name not in operation:
        raise OperationError("missing_operand", f"Operand {name!r} is missing.")
    value = operation[name]
    if isinstance(value, bool):
        raise OperationError("boolean_operand", f"Operand {name!r} is a boolean, not a number.")
    if not isinstance(value, (int, float)):
        raise OperationError("non_numeric_operand", f"Operand {name!r} is {name_of(value)}, not a number.")
    return value


def power(a: Number, b: Number) -> Number | complex:
    """`a ** b`, unless it is a whole number that would fill the machine's memory."""
    if isinstance(a, int) and isinstance(b, int) and b > 0 and (a.bit_length() - 1) * b >= MAX_BITS:
        raise OperationError("result_too_large", f"The result of power has more than {MAX_BITS} bits.")
    result: Number | complex = a**b
    return result


OPERATIONS: dict[str, Callable[[Number, Number], Number | complex]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "modulo": lambda a, b: a % b,  # has the sign of b, as in Python
    "power": power,
}


def parse_integer(text: str) -> int:
    """A whole number that Python can also write again."""
    if len(text) > MAX_DIGITS:
        raise OperationError("number_too_large", f"The message holds a number of {len(text)} digits.")
    return int(text)


def parse_decimal(text: str) -> float:
    """A decimal number that a float can hold; JSON allows larger ones."""
    value = float(text)
    if math.isinf(value):
        raise OperationError("number_too_large", "The message holds a number that is too large for a float.")
    return value


def refuse_constant(text: str) -> Number:
    """NaN and the infinities, which Python reads but JSON does not have."""
    raise ValueError(f"{text} is no JSON number")


def is_short(value: object) -> bool:
    """Whether an error result can repeat the value."""
    return isinstance(value, (int, float)) or (isinstance(value, str) and len(value) <= MAX_ECHO)


def name_of(value: object) -> str:
    """What JSON calls a value like this."""
    names = {bool: "a boolean", str: "a string", list: "an array", dict: "an object", type(None): "null"}
    return names.get(type(value), "a number")


# --- Sending ------------------------------------------------------------------------------------------------


def send(records: Sequence[Mapping[str, Any]], bodies: Sequence[str]) -> dict[int, str]:
    """Send one body per record to the output queue, in as few calls as possible.

    Returns:
        The records, by index, whose body was not delivered, with the reason.
    """
    url = os.environ["OUTPUT_QUEUE_URL"]
    fifo = url.endswith(".fifo")
    undelivered: dict[int, str] = {}
    for indices in chunks(bodies):
        if fifo and undelivered:  # what comes later must not overtake what failed
            undelivered.update(dict.fromkeys(indices, "a result before it was not delivered"))
            continue
        entries = [entry(records[index], index, bodies[index], fifo=fifo) for index in indices]
        try:
            response = sqs().send_message_batch(QueueUrl=url, Entries=entries)
        except Exception as error:  # noqa: BLE001 - whatever the reason, none of these was delivered; others may be
            print(f"SendMessageBatch failed: {error!r}")  # noqa: T201 - for the function's log group
            undelivered.update(dict.fromkeys(indices, f"{type(error).__name__}: {error}"))
            continue
        for failed in response.get("Failed", ()):
            undelivered[int(failed["Id"])] = f"{failed['Code']}: {failed.get('Message', 'no reason given')}"
    return dict(sorted(undelivered.items()))


def chunks(bodies: Sequence[str]) -> Iterator[list[int]]:
    """Indices of consecutive bodies that fit into one SendMessageBatch."""
    chunk: list[int] = []
    size = 0
    for index, body in enumerate(bodies):
        length = len(body.encode())
        if chunk and (len(chunk) == MAX_BATCH_ENTRIES or size + length > MAX_BATCH_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(index)
        size += length
    if chunk:
        yield chunk


def entry(record: Mapping[str, Any], index: int, body: str, *, fifo: bool) -> dict[str, str]:
    """A SendMessageBatch entry for one record's result."""
    values = {"Id": str(index), "MessageBody": body}
    if fifo:
        # A standard input queue's messages are in no group: each result is then in one of its own.
        values["MessageGroupId"] = record.get("attributes", {}).get("MessageGroupId", record["messageId"])
        values["MessageDeduplicationId"] = record["messageId"]
    return values


@cache
def sqs() -> Any:
    """The SQS client; region, credentials and endpoint come from the environment."""
    return boto3.client("sqs")


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    sqs()  # made while the function initializes, not while the first message waits
