"""The IAM roles that a stack names but does not create, such as the `LabRole` of a teaching account.

On AWS such a role is there before the stack is. Locally it has to be made before the apply: without it a
function cannot be given its queue, and Terraform's provider retries that for five minutes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.terraform.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROLE = "aws_iam_role"
_ARN = re.compile(
    r"arn:[\w-]+:iam::(?P<account>\d{12}):role(?P<path>/(?:[\x21-\x7e]+/)?)(?P<name>[\w+=,.@-]+)"
)
_NAMES_A_ROLE = re.compile(r"(?:^|_)role(?:_arn)?$")
_TAKES_A_NAME = frozenset(
    {"aws_iam_role_policy", "aws_iam_role_policy_attachment", "aws_iam_instance_profile"}
)
"""Types whose argument `role` is a role's name instead of its ARN."""
_EXPRESSION = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True, order=True)
class NamedRole:
    """A role: its name, its path in IAM (`/`, `/service-role/`), and the account that it lies in."""

    name: str
    path: str
    account: str


def named_roles(
    document: Mapping[str, Any], *, account: str, variables: Mapping[str, str] | None = None
) -> list[NamedRole]:
    """The roles that a stack names and does not create, in the order of their names.

    A role is named by its ARN in an argument such as `role` or `role_arn`, written out or put together from
    `data.aws_caller_identity`, variables and locals; by the data source `aws_iam_role`; or by its name in a
    policy's `role`. What only Terraform can work out is left out, and so is what the stack may create itself.

    Args:
        document: The staged document.
        account: The account that it is for.
        variables: Values of Terraform's input variables, by name.
    """
    scope = Scope(document, account, variables or {})
    found = {*_by_arguments(document, scope), *_by_lookups(document, scope)}
    created = list(_created(document, scope))
    return sorted(role for role in found if not any(name.fullmatch(role.name) for name in created))


def _by_arguments(document: Mapping[str, Any], scope: Scope) -> Iterator[NamedRole]:
    for kind, _, block in _blocks(document, "resource"):
        for key, value in _arguments(block):
            text = scope.text(value) if _NAMES_A_ROLE.search(key) else None
            if text is None:
                continue
            if match := _ARN.fullmatch(text):
                yield NamedRole(match["name"], match["path"], match["account"])
            elif kind in _TAKES_A_NAME and key == "role" and re.fullmatch(r"[\w+=,.@-]+", text):
                yield NamedRole(text, "/", scope.account)


def _by_lookups(document: Mapping[str, Any], scope: Scope) -> Iterator[NamedRole]:
    for kind, _, block in _blocks(document, "data"):
        name = scope.text(block.get("name")) if kind == ROLE else None
        if name:
            yield NamedRole(name, "/", scope.account)


def _created(document: Mapping[str, Any], scope: Scope) -> Iterator[re.Pattern[str]]:
    """The names of the roles that the stack creates; an expression in one stands for anything."""
    for kind, _, block in _blocks(document, "resource"):
        name = block.get("name") if kind == ROLE else None
        if isinstance(name, str):
            known = scope.text(name)
            yield _pattern(name) if known is None else re.compile(re.escape(known))
    for module in _dictionaries(document.get("module", {})):
        # A module that is given a role's name may create it.
        for _, value in _arguments(module):
            if isinstance(value, str) and (text := scope.text(value)):
                yield re.compile(re.escape(text))


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in _EXPRESSION.split(name)))


def _blocks(document: Mapping[str, Any], section: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Type, name and block of each resource or data source."""
    for kind, named in document.get(section, {}).items():
        for name, blocks in named.items():
            for block in _dictionaries(blocks, single=True):
                yield kind, name, block


def _dictionaries(value: Any, *, single: bool = False) -> Iterable[dict[str, Any]]:
    """The blocks in a value of Terraform's JSON: one, a list of them, or by name."""
    if isinstance(value, dict):
        items: Iterable[Any] = [value] if single else value.values()
    else:
        items = value if isinstance(value, list) else []
    return [
        item
        for entry in items
        for item in (entry if isinstance(entry, list) else [entry])
        if isinstance(item, dict)
    ]


def _arguments(block: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each argument of a block with its value, those of nested blocks included."""
    for key, value in block.items():
        if key == "//":
            continue
        yield key, value
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield from _arguments(item)
