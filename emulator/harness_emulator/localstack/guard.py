"""Keeps web pages out: the emulator has no passwords, and any page a user opens can reach loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from localstack.aws.api import RequestContext
    from localstack.aws.chain import HandlerChain
    from localstack.http import Response

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
LOOPBACK_SUFFIXES = (".localhost", ".localhost.localstack.cloud")
"""Names below these resolve to loopback for everybody; S3 puts a bucket's name in front of them."""
OWN_SITE = frozenset({"none", "same-origin"})


def refusal(host: str, *, origin: str | None = None, fetch_site: str | None = None) -> str | None:
    """Why a request must not be served, or None where it may be.

    Args:
        host: The Host header. Another name than loopback's means that somebody's DNS points here (rebinding).
        origin: The Origin header: the page that asks. LocalStack trusts its own web application.
        fetch_site: The Sec-Fetch-Site header, which browsers send and pages cannot change.
    """
    if not _is_loopback(host):
        return f"The host {host!r} is not this machine's loopback address."
    if (origin is not None and not _is_loopback(urlsplit(origin).netloc)) or (
        fetch_site is not None and fetch_site not in OWN_SITE
    ):
        return "Requests from web pages are refused."
    return None


def _is_loopback(host: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return name in LOOPBACK_NAMES or f".{name}".endswith(LOOPBACK_SUFFIXES)


def guard(chain: HandlerChain, context: RequestContext, response: Response) -> None:
    """The gateway's first handler."""
    headers = context.request.headers
    reason = refusal(
        headers.get("Host", ""),
        origin=headers.get("Origin"),
        fetch_site=headers.get("Sec-Fetch-Site"),
    )
    if reason is not None:
        response.status_code = 403
        response.set_json({"message": reason})
        chain.terminate()
