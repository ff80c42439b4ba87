"""What a stack's expressions may refer to that takes no Terraform to work out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.terraform.expressions import UnresolvedError, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping


class Scope:
    """What expressions may refer to without Terraform: the caller, the workspace, variables and locals.

    Args:
        document: The stack's.
        account: The account that it is for.
        variables: Values of Terraform's input variables, by name.
    """

    def __init__(self, document: Mapping[str, Any], account: str, variables: Mapping[str, str]) -> None:
        self.account = account
        self._variables = variables
        self._declared: dict[str, Any] = dict(document.get("variable", {}))
        self._locals: dict[str, Any] = {}
        blocks = document.get("locals", {})
        for block in blocks if isinstance(blocks, list) else [blocks]:
            self._locals.update(block)

    def text(self, value: Any) -> str | None:
        """A string with its expressions worked out; None where that takes Terraform."""
        if not isinstance(value, str):
            return None
        try:
            resolved = resolve(value, self.reference)
        except (UnresolvedError, RecursionError):
            return None
        return resolved if isinstance(resolved, str) else None

    def reference(self, path: str) -> Any:
        """The value of a reference such as `local.name`.

        Raises:
            UnresolvedError: Only Terraform can say what it is.
        """
        match path.split("."):
            case ["data", "aws_caller_identity", _, "account_id" | "id"]:
                return self.account
            case ["data", "aws_partition", _, "partition" | "id"]:
                return "aws"
            case ["terraform", "workspace"]:
                return "default"
            case ["var", name]:
                return self._variable(name, path)
            case ["local", name] if name in self._locals:
                return resolve(self._locals[name], self.reference)
        raise UnresolvedError(path)

    def _variable(self, name: str, path: str) -> Any:
        given = self._variables.get(name)
        if given is not None:
            return given
        block = self._declared.get(name)
        default = block.get("default") if isinstance(block, dict) else None
        if default is None:
            raise UnresolvedError(path)
        return default
