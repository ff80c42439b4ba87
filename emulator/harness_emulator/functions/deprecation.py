"""When AWS ends its support of a runtime, and what it means for who deploys with it (row C-29).

The emulator warns, and refuses nothing: AWS has moved these dates before, and a project must not stop to
work on this machine on a day that AWS no longer means.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime


@dataclass(frozen=True)
class Lifecycle:
    """The last days of a runtime.

    Attributes:
        deprecated: No security patches from then on.
        block_create: CreateFunction is refused from then on; None where no date is known here.
        block_update: UpdateFunctionCode and UpdateFunctionConfiguration are.
    """

    deprecated: date
    block_create: date | None = None
    block_update: date | None = None


LIFECYCLES = {
    "python3.9": Lifecycle(date(2025, 12, 15), date(2027, 2, 1), date(2027, 3, 3)),
    "python3.10": Lifecycle(date(2026, 10, 31)),
    "python3.11": Lifecycle(date(2027, 6, 30)),
    "python3.12": Lifecycle(date(2028, 10, 31)),
    "python3.13": Lifecycle(date(2029, 6, 30)),
    "python3.14": Lifecycle(date(2029, 6, 30)),
}
"""As AWS's table had it in June 2026."""


def warning(runtime: str, now: float) -> str | None:
    """What AWS says about a runtime on that day, in one sentence; None while it is supported.

    Args:
        runtime: Such as `python3.9`.
        now: Epoch seconds.
    """
    known = LIFECYCLES.get(runtime)
    today = datetime.fromtimestamp(now, UTC).date()
    if known is None or today < known.deprecated:
        return None
    text = f"AWS has deprecated {runtime} on {known.deprecated}"
    for what, day in (("creates", known.block_create), ("updates", known.block_update)):
        if day is not None:
            verb = "has refused" if today >= day else "will refuse"
            text += f", and {verb} {what} from {day} on"
    return f"{text}."
