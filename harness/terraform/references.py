"""What the parts of a document refer to: which resource waits for which, and by which names AWS knows it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

_REFERENCE = re.compile(r"\b(?:data\.\w+\.[\w-]+|(?:local|module)\.[\w-]+|\w+\.[\w-]+)")
_WORD = re.compile(r"[\w.:/+=,@-]+")


class Graph:
    """Resources, data sources, locals and modules of a document, and what refers to what."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._texts = dict(_nodes(document))
        self._direct: dict[str, set[str]] = {}

    def type_of(self, address: str) -> str:
        """The type of a resource: `aws_sqs_queue`."""
        parts = re.sub(r"\[[^\]]*\]", "", address).split(".")
        return parts[-2] if len(parts) > 1 else ""

    def needs(self, address: str, others: AbstractSet[str]) -> bool:
        """Whether a resource waits, directly or not, for one of some others."""
        waiting, seen = [self._node(address)], set[str]()
        goals = {self._node(other) for other in others}
        while waiting:
            for target in self._references(waiting.pop()) - seen:
                if target in goals:
                    return True
                seen.add(target)
                waiting.append(target)
        return False

    def shared_names(self, address: str, names: AbstractSet[str]) -> int:
        """How many of the names in a request a resource, or what it refers to, is known by."""
        node = self._node(address)
        texts = [self._texts.get(one, "") for one in (node, *self._references(node))]
        known = {word for text in texts for word in _WORD.findall(text)}
        return sum(1 for name in names if name in known or re.split(r"[:/]", name)[-1] in known)

    def role_of(self, address: str) -> str | None:
        """The role of a function, or of the function that a resource refers to."""
        node = self._node(address)
        for one in (node, *sorted(self._references(node))):
            if not one.startswith("aws_lambda_function."):
                continue
            role = json.loads(self._texts[one]).get("role")
            if isinstance(role, str) and (match := re.search(r"(?:data\.)?aws_iam_role\.[\w-]+", role)):
                return match[0]
            if isinstance(role, str) and ":role/" in role:
                return f"the role {role.rpartition('/')[2]}"
        return None

    def _node(self, address: str) -> str:
        bare = re.sub(r"\[[^\]]*\]", "", address)
        return ".".join(bare.split(".")[:2]) if bare.startswith("module.") else bare

    def _references(self, node: str) -> set[str]:
        if node not in self._direct:
            found = set(_REFERENCE.findall(self._texts.get(node, "")))
            self._direct[node] = {name for name in found if name in self._texts} - {node}
        return self._direct[node]


def _nodes(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each part's address, and its block as text."""
    for section, prefix in (("resource", ""), ("data", "data.")):
        for kind, named in document.get(section, {}).items():
            for name, block in named.items():
                yield f"{prefix}{kind}.{name}", _text(block)
    for name, block in document.get("module", {}).items():
        yield f"module.{name}", _text(block)
    blocks = document.get("locals", {})
    for part in blocks if isinstance(blocks, list) else [blocks]:
        for name, value in part.items():
            yield f"local.{name}", _text(value)


def _text(block: Any) -> str:
    if isinstance(block, dict):
        block = {name: value for name, value in block.items() if name != "//"}
    return json.dumps(block)
