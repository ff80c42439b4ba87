"""Which function a request to the emulator comes from: told by the credentials of its environment's role.

Requests with other credentials are no function's: a test's, a user's, or those of a handler that brings
credentials of its own.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness_emulator.mapping.delivery import Delivery


@dataclass(eq=False)
class CallingFunction:
    """An execution environment, as one that calls AWS.

    Attributes:
        account: Its function's.
        function: Name of the function.
        environment_id: The environment's.
        request_id: The invocation under way.
        delivery: What a mapping delivers with that invocation; None where no mapping asked for it.
        on_call: What `at_call` was told to do.
        keys: Access key ids of the processes that it has had.
    """

    account: str
    function: str
    environment_id: str
    request_id: str | None = None
    delivery: Delivery | None = None
    on_call: Callable[[], object] | None = None
    keys: list[str] = field(default_factory=list)


_by_key: dict[str, CallingFunction] = {}
_expected: set[CallingFunction] = set()


def know(key: str, caller: CallingFunction) -> None:
    """A process of that environment starts, with credentials of that access key id."""
    _by_key[key] = caller
    caller.keys.append(key)


def forget(caller: CallingFunction) -> None:
    """The environment has ended."""
    while caller.keys:
        _by_key.pop(caller.keys.pop(), None)


@contextmanager
def at_call(caller: CallingFunction, action: Callable[[], object] | None) -> Iterator[None]:
    """Within the block, do that when a call of the environment's has been carried out, before its answer."""
    if action is None:
        yield
        return
    caller.on_call = action
    _expected.add(caller)
    try:
        yield
    finally:
        _expected.discard(caller)
        caller.on_call = None


def of_request(context: Any) -> CallingFunction | None:
    """The environment that a request comes from; None for one from elsewhere."""
    if not _by_key:
        return None
    key = extract_access_key_id_from_auth_header(context.request.headers)
    return _by_key.get(key or "")


def answering(_chain: object, context: Any, _response: object) -> None:
    """A handler of the gateway's: a request has been carried out, its answer is not sent yet."""
    if not _expected:
        return
    caller = of_request(context)
    if caller is not None and caller.on_call is not None:
        caller.on_call()
