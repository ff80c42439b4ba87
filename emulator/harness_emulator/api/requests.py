"""What all routes of the control API share: reading a request, refusing one."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from localstack.http import Response

if TYPE_CHECKING:
    from localstack.http import Request

DEFAULT_ACCOUNT = "000000000000"
ALL_ACCOUNTS = "all"


class RefusedError(Exception):
    """A request that cannot be done as it was put."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def account_of(request: Request, document: dict[str, Any] | None = None) -> str:
    """The account that a request is about: in its body, else its query, else the default one."""
    account = (document or {}).get("account") or request.args.get("account") or DEFAULT_ACCOUNT
    if account != ALL_ACCOUNTS and not re.fullmatch(r"\d{12}", str(account)):
        raise RefusedError(f"An account has 12 digits; {account!r} has not.")
    return str(account)


def document_of(request: Request) -> dict[str, Any]:
    """The JSON object in a request's body; empty where there is no body."""
    text = request.get_data(as_text=True)
    try:
        document = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"The body is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise RefusedError("The body must be a JSON object.")
    return document


def json_response(document: Any, status: int = 200) -> Response:
    """An answer."""
    response = Response(status=status)
    response.set_json(document)
    return response
