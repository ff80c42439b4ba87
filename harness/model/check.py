"""One thing that `harness doctor` looked at."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

State: TypeAlias = Literal["ok", "warning", "missing"]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What.
        state: `missing` where the harness cannot work so.
        found: What there is.
        mend: The command or the change that mends it, where something is not as it should be.
    """

    name: str
    state: State
    found: str
    mend: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The check as JSON types."""
        return asdict(self)
