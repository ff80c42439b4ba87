"""What a handler's own clocks tell, on each Python of this machine that a function may run on."""

from __future__ import annotations

import json
import struct
import subprocess
from typing import TYPE_CHECKING

import pytest

from harness.model.errors import RuntimeMissingError
from harness_emulator.functions import time_follower
from harness_emulator.functions.runtimes.discovery import SUPPORTED, find_interpreter
from harness_emulator.functions.time_follower import AccountClock
from harness_emulator.time import clock_file
from harness_emulator.time.clock import Clock
from harness_emulator.time.clock_file import ClockFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STANDS = 4_102_444_800.25
"""The year 2100."""
PROGRAM = """
import importlib.util, sys
import datetime as before
before.datetime.now(), before.date.today()
spec = importlib.util.spec_from_file_location("time_follower", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.follow(sys.argv[2])

import json, logging, pickle, time, warnings
from datetime import date, datetime, timedelta, timezone
from time import time as seconds

warnings.simplefilter("ignore")
logging.Formatter.converter = time.gmtime  # as Lambda's runtime client does

class Own(datetime):
    pass

now = datetime.now()
print(json.dumps({
    "time": [time.time(), seconds(), time.clock_gettime(time.CLOCK_REALTIME)],
    "time_ns": [time.time_ns(), time.clock_gettime_ns(time.CLOCK_REALTIME)],
    "now": [str(now), str(before.datetime.now()), str(datetime.now(None)), str(datetime.utcnow()),
            str(datetime.today()), str(Own.now())],
    "aware": [str(datetime.now(timezone.utc)), str(datetime.now(tz=timezone(timedelta(hours=2))))],
    "today": [str(date.today()), str(before.date.today()), str(Own.today().date())],
    "tuples": [list(time.gmtime()), list(time.localtime()), list(time.gmtime(None))],
    "texts": [time.ctime(), time.asctime(), time.strftime("%a %b %e %H:%M:%S %Y")],
    "given": [list(time.gmtime(0))[:3], time.strftime("%Y", time.gmtime(0)), time.ctime(0),
              time.asctime(time.gmtime(0)), list(time.localtime(0))[:1]],
    "log": logging.Formatter("%(asctime)s").format(logging.LogRecord("n", 20, "p", 1, "m", (), None)),
    "kinds": [type(now) is datetime, isinstance(now, date), type(Own.now()) is Own,
              datetime is before.datetime, pickle.loads(pickle.dumps(now)) == now,
              type(now + timedelta(1)) is datetime, isinstance(datetime(2020, 1, 1), datetime)],
    "spans": time.monotonic() < 1e9 and time.clock_gettime(time.CLOCK_MONOTONIC) < 1e9,
    "repr": repr(time.time),
}))
"""


@pytest.mark.parametrize("version", SUPPORTED, ids=lambda version: f"python3.{version[1]}")
def test_all_that_tells_the_time_tells_the_accounts(version: tuple[int, int], tmp_path: Path) -> None:
    try:
        python = find_interpreter(f"python{version[0]}.{version[1]}", strict=True).path
    except RuntimeMissingError as missing:
        pytest.skip(missing.message)
    file = ClockFile(tmp_path / "clock")
    clock = Clock("111111111111", wall=lambda: STANDS)
    clock.tell(file.write)
    clock.freeze()
    answer = subprocess.run(
        [python, "-c", PROGRAM, time_follower.__file__, file.path],
        capture_output=True,
        check=False,
        text=True,
        env={"TZ": ":UTC"},
    )
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    moment = [2100, 1, 1, 0, 0, 0, 4, 1, 0]
    assert told == {
        "time": [STANDS] * 3,
        "time_ns": [4_102_444_800_250_000_000] * 2,
        "now": ["2100-01-01 00:00:00.250000"] * 6,
        "aware": ["2100-01-01 00:00:00.250000+00:00", "2100-01-01 02:00:00.250000+02:00"],
        "today": ["2100-01-01"] * 3,
        "tuples": [moment] * 3,
        "texts": ["Fri Jan  1 00:00:00 2100"] * 3,
        "given": [[1970, 1, 1], "1970", "Thu Jan  1 00:00:00 1970", "Thu Jan  1 00:00:00 1970", [1970]],
        "log": "2100-01-01 00:00:00,250",
        "kinds": [True] * 7,
        "spans": True,
        "repr": "<function time of the account's time>",
    }


@pytest.fixture
def follower(tmp_path: Path) -> Callable[[Clock], AccountClock]:
    def follow(clock: Clock) -> AccountClock:
        file = ClockFile(tmp_path / "clock")
        clock.tell(file.write)
        return AccountClock(str(file.path))

    return follow


def test_it_follows_each_move(
    follower: Callable[[Clock], AccountClock], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = 1000.0
    clock = Clock("111111111111", wall=lambda: machine)
    monkeypatch.setattr(time_follower, "REAL_TIME", lambda: machine)
    monkeypatch.setattr(time_follower, "REAL_TIME_NS", lambda: int(machine * 1e9))
    followed = follower(clock)
    assert followed.seconds() == 1000.0
    machine += 1
    assert (followed.seconds(), followed.nanoseconds()) == (1001.0, 1001 * 10**9)
    clock.freeze()
    machine += 1
    assert (followed.seconds(), followed.nanoseconds()) == (1001.0, 1001 * 10**9)
    clock.advance(43_200.5)
    assert followed.seconds() == clock.now() == 44_201.5
    clock.resume()
    machine += 1
    assert followed.seconds() == clock.now() == 44_202.5
    assert followed.nanoseconds() == 44_202_500_000_000
    clock.advance(60)
    assert followed.seconds() == clock.now() == 44_262.5
    clock.reset()
    assert followed.seconds() == clock.now() == 1003.0


def test_a_timer_sees_the_time_that_a_handler_sees(follower: Callable[[Clock], AccountClock]) -> None:
    clock = Clock("111111111111", wall=lambda: 1000.0)
    clock.freeze()
    followed = follower(clock)
    seen: list[float] = []
    clock.call_later(30, lambda: seen.append(followed.seconds()))
    clock.advance(60)
    assert seen == [1030.0]


def test_a_clock_that_is_being_written_is_read_again_but_not_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    path.write_bytes(clock_file.LAYOUT.pack(3, 0.0, 5.0))  # whoever wrote it was killed
    assert AccountClock(str(path)).seconds() == 5.0


def test_both_sides_know_one_layout() -> None:
    assert clock_file.LAYOUT.format == time_follower.LAYOUT.format
    assert struct.calcsize(clock_file.LAYOUT.format) == 24
