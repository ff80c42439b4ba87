"""boto3 clients for an endpoint: made once each, and blind to the host's AWS configuration, but for AWS."""

from __future__ import annotations

import os
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boto3.session import Session

    from harness.model.environment import Endpoint

# A function may run for 15 minutes, and Invoke answers when it has ended; nothing else takes that long.
_INVOKE_SECONDS = 900 + 60
_lock = threading.Lock()
_clients: dict[tuple[Endpoint, str], Any] = {}


def client(endpoint: Endpoint, service: str) -> Any:
    """The client of `service` (`sqs`, `lambda`, ...) at `endpoint`; it may be used from several threads."""
    key = (endpoint, service)
    if key not in _clients:
        with _lock:  # making clients is the one thing that a boto3 session does not allow in parallel
            if key not in _clients:
                _clients[key] = _made(endpoint, service)
    return _clients[key]


def _made(endpoint: Endpoint, service: str) -> Any:
    from botocore.config import Config  # noqa: PLC0415 - boto3 takes a second to import

    if endpoint.on_aws:
        return _made_for_aws(endpoint, service)
    configuration = Config(
        connect_timeout=5,
        read_timeout=_INVOKE_SECONDS if service == "lambda" else 60,
        # A send that is tried again could be a message twice, and a loopback connection fails for a reason.
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=32,
        parameter_validation=False,  # a third of a call's cost; AWS's own answer is the better message
        tcp_keepalive=True,
        proxies={},  # the endpoint is on the loopback interface
    )
    make: Any = _session().client  # the stubs have an overload for each name, and no plain string
    return make(service, config=configuration, **endpoint.client_arguments())


def _made_for_aws(endpoint: Endpoint, service: str) -> Any:
    """With the host's credentials, which botocore renews, its proxies and its certificates."""
    from botocore.config import Config  # noqa: PLC0415 - boto3 takes a second to import

    from harness.client.aws_account import host_session  # noqa: PLC0415 - only where AWS is the target

    configuration = Config(
        connect_timeout=10,
        read_timeout=_INVOKE_SECONDS if service == "lambda" else 60,
        # AWS throttles, and says so; a message that is sent twice by this is one that SQS may double anyway.
        retries={"total_max_attempts": 6, "mode": "standard"},
        max_pool_connections=32,
        tcp_keepalive=True,
    )
    make: Any = host_session().client  # the stubs have an overload for each name, and no plain string
    return make(service, config=configuration, **endpoint.client_arguments())


@cache
def _session() -> Session:
    """One session that reads no profile, configuration or credentials of the host."""
    import boto3  # noqa: PLC0415 - boto3 takes a second to import
    import botocore.session  # noqa: PLC0415 - the same

    nothing = (None, None, None, None)
    no_file = (None, None, os.devnull, None)
    return boto3.session.Session(
        botocore_session=botocore.session.Session(
            session_vars={"profile": nothing, "config_file": no_file, "credentials_file": no_file},
        ),
    )
