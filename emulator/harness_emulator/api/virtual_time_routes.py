"""`/_harness/virtual-time`: which functions' own clocks follow their account's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.model.errors import NotFoundInStackError
from harness_emulator.api.requests import ALL_ACCOUNTS, RequestRefusedError, account_of, document_of
from harness_emulator.functions import following, virtual_time

if TYPE_CHECKING:
    from harness_emulator.api.requests import Request


def look(request: Request) -> dict[str, Any]:
    """`GET virtual-time`: `functions`, their ARNs."""
    account = _one(account_of(request))
    return {"account": account, "functions": virtual_time.followers(account)}


def choose(request: Request) -> dict[str, Any]:
    """`POST virtual-time {"functions": […]}`: these, by name or ARN, and no others."""
    document = document_of(request)
    account = _one(account_of(request, document))
    functions = document.get("functions")
    if not isinstance(functions, list) or not all(isinstance(name, str) and name for name in functions):
        raise RequestRefusedError('"functions" must be a list of names or ARNs.')
    try:
        return {"account": account, "functions": following.follow(functions, account=account)}
    except NotFoundInStackError as error:
        raise RequestRefusedError(str(error), 404) from error


def _one(account: str) -> str:
    if account == ALL_ACCOUNTS:
        raise RequestRefusedError("Each account has a clock of its own: say which account.")
    return account
