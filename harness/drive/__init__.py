"""The former name of `harness.client`."""

from __future__ import annotations

import warnings
from typing import Any

from harness import client

__all__ = client.__all__


def __getattr__(name: str) -> Any:
    """The name in `harness.client`, with a deprecation warning."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warnings.warn("harness.drive is now harness.client.", DeprecationWarning, stacklevel=2)
    return getattr(client, name)
