"""Replaces names of LocalStack's, and fails where one is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class Patch:
    """A name that is replaced.

    Attributes:
        owner: Class or module.
        name: Its attribute.
        replacement: Makes the new attribute from the old one.
        reason: What is wrong with the old one.
    """

    owner: Any
    name: str
    replacement: Callable[[Any], Any]
    reason: str


def replace_all(patches: Iterable[Patch]) -> None:
    """Replace each patch's name by its replacement.

    Raises:
        AttributeError: LocalStack has no such name: it is not the release that this was written for.
    """
    for patch in patches:
        original = vars(patch.owner).get(patch.name)
        if original is None:
            raise AttributeError(f"LocalStack has no {patch.owner.__name__}.{patch.name} to patch.")
        setattr(patch.owner, patch.name, patch.replacement(original))
