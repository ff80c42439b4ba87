"""Let functions' own clocks follow their account's.

A process is told when it starts, so those that run already are replaced when that changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness_emulator.functions import pool, virtual_time
from harness_emulator.functions.functions import latest

if TYPE_CHECKING:
    from collections.abc import Iterable


def follow(functions: Iterable[str], *, account: str) -> list[str]:
    """From now on, let the clocks of these functions follow the account's, and of no others in it.

    Args:
        functions: Names or ARNs.
        account: 12 digits.

    Returns:
        Their ARNs.

    Raises:
        NotFoundInStackError: One is not deployed in that account.
    """
    known = virtual_time.followers(account)  # one of these may have been deleted meanwhile
    arns = frozenset(
        function if function in known else latest(function, account).id.unqualified_arn()
        for function in functions
    )
    for arn in virtual_time.set_followers(account, arns):
        for sandbox in pool.of_function(arn):
            if not pool.renew_spare(sandbox):
                sandbox.drop_process()
    return sorted(arns)
