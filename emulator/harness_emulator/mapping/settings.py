"""What a mapping is configured to do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

BATCH_SIZE = 10
"""Row B-17: the default."""
POLLERS = (2, 200)
"""Row B-54: MinimumPollers and MaximumPollers where they are not given."""


@dataclass(frozen=True)
class MappingSettings:
    """A mapping's configuration, read.

    Attributes:
        queue_arn: The queue.
        function_arn: The function, with its qualifier if it has one.
        batch_size: Records of a batch, at most.
        window: MaximumBatchingWindowInSeconds.
        reports_failures: ReportBatchItemFailures is on.
        patterns: The filters.
        concurrency: MaximumConcurrency; None where there is none.
        pollers: Least and most event pollers of provisioned mode; None in default mode.
    """

    queue_arn: str
    function_arn: str
    batch_size: int = BATCH_SIZE
    window: int = 0
    reports_failures: bool = False
    patterns: tuple[dict[str, Any], ...] = ()
    concurrency: int | None = None
    pollers: tuple[int, int] | None = None

    @classmethod
    def of(cls, configuration: Mapping[str, Any]) -> MappingSettings:
        """Read an EventSourceMappingConfiguration."""
        filters = (configuration.get("FilterCriteria") or {}).get("Filters") or []
        provisioned = configuration.get("ProvisionedPollerConfig")
        return cls(
            queue_arn=configuration["EventSourceArn"],
            function_arn=configuration["FunctionArn"],
            batch_size=configuration.get("BatchSize") or BATCH_SIZE,
            window=configuration.get("MaximumBatchingWindowInSeconds") or 0,
            reports_failures="ReportBatchItemFailures" in (configuration.get("FunctionResponseTypes") or []),
            patterns=tuple(json.loads(item["Pattern"]) for item in filters),
            concurrency=(configuration.get("ScalingConfig") or {}).get("MaximumConcurrency"),
            pollers=_pollers(provisioned) if provisioned else None,
        )

    @property
    def fifo(self) -> bool:
        """Whether the queue is a FIFO queue."""
        return self.queue_arn.endswith(".fifo")

    @property
    def queue_name(self) -> str:
        """The queue's name."""
        return self.queue_arn.rpartition(":")[2]

    @property
    def region(self) -> str:
        """The region of both."""
        return self.queue_arn.split(":")[3]

    @property
    def queue_account(self) -> str:
        """The account of the queue."""
        return self.queue_arn.split(":")[4]

    @property
    def account(self) -> str:
        """The account of the mapping and its function."""
        return self.function_arn.split(":")[4]

    @property
    def function_name(self) -> str:
        """The function's name."""
        return self.function_arn.split(":")[6]


def _pollers(provisioned: Mapping[str, int]) -> tuple[int, int]:
    least = provisioned.get("MinimumPollers") or POLLERS[0]
    return least, max(least, provisioned.get("MaximumPollers") or POLLERS[1])
