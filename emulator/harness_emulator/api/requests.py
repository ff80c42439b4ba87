"""What all routes of the control API share: a request and an answer in plain values, and refusing one."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEFAULT_ACCOUNT = "000000000000"
ALL_ACCOUNTS = "all"
JSON = "application/json"


@dataclass(frozen=True)
class Request:
    """A request to a route, whichever HTTP server received it.

    Attributes:
        method: GET, POST, PUT or DELETE.
        path: The whole path, such as `/_harness/clock`.
        query: The parameters after the `?`; the first of each name.
        headers: By their names in lower case.
        body: The text that came with it.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Answer:
    """The answer to a request: a body, or its parts as they come."""

    body: bytes | Iterable[bytes]
    content_type: str = JSON
    status: int = 200


class Neighbours(Protocol):
    """What the routes ask of the AWS services around queues and mappings."""

    def queues(self, account: str) -> set[str]:
        """The names of an account's queues, in all regions."""

    def functions(self, account: str) -> set[str]:
        """The names of an account's functions, in all regions."""

    def is_running(self, service: str) -> bool:
        """Whether a service has been started; asking does not start it."""


class RequestRefusedError(Exception):
    """A request that cannot be done as it was put."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def account_of(request: Request, document: dict[str, Any] | None = None) -> str:
    """The account that a request is about: in its body, else its query, else the default one."""
    account = (document or {}).get("account") or request.query.get("account") or DEFAULT_ACCOUNT
    if account != ALL_ACCOUNTS and not re.fullmatch(r"\d{12}", str(account)):
        raise RequestRefusedError(f"An account has 12 digits; {account!r} has not.")
    return str(account)


def document_of(request: Request) -> dict[str, Any]:
    """The JSON object in a request's body; empty where there is no body."""
    try:
        document = json.loads(request.body) if request.body.strip() else {}
    except (ValueError, RecursionError) as error:
        raise RequestRefusedError(f"The body is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise RequestRefusedError("The body must be a JSON object.")
    return document


def json_answer(document: Any, status: int = 200) -> Answer:
    """A document as an answer."""
    return Answer(json.dumps(document).encode(), status=status)
