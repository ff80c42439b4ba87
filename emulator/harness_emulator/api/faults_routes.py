"""`/_harness/faults`: what is to go wrong in an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.model.faults import ADVERSARY, InvalidFaultError
from harness_emulator.account import ACCOUNTS
from harness_emulator.api.requests import ALL_ACCOUNTS, RequestRefusedError, account_of, document_of
from harness_emulator.faults.adversary import Adversary

if TYPE_CHECKING:
    from harness_emulator.api.requests import Neighbours, Request
    from harness_emulator.faults.rules import Rule

NOT_FOUND = 404


def listing(request: Request) -> list[dict[str, Any]]:
    """`GET faults`: the account's rules, in the order in which they were added; `fired` says how often.

    The adversary is the last, where there is one; its `did` says what it did.
    """
    faults = ACCOUNTS.of(_account(request)).faults
    known: list[Rule | Adversary] = [*faults.book.rules(), *_adversary(faults.adversary)]
    return [of.as_json() for of in known]


def add(request: Request, neighbours: Neighbours) -> dict[str, Any]:
    """`POST faults` with a rule: `kind`, selectors, its kind's options, `always`.

    `{"kind": "adversary", "seed": 7}` lets a seed decide, in place of the adversary before.
    """
    document = document_of(request)
    account = _account(request, document)
    document.pop("account", None)
    try:
        if document.get("kind") == ADVERSARY:
            opponent = Adversary.of(document)
            ACCOUNTS.of(account).faults.oppose(opponent)
            return opponent.as_json()
        rule = ACCOUNTS.of(account).faults.book.add(
            document, queues=neighbours.queues(account), functions=neighbours.functions(account)
        )
    except InvalidFaultError as error:
        raise RequestRefusedError(str(error)) from error
    return rule.as_json()


def remove(request: Request) -> list[dict[str, Any]]:
    """`DELETE faults`: all rules of the account, with `?id=` that one; answers what was removed.

    The adversary goes with `?id=adversary`, or with a reset: it is none of a test's own rules.
    """
    account = _account(request)
    chosen = request.query.get("id")
    if chosen == ADVERSARY and ACCOUNTS.of(account).faults.adversary is not None:
        return [gone.as_json() for gone in _adversary(ACCOUNTS.of(account).faults.oppose(None))]
    try:
        return [gone.as_json() for gone in ACCOUNTS.of(account).faults.book.remove(chosen)]
    except InvalidFaultError as error:
        raise RequestRefusedError(str(error), NOT_FOUND) from error


def _adversary(there: Adversary | None) -> list[Adversary]:
    return [] if there is None else [there]


def _account(request: Request, document: dict[str, Any] | None = None) -> str:
    account = account_of(request, document)
    if account == ALL_ACCOUNTS:
        raise RequestRefusedError("Each account has faults of its own: say which account.")
    return account
