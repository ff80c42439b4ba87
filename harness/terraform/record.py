"""What was deployed last to an account: to which environment, from which document."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from harness.machine.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 1


@dataclass(frozen=True)
class DeploymentRecord:
    """Written before an apply with `complete` false, and after it with true.

    Attributes:
        environment: The environment's id.
        stack: The stack's name.
        region: The default AWS provider's.
        digest: Of the staged document and the bytes of its assets.
        construct_ids: Terraform address to CDKTF construct id.
        complete: Whether the apply succeeded.
    """

    environment: str
    stack: str
    region: str
    digest: str
    construct_ids: dict[str, str] = field(default_factory=dict)
    complete: bool = False

    def write(self, folder: Path) -> None:
        """Write it into an account's folder."""
        write_atomically(_path(folder), json.dumps({"format": FORMAT, **asdict(self)}, indent=1))

    @classmethod
    def read(cls, folder: Path) -> DeploymentRecord | None:
        """The record in an account's folder; None where there is none of this format."""
        try:
            record = json.loads(_path(folder).read_text(encoding="utf-8"))
            return cls(**record) if record.pop("format") == FORMAT else None
        except (OSError, ValueError, KeyError, TypeError):
            return None


def _path(folder: Path) -> Path:
    return folder / "deployed.json"
