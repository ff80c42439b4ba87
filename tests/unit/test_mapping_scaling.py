from __future__ import annotations

from typing import Any

import pytest

from harness_emulator.mapping.scaling import GROWTH_DELAY_SECONDS as DELAY
from harness_emulator.mapping.scaling import LEAST, Limits, Scaling
from harness_emulator.mapping.settings import MappingSettings

QUEUE = "arn:aws:sqs:us-east-1:000000000000:orders"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:calculate"
ENDLESS = 100_000


def scaling(machine: int = ENDLESS, *, fifo: bool = False, **settings: Any) -> Scaling:
    made = MappingSettings(f"{QUEUE}.fifo" if fifo else QUEUE, FUNCTION, **settings)
    return Scaling(Limits.of(made), machine, shrinks=made.concurrency is None)


def test_a_standard_queue_begins_with_five_and_gets_300_more_a_minute_up_to_1250() -> None:
    made = scaling()
    assert made.allowed(0) == 5
    assert made.saturated(0) == DELAY
    assert made.allowed(DELAY) == 5
    assert made.allowed(DELAY + 1) == 10
    assert made.saturated(DELAY + 1) == 1.0
    assert made.allowed(DELAY + 60) == 305
    made.working(DELAY + 60)  # a batch has ended, the next begins
    made.saturated(DELAY + 60)
    assert made.allowed(DELAY + 120) == 605
    assert made.allowed(3600) == 1250
    assert made.saturated(3600) is None


def test_it_grows_only_while_there_is_a_backlog_and_keeps_what_it_has() -> None:
    made = scaling()
    made.saturated(0)
    made.drained(DELAY + 2, idle=False)
    assert made.allowed(60) == 15
    made.saturated(60)
    assert made.allowed(60 + DELAY) == 15
    assert made.allowed(60 + DELAY + 1) == 20


def test_a_short_backlog_starts_no_more() -> None:
    made = scaling()
    for second in range(0, 40, 4):
        made.saturated(second)
        made.drained(second + 3, idle=False)
    assert made.allowed(40) == 5


def test_what_has_been_idle_is_back_at_five_and_later_at_two() -> None:
    made = scaling()
    made.saturated(0)
    made.drained(DELAY + 60, idle=True)
    made.working(100)
    assert made.allowed(100) == 305
    made.drained(110, idle=True)
    made.drained(150, idle=True)
    made.working(170)
    assert made.allowed(170) == 5
    made.drained(200, idle=True)
    made.working(500)
    assert made.allowed(500) == 2
    made.saturated(500)
    assert made.allowed(500 + DELAY + 1) == 7


def test_maximum_concurrency_is_the_most_and_does_not_shrink_when_idle() -> None:
    made = scaling(concurrency=8)
    made.saturated(0)
    assert made.allowed(60) == 8
    made.drained(60, idle=True)
    made.working(1000)
    assert made.allowed(1000) == 5
    assert scaling(concurrency=3).allowed(0) == 3


@pytest.mark.parametrize(("concurrency", "most"), [(None, 1250), (10, 10)])
def test_a_fifo_queue_has_as_many_as_groups_are_active(concurrency: int | None, most: int) -> None:
    made = scaling(fifo=True, concurrency=concurrency)
    assert made.allowed(0) == most
    assert made.saturated(0) is None


def test_provisioned_mode_has_ten_for_each_poller_and_gets_1000_more_a_minute() -> None:
    made = scaling(pollers=(2, 200))
    assert made.allowed(0) == 20
    made.saturated(0)
    assert made.allowed(DELAY + 60) == 1020
    assert made.allowed(3600) == 2000
    made.drained(3600, idle=True)
    made.working(10_000)
    assert made.allowed(10_000) == 20
    most = scaling(pollers=(2, 2000))
    most.saturated(0)
    assert most.allowed(36_000) == 20_000


def test_the_machine_is_a_limit_too() -> None:
    made = scaling(machine=7)
    made.saturated(0)
    assert made.allowed(60) == 7
    assert made.saturated(60) is None


def test_each_failure_takes_one_away_down_to_two_and_each_success_gives_one_back() -> None:
    made = scaling()
    for expected in (4, 3, LEAST, LEAST, LEAST):
        made.failed()
        assert made.allowed(0) == expected
    for expected in (3, 4, 5, 5):
        made.succeeded()
        assert made.allowed(0) == expected


def test_a_long_pause_makes_failures_forgotten() -> None:
    made = scaling()
    for _ in range(5):
        made.failed()
    made.drained(0, idle=True)
    made.working(60)
    assert made.allowed(60) == 5


def test_settings_are_read_from_a_configuration() -> None:
    made = MappingSettings.of(
        {
            "EventSourceArn": f"{QUEUE}.fifo",
            "FunctionArn": f"{FUNCTION}:live",
            "BatchSize": 3,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "FilterCriteria": {"Filters": [{"Pattern": '{"body": ["a"]}'}]},
            "ProvisionedPollerConfig": {"MinimumPollers": 3},
        }
    )
    assert (made.fifo, made.batch_size, made.window, made.reports_failures) == (True, 3, 0, True)
    assert (made.patterns, made.pollers, made.concurrency) == (({"body": ["a"]},), (3, 200), None)
    assert (made.queue_name, made.function_name, made.region) == ("orders.fifo", "calculate", "us-east-1")
