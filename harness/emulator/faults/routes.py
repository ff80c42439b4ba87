"""`/_harness/faults`: what is to go wrong in an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.sqs.models import sqs_stores

from harness.emulator.faults import striking
from harness.emulator.faults.rules import RuleError
from harness.emulator.requests import ALL_ACCOUNTS, RefusedError, account_of, document_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localstack.http import Request

NOT_FOUND = 404


def listing(request: Request) -> list[dict[str, Any]]:
    """`GET faults`: the account's rules, in the order in which they were added; `fired` says how often."""
    return [rule.as_json() for rule in striking.faults_of(_account(request)).book.rules()]


def add(request: Request) -> dict[str, Any]:
    """`POST faults` with a rule: `kind`, what it is aimed by, its kind's options, `always`."""
    document = document_of(request)
    account = _account(request, document)
    document.pop("account", None)
    try:
        rule = striking.faults_of(account).book.add(
            document, queues=_names(sqs_stores, "queues", account), functions=_functions(account)
        )
    except RuleError as error:
        raise RefusedError(str(error)) from error
    return rule.as_json()


def remove(request: Request) -> list[dict[str, Any]]:
    """`DELETE faults`: all rules of the account, with `?id=` that one; answers what was removed."""
    try:
        gone = striking.faults_of(_account(request)).book.remove(request.args.get("id"))
    except RuleError as error:
        raise RefusedError(str(error), NOT_FOUND) from error
    return [rule.as_json() for rule in gone]


def _account(request: Request, document: dict[str, Any] | None = None) -> str:
    account = account_of(request, document)
    if account == ALL_ACCOUNTS:
        raise RefusedError("Each account has faults of its own: say which account.")
    return account


def _functions(account: str) -> Iterator[str]:
    return _names(lambda_stores, "functions", account)


def _names(stores: Any, kind: str, account: str) -> Iterator[str]:
    for store_account, _, store in list(stores.iter_stores()):
        if store_account == account:
            yield from list(getattr(store, kind))
