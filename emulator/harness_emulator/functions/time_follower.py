"""Runs in a function's process: what Python's own clocks tell there is the account's time.

As the bootstrap, it runs with the runtime's own Python (3.9 or newer) and imports nothing of the harness. It
runs before the handler and its libraries are imported, so `from time import time` gets what is put in place
here. `datetime` is changed, not replaced: only `now`, `utcnow` and `today` differ, and what they return is
what everybody takes for a datetime. What counts spans (`time.monotonic`, `time.perf_counter`, `time.sleep`,
timeouts) stays real.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import gc
import mmap
import struct
import sys
import time
import warnings
from typing import Any, Callable  # noqa: UP035 - Python 3.9

LAYOUT = struct.Struct("@Qdd")
"""As `harness_emulator.time.clock_file` writes it."""
TRIES = 1000
"""Reads while it is being written; the writer may have been killed in between."""

REAL_TIME, REAL_TIME_NS = time.time, time.time_ns  # noqa: TID251 - it is the process's time that is made here
UTCNOW_IS_DEPRECATED = (3, 12)


class AccountClock:
    """The account's time, from the file that the emulator keeps.

    Args:
        path: The file.
    """

    def __init__(self, path: str) -> None:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib would be imported for this alone
            self._memory = mmap.mmap(file.fileno(), LAYOUT.size, access=mmap.ACCESS_READ)

    def _read(self) -> tuple[int, float, float]:
        memory = self._memory
        seen = LAYOUT.unpack_from(memory)
        for _ in range(TRIES):
            before, seen = seen, LAYOUT.unpack_from(memory)
            if seen == before and not seen[0] % 2:
                break
        return seen

    def seconds(self) -> float:
        """Epoch seconds."""
        _, offset, frozen_at = self._read()
        return frozen_at if frozen_at >= 0 else REAL_TIME() + offset

    def nanoseconds(self) -> int:
        """Epoch nanoseconds."""
        _, offset, frozen_at = self._read()
        return _nanoseconds(frozen_at) if frozen_at >= 0 else REAL_TIME_NS() + _nanoseconds(offset)


def _nanoseconds(seconds: float) -> int:
    whole = int(seconds)
    return whole * 10**9 + int((seconds - whole) * 1e9)


class Replaced:
    """A function of the module `time`.

    Not a function itself: one that is a class's attribute, as `logging.Formatter.converter`, would be called
    with an instance.

    Args:
        original: Whose name and description it has.
        call: What is called instead.
    """

    def __init__(self, original: Callable[..., Any], call: Callable[..., Any]) -> None:
        self._call = call
        self.__name__ = self.__qualname__ = original.__name__
        self.__doc__ = original.__doc__
        self.__module__ = "time"

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """As the function that it replaces."""
        return self._call(*arguments, **named)

    def __repr__(self) -> str:
        return f"<function {self.__name__} of the account's time>"


def follow(path: str) -> None:
    """Have this process's clocks follow the account's."""
    clock = AccountClock(path)
    for name, call in replacements(clock).items():
        original = getattr(time, name, None)
        if original is not None:
            setattr(time, name, Replaced(original, call))
    change(dt.datetime, now=_now(clock), utcnow=_utcnow(clock), today=_today(clock))
    change(dt.date, today=_today(clock))


def replacements(clock: AccountClock) -> dict[str, Callable[..., Any]]:
    """What the functions of the module `time` do, by their names."""
    real: dict[str, Any] = {name: getattr(time, name, None) for name in dir(time)}
    localtime, gmtime, asctime = time.localtime, time.gmtime, time.asctime
    strftime, ctime = time.strftime, time.ctime
    of_the_epoch = {real.get("CLOCK_REALTIME"), real.get("CLOCK_REALTIME_COARSE")} - {None}

    def given(seconds: Any) -> Any:
        return clock.seconds() if seconds is None else seconds

    def formatted(pattern: Any, *moment: Any) -> Any:
        return strftime(pattern, *(moment or (localtime(clock.seconds()),)))

    def as_text(*moment: Any) -> Any:
        return asctime(*(moment or (localtime(clock.seconds()),)))

    def gettime(which: Any) -> Any:
        return clock.seconds() if which in of_the_epoch else real["clock_gettime"](which)

    def gettime_ns(which: Any) -> Any:
        return clock.nanoseconds() if which in of_the_epoch else real["clock_gettime_ns"](which)

    return {
        "time": clock.seconds,
        "time_ns": clock.nanoseconds,
        "localtime": lambda seconds=None: localtime(given(seconds)),
        "gmtime": lambda seconds=None: gmtime(given(seconds)),
        "ctime": lambda seconds=None: ctime(given(seconds)),
        "asctime": as_text,
        "strftime": formatted,
        "clock_gettime": gettime,
        "clock_gettime_ns": gettime_ns,
    }


def _now(clock: AccountClock) -> Any:
    def now(cls: Any, tz: Any = None) -> Any:
        return cls.fromtimestamp(clock.seconds(), tz)

    return now


def _utcnow(clock: AccountClock) -> Any:
    def utcnow(cls: Any) -> Any:
        if sys.version_info >= UTCNOW_IS_DEPRECATED:
            warnings.warn(
                "datetime.datetime.utcnow() is deprecated and scheduled for removal in a future version. Use "
                "timezone-aware objects to represent datetimes in UTC: datetime.datetime.now(datetime.UTC).",
                DeprecationWarning,
                stacklevel=2,
            )
        return cls.fromtimestamp(clock.seconds(), dt.timezone.utc).replace(tzinfo=None)  # noqa: UP017 - Python 3.9

    return utcnow


def _today(clock: AccountClock) -> Any:
    def today(cls: Any) -> Any:
        return cls.fromtimestamp(clock.seconds())

    return today


def change(kind: type, **methods: Any) -> None:
    """Give a type written in C other class methods: in its own dictionary, which Python shows read-only."""
    attributes = gc.get_referents(kind.__dict__)[0]
    for name, method in methods.items():
        attributes[name] = classmethod(method)
    # What was looked up before is remembered by the interpreter until it is told.
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))
