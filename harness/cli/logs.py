"""`harness logs`."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import click

from harness.cli.app import App, command
from harness.cli.stream import Stream

if TYPE_CHECKING:
    from harness.client import LogEvent

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class _Span(click.ParamType):  # type: ignore[type-arg] # not generic before click 8.3
    """A span of time: `90`, `30s`, `10m`, `2h`, `1d`; in seconds."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", str(value).strip())
        if match is None:
            self.fail(f"{value!r} is no span of time; say 30s, 10m, 2h or 1d.", param, ctx)
        return float(match[1]) * _UNITS[match[2]]


@click.command()
@click.option("--follow", is_flag=True, help="Show each line as it comes, until Ctrl-C.")
@click.option("--function", metavar="NAME", help="Which function; default: the one a queue is mapped to.")
@click.option("--since", type=_Span(), metavar="SPAN", help="Only the last 30s, 10m, 2h, 1d.")
@command
def logs(app: App, *, follow: bool, function: str | None, since: float | None) -> int:
    """Show a function's log, oldest line first.

    With --json and --follow the document is written piece by piece: one line for each event, complete when
    the command ends.
    """
    stack = app.stack()
    chosen = stack.function(function) if function else stack.function_mapped()
    since_ms = None if since is None else int((stack.clock.now() - since) * 1000)
    events = chosen.follow_logs(since_ms) if follow else iter(chosen.logs(since_ms))
    with Stream(app, "events", function=chosen.name, log_group=chosen.log_group) as stream:
        for event in events:
            stream.item(_as_json(event), f"{_clock(event)}  {event.message}")
    return 0


def _as_json(event: LogEvent) -> dict[str, Any]:
    return {"timestamp_ms": event.timestamp_ms, "stream": event.stream, "message": event.message}


def _clock(event: LogEvent) -> str:
    at = datetime.fromtimestamp(event.timestamp_ms / 1000, timezone.utc).astimezone()
    return f"{at:%H:%M:%S}.{event.timestamp_ms % 1000:03d}"
