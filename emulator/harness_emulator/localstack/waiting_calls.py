"""Calls that wait for what the account does: where turns are kept, it works before they are answered.

So a test that sends, and then looks, has all of its sends in before the first batch is formed, and all of the
work done before it looks: each time in the same order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness_emulator.account import ACCOUNTS
from harness_emulator.functions import callers

if TYPE_CHECKING:
    from localstack.aws.api import RequestContext
    from localstack.aws.chain import HandlerChain
    from localstack.http import Response

WAIT_FOR_NOTHING = ("Send", "Publish", "Create", "Put", "Tag", "Assume", "GetQueueUrl", "GetCallerIdentity")
"""How operations begin that only bring something in, or look at what no mapping changes."""
SECONDS = 30.0
"""How long a call waits, in real time: a handler may be waiting for just that call."""


def work_first(_: HandlerChain, context: RequestContext, __: Response) -> None:
    """A handler of the gateway's: where turns are kept, let the account settle before a client's call."""
    if context.operation is None or context.is_internal_call:
        return
    if context.operation.name.startswith(WAIT_FOR_NOTHING) or not _keeps_turns(context.account_id):
        return
    if callers.of_request(context) is None:  # a function's call is part of the work
        work_until_settled(context.account_id)


def work_until_settled(account: str) -> None:
    """Where turns are kept, let the account settle; elsewhere return at once."""
    if _keeps_turns(account):
        ACCOUNTS.of(account).activity.wait_until_settled(SECONDS)


def _keeps_turns(account: str) -> bool:
    """Whether turns are kept in an account now; asked for each request."""
    found = ACCOUNTS.known(account)
    return found is not None and found.turns.kept
