"""Ledgers of two runs, made comparable: without what is another one each time."""

from __future__ import annotations

import json
import re
from typing import Any

IDS = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
LEFT_OUT = {"seq", "wall", "log", "duration_ms"}
"""What the machine's time is in."""
WARM = {"environment_started", "environment_stopped"}
"""Whether an environment is warm is a matter of what ran before."""


def comparable(events: list[dict[str, Any]]) -> list[str]:
    """Events as lines: random ids are numbered as they appear, times count from the first event."""
    begin = events[0]["at"]
    numbers: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return numbers.setdefault(found[0], f"id-{len(numbers) + 1}")

    lines = []
    for event in events:
        if event["kind"] in WARM:
            continue
        shown = {name: value for name, value in event.items() if name not in LEFT_OUT}
        for name in ("at", "visible_at"):
            if name in shown:
                shown[name] = round(shown[name] - begin, 3)
        lines.append(IDS.sub(number, json.dumps(shown)))
    return lines
