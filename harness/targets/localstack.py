"""Asking what answers at a URL: the harness's emulator, or a LocalStack that is none of ours."""

from __future__ import annotations

import hashlib
import http.client
import json
import urllib.request
from dataclasses import dataclass
from typing import Any

READY = {"available", "running", "starting", "initialized"}
NEEDED = {
    "deploy": ("sqs", "lambda", "iam"),
    "send": ("sqs",),
    "results": ("sqs",),
    "logs": ("logs",),
}
"""The services without which a LocalStack has not that capability."""


@dataclass(frozen=True)
class Found:
    """What answers.

    Attributes:
        id: Another one after each of its starts.
        control: Whether it has the harness's control API.
        capabilities: What it can do, by its own account.
    """

    id: str
    control: bool
    capabilities: tuple[str, ...]


def found_at(url: str, *, seconds: float = 15.0) -> Found | None:
    """What answers at `url`; None where neither an emulator of ours nor a LocalStack does."""
    own = asked(url, "_harness/health", seconds=seconds)
    if own is not None and isinstance(own.get("instance"), str):
        return Found(own["instance"], control=True, capabilities=tuple(own.get("capabilities", ())))
    health = asked(url, "_localstack/health", seconds=seconds)
    if health is None or not isinstance(health.get("services"), dict):
        return None
    session = (asked(url, "_localstack/info", seconds=seconds) or {}).get("session_id")
    made_up = hashlib.sha256(url.encode()).hexdigest()[:32]
    return Found(str(session or made_up), control=False, capabilities=capabilities_of(health["services"]))


def capabilities_of(services: dict[str, str]) -> tuple[str, ...]:
    """What a LocalStack with these services can do."""
    ready = {name for name, state in services.items() if state in READY}
    return tuple(name for name, needed in NEEDED.items() if ready.issuperset(needed))


def asked(url: str, path: str, *, seconds: float) -> dict[str, Any] | None:
    """The JSON object at `url`/`path`, or None where none is."""
    # No proxy: a host's HTTP_PROXY is not for loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/{path}", timeout=seconds) as response:
            document = json.load(response)
    except (OSError, ValueError, http.client.HTTPException):
        return None
    return document if isinstance(document, dict) else None
