"""What answers at an endpoint that somebody else runs: which software, and what it can do of AWS."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.environments.localstack import capabilities_of
from harness.model.environment import DEFAULT_ACCOUNT, Endpoint, own_account
from harness.model.errors import EndpointError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWER_SECONDS = 30.0
"""A LocalStack loads a service when it is first asked something: that takes long on a busy machine."""
_LARGEST_ANSWER = 1 << 20
_OF_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".on.aws")
_LOOKS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "sqs": ("list_queues", {"MaxResults": 1}),
    "lambda": ("list_functions", {"MaxItems": 1}),
    "logs": ("describe_log_groups", {"limit": 1}),
    "iam": ("list_roles", {"MaxItems": 1}),
}
"""Service -> a call that changes nothing, for an endpoint that does not tell which services it has."""
_SECOND_ACCOUNT = own_account("another").account


@dataclass(frozen=True)
class Found:
    """An AWS-compatible endpoint.

    Attributes:
        id: Of this start of it; of its URL where it tells none.
        software: What it is, for people.
        capabilities: What can be done there.
        control: Whether it is the harness's own emulator.
        account: The account that the default access key belongs to.
        one_account: Whether that is the account of every access key.
        api: The version of its control API, 0 where it has none.
        emulator: The version of the harness's emulator, empty where it is another one.
    """

    id: str
    software: str
    capabilities: tuple[str, ...]
    control: bool = False
    account: str = DEFAULT_ACCOUNT
    one_account: bool = False
    api: int = 0
    emulator: str = ""


def checked_url(url: str) -> str:
    """`url` in one spelling: scheme, host and port.

    Raises:
        UsageError: It is none, or one of AWS's own.
    """
    parts = urlsplit(url.strip())
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == -1:
        raise UsageError(
            f"{url!r} is no URL of an endpoint.",
            hint="It has a scheme, a host and mostly a port: http://127.0.0.1:4566.",
        )
    if parts.path.rstrip("/") or parts.query or parts.fragment or parts.username is not None:
        raise UsageError(
            "The endpoint's URL has more than a scheme, a host and a port.",  # a password, it may be
            hint=f"Say {parts.scheme}://{parts.netloc.rpartition('@')[2]}.",
        )
    host = parts.hostname.rstrip(".")
    if f".{host}".endswith(_OF_AWS):
        raise UsageError(
            f"{host} is AWS itself, and no endpoint that emulates it.",
            hint="For AWS there is a target of its own: `harness up --target aws`.",
        )
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}" + ("" if port is None else f":{port}")


def look(url: str) -> Found:
    """Find out what answers at `url`.

    Raises:
        EndpointError: Nothing answers, or it is not AWS's API.
    """
    said = _get(url, "/_harness/health")
    if (ours := _ours(said)) is not None:
        return ours
    _refuse_guarded(url, said)
    localstack = _json(_get(url, "/_localstack/info"))
    if localstack is not None and isinstance(localstack.get("session_id"), str):
        services = (_json(_get(url, "/_localstack/health")) or {}).get("services")
        accounts = _accounts(url)
        return Found(
            localstack["session_id"],
            f"LocalStack {localstack.get('version', '')}".strip(),
            capabilities_of(services if isinstance(services, dict) else {}),
            account=accounts[0],
            one_account=_one(accounts),
        )
    accounts = _accounts(url)
    return Found(
        identity_of(url),
        "an AWS-compatible endpoint",
        capabilities_of(dict.fromkeys(["sts", *(name for name in _LOOKS if _has(url, name))], "running")),
        account=accounts[0],
        one_account=_one(accounts),
    )


def current_id(url: str, known: str, *, control: bool) -> str:
    """The id of what answers at `url` now; `known` is the one that answered before.

    Raises:
        EndpointError: Nothing answers.
    """
    if known == identity_of(url):
        _accounts(url)
        return known
    answer = _json(_get(url, "/_harness/health" if control else "/_localstack/info")) or {}
    return str(answer.get("instance" if control else "session_id", ""))


def identity_of(url: str) -> str:
    """The id of an endpoint that tells none of its own."""
    return hashlib.sha256(url.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class _Answer:
    status: int
    kind: str
    body: bytes

    def __str__(self) -> str:
        start = " ".join(self.body[:80].decode(errors="replace").split())
        return f"{self.status} {self.kind}: {start}".rstrip(": ")


def _get(url: str, path: str) -> _Answer:
    # No proxy: what the host's HTTP_PROXY names is for the internet. No redirect: an AWS API has none.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    try:
        with opener.open(url + path, timeout=ANSWER_SECONDS) as response:
            return _answer(response.status, response.headers, response.read(_LARGEST_ANSWER))
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error.code, error.headers, error.read(_LARGEST_ANSWER))
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(url, error) from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _answer(status: int, headers: Any, body: bytes) -> _Answer:
    return _Answer(status, headers.get_content_type() if headers else "", body)


def _json(answer: _Answer) -> dict[str, Any] | None:
    if answer.status != http.HTTPStatus.OK:
        return None
    try:
        document = json.loads(answer.body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _unreachable(url: str, error: Exception) -> EndpointError:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return EndpointError(
            f"The certificate of {url} is not trusted: {reason.verify_message}.",
            hint="Name the certificate authority's file in SSL_CERT_FILE, or use the endpoint's http:// URL.",
        )
    if isinstance(reason, ssl.SSLError):
        return EndpointError(
            f"{url} does not speak TLS as it should: {reason.reason or reason}.",
            hint="Is it http:// there?",
        )
    if isinstance(reason, ConnectionRefusedError):
        said = "refuses connections: nothing listens there"
    elif isinstance(reason, TimeoutError):
        said = f"did not answer within {ANSWER_SECONDS:.0f} seconds"
    elif isinstance(reason, socket.gaierror):
        said = f"has a host that no name server knows ({reason.strerror})"
    elif isinstance(reason, http.client.HTTPException):
        return _not_aws(url, f"what it answers is no HTTP ({type(reason).__name__})")
    else:
        said = f"cannot be reached: {reason}"
    return EndpointError(
        f"The endpoint {url} {said}.", hint="Start it, or mend the URL (the setting `endpoint`)."
    )


def _not_aws(url: str, said: str) -> EndpointError:
    return EndpointError(
        f"{url} is no AWS-compatible endpoint: {said}.",
        hint="The endpoint target is for LocalStack and its like, with the APIs of STS, SQS and Lambda.",
    )


def _ours(said: _Answer) -> Found | None:
    document = _json(said)
    if document is None or not isinstance(document.get("instance"), str):
        return None
    capabilities = document.get("capabilities")
    return Found(
        document["instance"],
        f"the harness's emulator {document.get('version', '')}".rstrip(),
        tuple(map(str, capabilities)) if isinstance(capabilities, list) else (),
        control=True,
        api=document.get("api", 0),
        emulator=str(document.get("version", "")),
    )


def _refuse_guarded(url: str, said: _Answer) -> None:
    """Our emulator answers to loopback names only, wherever a port of it was forwarded to."""
    if said.status == http.HTTPStatus.FORBIDDEN and b"is not this machine's loopback" in said.body:
        port = urlsplit(url).port or 80
        raise EndpointError(
            f"The harness's emulator at {url} serves nobody but its own machine.",
            hint=f"Bring its port here: `ssh -L {port}:127.0.0.1:{port} HOST`, "
            f"then the endpoint is http://127.0.0.1:{port}.",
        )


def _accounts(url: str) -> tuple[str, str]:
    """The accounts of two access keys, as STS tells them."""
    return _account(url, DEFAULT_ACCOUNT), _account(url, _SECOND_ACCOUNT)


def _one(accounts: tuple[str, str]) -> bool:
    return accounts != (DEFAULT_ACCOUNT, _SECOND_ACCOUNT)


def _account(url: str, key: str) -> str:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - boto3 takes a second to import

    from harness.client.boto import client  # noqa: PLC0415 - the same

    try:
        account = str(client(Endpoint(url, account=key), "sts").get_caller_identity().get("Account", ""))
    except ClientError as error:
        raise _not_aws(url, f"STS's GetCallerIdentity is refused there ({_words(str(error))})") from error
    except BotoCoreError as error:
        raise _not_aws(
            url, f"STS's GetCallerIdentity is not answered there ({_words(str(error))})"
        ) from error
    except Exception as error:  # botocore's parser fails in many ways on what is no answer of AWS's
        said = _get(url, "/")
        raise _not_aws(url, f"to GET / it answers {said}") from error
    if not (account.isascii() and account.isdigit() and len(account) == len(DEFAULT_ACCOUNT)):
        said = _get(url, "/")
        raise _not_aws(url, f"STS's GetCallerIdentity tells no account there; to GET / it answers {said}")
    return account


def _has(url: str, service: str) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - boto3 takes a second to import

    from harness.client.boto import client  # noqa: PLC0415 - the same

    call, arguments = _LOOKS[service]
    try:
        getattr(client(Endpoint(url), service), call)(**arguments)
    except (BotoCoreError, ClientError):
        return False
    return True


def _words(text: str) -> str:
    """An error's text on one line, and not all of an HTML page."""
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:200]}…"  # noqa: PLR2004 - a line or two of a terminal
