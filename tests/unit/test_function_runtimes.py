"""What AWS says about a runtime, day by day (row C-29)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from harness_emulator.functions import deprecation

SAID = [("2025-12-15", "will refuse"), ("2027-01-31", "will refuse"), ("2027-02-01", "has refused")]


def epoch(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(("day", "creates"), SAID)
def test_python_3_9_ends_step_by_step(day: str, creates: str) -> None:
    assert deprecation.warning("python3.9", epoch(day)) == (
        f"AWS has deprecated python3.9 on 2025-12-15, and {creates} creates from 2027-02-01 on, and will "
        "refuse updates from 2027-03-03 on."
    )


def test_what_is_supported_or_unknown_has_no_warning() -> None:
    assert deprecation.warning("python3.13", epoch("2029-06-29")) is None
    assert deprecation.warning("python3.9", epoch("2025-12-14")) is None
    assert deprecation.warning("ruby3.4", 4e9) is None


def test_a_runtime_whose_other_dates_are_not_known() -> None:
    assert (
        deprecation.warning("python3.13", epoch("2029-06-30"))
        == "AWS has deprecated python3.13 on 2029-06-30."
    )
