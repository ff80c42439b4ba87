"""Variations of the stack: what `stack_settings` markers ask for, and the account each is deployed in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MARKER = "stack_settings"


@dataclass(frozen=True)
class Variation:
    """Environment variables for the CDKTF app, on top of the project's own; hashable.

    Attributes:
        variables: Name and value, sorted by name.
    """

    variables: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Variation:
        """The variation that sets these variables."""
        return cls(tuple(sorted(variables.items())))

    @classmethod
    def of_markers(cls, markers: Iterable[Any]) -> Variation:
        """What a test's `stack_settings` markers say together; of two that set a name, the closer wins.

        Args:
            markers: The closest first, as pytest's `iter_markers` gives them.

        Raises:
            UsageError: A marker has a positional argument, or a value that is no text.
        """
        variables: dict[str, str] = {}
        for marker in markers:
            wrong = [name for name, value in marker.kwargs.items() if not isinstance(value, str)]
            if marker.args or wrong:
                raise UsageError(
                    f"@pytest.mark.{MARKER} takes environment variables of the CDKTF app by name, "
                    f"as text; it got {', '.join([*map(repr, marker.args), *wrong])}.",
                    hint=f'For example @pytest.mark.{MARKER}(BATCH_SIZE="1").',
                )
            for name, value in marker.kwargs.items():
                variables.setdefault(name, value)
        return cls.of(variables)

    def seed(self, worker: str | None = None) -> str:
        """What tells this variation's deployment from others, the same in each run.

        The stack as it is has none; each variation, and each worker of pytest-xdist, has one of its own, and
        with it a place of its own in the environment: none sees another's queues.

        Args:
            worker: The worker's name (`gw0`), None without pytest-xdist.
        """
        return json.dumps([self.variables, worker]) if self.variables or worker is not None else ""

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.variables) or "as it is"
