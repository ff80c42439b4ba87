"""A deployed function, by its name or ARN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localstack.services.lambda_.invocation.models import lambda_stores

from harness.model.errors import NotFoundInStackError

if TYPE_CHECKING:
    from localstack.services.lambda_.invocation.lambda_models import FunctionVersion


def latest(function: str, account: str) -> FunctionVersion:
    """The newest version of a function.

    Args:
        function: Name or ARN.
        account: The account it is deployed in.

    Raises:
        NotFoundInStackError: No such function in that account.
    """
    name = function.split(":")[6] if function.startswith("arn:") and function.count(":") >= 6 else function  # noqa: PLR2004 - arn:aws:lambda:REGION:ACCOUNT:function:NAME
    for store in lambda_stores.get(account, {}).values():
        found = store.functions.get(name)
        if found is not None and (
            not function.startswith("arn:") or found.latest().id.unqualified_arn() == function
        ):
            return found.latest()
    raise NotFoundInStackError(
        f"No function {function!r} is deployed in account {account}.",
        hint="harness status lists what is deployed.",
    )
