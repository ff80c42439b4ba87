"""Puts the page together: markup, style, scripts and events in one file that asks for nothing else."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.report.timeline.columns import columns_of, packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_FOLDER = Path(__file__).parent
SCRIPTS = (
    *(
        "events",
        "axis",
        "texts",
        "outcomes",
        "model",
        "records",
        "building",
        "packing",
        "bars",
        "marks",
        "way",
        "hits",
    ),
    *("drawing", "minimap", "card", "panel", "table", "filter", "view", "interaction", "app", "timeline"),
)
"""The modules, each after those that it imports."""

_IMPORT = re.compile(r"^import .*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)
_PLACE = re.compile(r"\{\{(\w+)\}\}")


def render(events: Iterable[Mapping[str, Any]], *, title: str, about: str = "") -> str:
    """One HTML file that shows the events as a timeline; it needs no other file and no network.

    Args:
        events: As the control API gives them, in order.
        title: The heading.
        about: What stands below it: which run, which test.
    """
    document = columns_of([*events])
    values = {
        "title": html.escape(title),
        "about": html.escape(about),
        "policy": f"default-src 'none'; script-src {_hash(script())}; style-src {_hash(style())}; "
        "img-src data:; base-uri 'none'; form-action 'none'",
        "style": style(),
        "script": script(),
        "events": packed(document),
    }
    # One pass: what a text holds is never taken for a place.
    return _PLACE.sub(lambda place: values[place[1]], _read("page.html"))


@cache
def script() -> str:
    """The modules as one script, without the lines that tie them; a browser could load each of them."""
    parts = [_EXPORT.sub("", _IMPORT.sub("", _read(f"{name}.js"))).strip() for name in SCRIPTS]
    return '"use strict";\n(() => {\n' + "\n\n".join(parts) + "\n})();"


@cache
def style() -> str:
    """The style sheet."""
    return _read("timeline.css").strip()


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
