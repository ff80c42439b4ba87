"""Which worker of pytest-xdist runs which file: those that use the same stack, one, which deploys it once."""

from __future__ import annotations

from typing import TYPE_CHECKING, override

from xdist.scheduler.loadfile import LoadFileScheduling

if TYPE_CHECKING:
    import pytest

TOGETHER = {
    f"tests/integration/test_{name}.py": "the stack as it is"
    for name in (
        *("calculator_operations", "calculator_batches", "calculator_logs", "calculator_stays_local"),
        "clock",
    )
}


class FilesOfOneStackTogether(LoadFileScheduling):  # type: ignore[misc] # xdist publishes no types
    """`--dist loadfile`, with some files as if they were one: a deployment costs 8 s of CPU, and longer."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return TOGETHER.get(file, file)


def scheduler(config: pytest.Config, log: object) -> FilesOfOneStackTogether | None:
    """For pytest-xdist's hook: None leaves it to xdist."""
    return FilesOfOneStackTogether(config, log) if config.getvalue("dist") == "loadfile" else None
