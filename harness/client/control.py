"""The control API of an environment: JSON over HTTP on the emulator's port, under `/_harness/`."""

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from harness.machine.web import opener_for
from harness.model.errors import EmulatorError, HarnessError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SILENT_SECONDS = 60.0
"""An answer that does not end by itself says at least so often that it goes on."""

Method: TypeAlias = Literal["GET", "POST", "PUT", "DELETE"]


class RefusedError(HarnessError):
    """The emulator refused a call.

    Attributes:
        status: The HTTP status.
        answer: What it said: the JSON document where it was one, else None.
    """

    def __init__(self, message: str, status: int, answer: Any) -> None:
        super().__init__(message)
        self.status = status
        self.answer = answer


@dataclass(frozen=True)
class ControlApi:
    """Calls the control API for one account.

    Args:
        url: The environment's URL, `http://127.0.0.1:PORT`.
        account: The account whose queues and functions are meant.
    """

    url: str
    account: str

    def call(
        self,
        method: Method,
        route: str,
        body: dict[str, Any] | None = None,
        *,
        timeout: float = 30.0,
        **parameters: str,
    ) -> Any:
        """Call `route` (`reset`, `debug`, ...) and return its JSON answer, or None where it has none.

        Args:
            method: The HTTP method.
            route: What follows `/_harness/`.
            body: Sent as JSON; the account is added to it.
            timeout: Seconds to wait for the answer.
            parameters: Query parameters besides `account`.

        Raises:
            EmulatorError: Nothing answers there.
            RefusedError: The emulator refused; its own words are in the message.
        """
        query = urllib.parse.urlencode({"account": self.account, **parameters})
        request = urllib.request.Request(  # noqa: S310 - the URL is the emulator's own, http on loopback
            f"{self.url}/_harness/{route}?{query}",
            method=method,
            data=None if body is None else json.dumps({"account": self.account, **body}).encode(),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
        )
        try:
            with opener_for(self.url).open(request, timeout=timeout) as answer:
                return _parsed(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                text = error.read()
            raise RefusedError(
                f"The emulator refused {method} /_harness/{route} ({error.code}): {_said(text)}",
                error.code,
                _document(text),
            ) from None
        except OSError as error:  # connection refused, reset, timed out
            raise EmulatorError(
                f"The emulator at {self.url} does not answer: {error}.",
                hint="See `harness status`; `harness up` starts one.",
            ) from error

    def download(self, route: str, file: Path) -> None:
        """Write what `route` answers into a file.

        Raises:
            EmulatorError: Nothing answers there, or it refused.
            OSError: The file cannot be written.
        """
        query = urllib.parse.urlencode({"account": self.account})
        request = urllib.request.Request(f"{self.url}/_harness/{route}?{query}")  # noqa: S310 - as above
        try:
            with (
                opener_for(self.url).open(request, timeout=SILENT_SECONDS) as answer,
                file.open("wb") as opened,
            ):
                shutil.copyfileobj(answer, opened)
        except urllib.error.URLError as error:
            raise EmulatorError(f"The emulator at {self.url} does not give its {route}: {error}.") from error

    def lines(self, route: str, *, accept: str, **parameters: str) -> Iterator[str]:
        """The lines of an answer that does not end by itself, as they come.

        Args:
            route: What follows `/_harness/`.
            accept: The media type that is asked for.
            parameters: Query parameters besides `account`.

        Raises:
            EmulatorError: Nothing answers there, or not any more.
        """
        query = urllib.parse.urlencode({"account": self.account, **parameters})
        request = urllib.request.Request(  # noqa: S310 - the URL is the emulator's own, http on loopback
            f"{self.url}/_harness/{route}?{query}", headers={"Accept": accept}
        )
        try:
            with opener_for(self.url).open(request, timeout=SILENT_SECONDS) as answer:
                for line in answer:
                    yield line.decode().rstrip("\r\n")
        except OSError as error:
            raise EmulatorError(
                f"The emulator at {self.url} does not answer: {error}.",
                hint="See `harness status`; `harness up` starts one.",
            ) from error


def _parsed(text: bytes) -> Any:
    return json.loads(text) if text.strip() else None


def _document(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _said(text: bytes) -> str:
    """The message in an error's body: `{"message": …}` or `{"error": …}` where it is that, else the text."""
    document = _document(text)
    if document is None:
        return text.decode(errors="replace").strip() or "no reason given"
    if isinstance(document, dict):
        error = document.get("message", document.get("error", document))
        if isinstance(error, dict) and "message" in error:
            error = error["message"]
        return error if isinstance(error, str) else json.dumps(error)
    return json.dumps(document)
