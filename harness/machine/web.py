"""HTTP to endpoints: no proxy of the host's is asked, and TLS is set up only where it is spoken."""

from __future__ import annotations

import urllib.request
from functools import cache

_PLAIN = (
    urllib.request.HTTPHandler,
    urllib.request.HTTPDefaultErrorHandler,
    urllib.request.HTTPRedirectHandler,
    urllib.request.HTTPErrorProcessor,
    urllib.request.UnknownHandler,
)


@cache
def opener(scheme: str) -> urllib.request.OpenerDirector:
    """What opens `http` or `https` URLs.

    urllib's own way makes a TLS context in any case and reads every certificate authority of the machine
    for it: that was a fifth of what `harness status` cost.
    """
    if scheme == "https":
        return urllib.request.build_opener(urllib.request.ProxyHandler({}))
    director = urllib.request.OpenerDirector()
    for handler in _PLAIN:
        director.add_handler(handler())
    return director


def opener_for(url: str) -> urllib.request.OpenerDirector:
    """What opens `url`."""
    return opener("https" if url.startswith("https:") else "http")
