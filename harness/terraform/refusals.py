"""Requests that the endpoint refused during an apply, and whether a retry can change the answer.

Terraform's AWS provider takes some refusals for AWS's eventual consistency, and retries them for up to five
minutes (lambdaPropagationTimeout in internal/service/lambda; iam and sqs have their own). Locally nothing is
eventual: only another resource of the same apply can change the answer.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

_LAMBDA = {
    ("POST", "functions"): "CreateFunction",
    ("POST", "functions/policy"): "AddPermission",
    ("PUT", "functions/code"): "UpdateFunctionCode",
    ("PUT", "functions/configuration"): "UpdateFunctionConfiguration",
    ("POST", "event-source-mappings"): "CreateEventSourceMapping",
    ("PUT", "event-source-mappings"): "UpdateEventSourceMapping",
}
_CHANGING = re.compile(r"(?:Create|Put|Update|Add|Attach|Set)[A-Z]")
_NAME = re.compile(
    r'"(?:FunctionName|EventSourceArn|QueueUrl|Role|StatementId)":\s*"([^"]+)"'
    r"|(?:[?&]|^)(?:RoleName|PolicyName|QueueName|Name)=([^&\s]+)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Refusal:
    """A request that was refused.

    Attributes:
        operation: AWS's name of it (`CreateFunction`), or `POST /PATH` where that is not known.
        code: AWS's error code.
        message: AWS's error message.
        names: Names and ARNs that the request holds, by which its resource is found.
        asked_at: When it was sent (`time.monotonic`).
        key: The same for a retry of the same request.
    """

    operation: str
    code: str
    message: str
    names: frozenset[str]
    asked_at: float
    key: tuple[str, ...]

    @property
    def changes_something(self) -> bool:
        """Whether it was to create or change something: lookups and deletions may be refused on purpose."""
        return bool(_CHANGING.match(self.operation))

    def is_about(self, kinds: str) -> bool:
        """Whether its text matches."""
        return bool(re.search(kinds, f"{self.operation} {self.code}: {self.message}"))


@dataclass(frozen=True)
class Kind:
    """A refusal that Terraform's provider retries for minutes.

    Attributes:
        text: Matches operation, code and message.
        changed_by: Matches the types of resources that could change the answer.
        by_deletion: Whether only the deletion of such a resource could.
        hint: What fixes it; `{role}` stands for the function's role.
    """

    text: str
    changed_by: str
    hint: str
    by_deletion: bool = False


KINDS = (
    Kind(
        r"execution role does not have permissions to call|ensure the role can perform",
        r"aws_iam_|aws_sqs_queue_policy$",
        "Allow it in a policy of {role}; for a queue: sqs:ReceiveMessage, sqs:DeleteMessage and "
        "sqs:GetQueueAttributes, as in the policy service-role/AWSLambdaSQSQueueExecutionRole of AWS.",
    ),
    Kind(
        r"cannot be assumed by Lambda",
        r"aws_iam_role$",
        "Let lambda.amazonaws.com assume {role}, in its assume_role_policy.",
    ),
    Kind(
        r"KMS key is invalid for CreateGrant",
        r"aws_kms_|aws_iam_",
        "Allow {role} to use the key, or name another.",
    ),
    Kind(
        r"CreateFunction ResourceConflictException",
        r"aws_lambda_function$",
        "A function of that name exists and is not of this stack: rename this one, or delete that one.",
        by_deletion=True,
    ),
    Kind(
        r"AddPermission ResourceConflictException",
        r"aws_lambda_permission$",
        "Give the permission another statement_id.",
        by_deletion=True,
    ),
    Kind(
        r"AddPermission ResourceNotFoundException",
        r"aws_lambda_(?:function|alias)$",
        "Name a function that the stack creates.",
    ),
    Kind(
        r"Invalid value for the parameter Policy|MalformedPolicyDocument|Invalid principal",
        r"aws_iam_",
        "Fix the policy; each principal in it must exist.",
    ),
)


def kind_of(refusal: Refusal) -> Kind | None:
    """The kind of a refusal that is known to be retried for minutes; None for any other."""
    return next((kind for kind in KINDS if refusal.is_about(kind.text)), None)


def read_refusal(exchange: Mapping[str, Any]) -> Refusal:
    """The refusal that an exchange of the launcher holds."""
    head, _, sent = exchange["request"].partition("\r\n\r\n")
    line, *fields = head.split("\r\n")
    headers = _headers(fields)
    operation = _operation(line, headers, sent)
    code, message = _error(_headers(exchange["answer"].split("\r\n")[1:]), exchange["body"])
    path = unquote(line.split(" ")[1]) if line.count(" ") > 1 else ""
    names = {value for match in _NAME.finditer(sent) for value in match.groups() if value}
    names |= {part for part in path.split("?")[0].split("/") if part}
    key = (operation, path, sent, code, message)
    return Refusal(operation, code, message, frozenset(map(unquote, names)), exchange["asked_at"], key)


def _headers(lines: list[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _operation(line: str, headers: Mapping[str, str], sent: str) -> str:
    method, _, rest = line.partition(" ")
    if target := headers.get("x-amz-target"):
        return target.rpartition(".")[2]
    if action := parse_qs(sent[:2000]).get("Action"):
        return action[0]
    path = rest.split(" ")[0].split("?")[0]
    parts = [part for part in path.split("/") if part]
    if len(parts) > 1 and re.fullmatch(r"\d{4}-\d\d-\d\d", parts[0]):
        kind = "/".join((parts[1], *parts[3:]))
        return _LAMBDA.get((method, kind), f"{method} {path}")
    return f"{method} {path}"


def _error(headers: Mapping[str, str], body: str) -> tuple[str, str]:
    """Code and message of AWS's error, in JSON or XML."""
    if match := re.search(r"<Code>(.*?)</Code>.*?<Message>(.*?)</Message>", body, re.DOTALL):
        return match[1], match[2].strip()
    start, end = body.find("{"), body.rfind("}")  # chunked answers have lengths around it
    try:
        document = json.loads(body[start : end + 1])
    except ValueError:
        document = {}
    if not isinstance(document, dict):
        document = {}
    code = headers.get("x-amzn-errortype") or document.get("__type") or document.get("code") or ""
    message = document.get("message") or document.get("Message") or ""
    return str(code).split(":")[0].rpartition("#")[2], str(message)
