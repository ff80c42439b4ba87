"""boto3 clients for an emulator: made once per endpoint, blind to the host's AWS configuration."""

from __future__ import annotations

import os
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from harness.targets.base import Endpoint

_lock = threading.Lock()
_clients: dict[tuple[str, Endpoint], Any] = {}


def client(endpoint: Endpoint, service: str) -> Any:
    """A client of `service` at an endpoint; it may be used from several threads."""
    key = (service, endpoint)
    with _lock:  # making clients is the one thing that a boto3 session does not allow in parallel
        if key not in _clients:
            make: Any = _session().client
            config = Config(retries={"total_max_attempts": 2}, proxies={})
            _clients[key] = make(service, config=config, **endpoint.client_arguments())
        return _clients[key]


@cache
def _session() -> boto3.session.Session:
    """One session that reads no profile, configuration or credentials of the host."""
    no_file = (None, None, os.devnull, None)
    return boto3.session.Session(
        botocore_session=botocore.session.Session(
            session_vars={
                "profile": (None, None, None, None),
                "config_file": no_file,
                "credentials_file": no_file,
            },
        ),
    )
