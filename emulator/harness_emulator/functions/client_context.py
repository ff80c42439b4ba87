"""The client context of an invocation (row C-18): Invoke's caller gives it, the handler's context holds it.

LocalStack takes it, and leaves it out of what it hands to the executor. The patch in `executor.patches` puts
it here on the way, in the thread that runs the invocation.
"""

from __future__ import annotations

import base64
import json
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_given: ContextVar[str | None] = ContextVar("client_context", default=None)


def current() -> str | None:
    """The JSON, in ASCII, for the runtime; None where the caller gave none."""
    given = _given.get()
    return None if given is None else decoded(given)


def decoded(given: str) -> str:
    """JSON in ASCII from what Invoke got.

    Args:
        given: JSON, in base64.

    Raises:
        ValueError: It is something else.
    """
    return json.dumps(json.loads(base64.b64decode(given, validate=True)))


@contextmanager
def passing(given: str | None) -> Iterator[None]:
    """Within the block, the invocation has this client context."""
    token = _given.set(given)
    try:
        yield
    finally:
        _given.reset(token)
