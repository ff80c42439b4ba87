"""`/_harness/ledger`: an account's events, now or as they come; `ledger/file`: all of it, as a file."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.model.events import KINDS
from harness.model.ledger_file import Wanted
from harness_emulator.account import ACCOUNTS
from harness_emulator.api.requests import ALL_ACCOUNTS, Answer, RequestRefusedError, account_of, document_of
from harness_emulator.ledger.recorder import RECORDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harness_emulator.api.requests import Neighbours, Request
    from harness_emulator.ledger.store import LedgerStore

PARAMETERS = ("account", "after", "queue", "message", "kind", "function", "limit", "last", "forgotten")
EVENT_STREAM = "text/event-stream"
BEAT_SECONDS = 5.0
"""After so long without an event, a follower gets a comment: so it is found out when it has gone."""
SQLITE = "application/vnd.sqlite3"
CHUNK = 1 << 20


def look(request: Request, neighbours: Neighbours) -> Answer:
    """`GET ledger`: a JSON list of events in order; with `Accept: text/event-stream`, these and all to come.

    Parameters, each of which may be left out: `after`, a `seq`; `queue`, `function` (names), `message` (an
    id), `kind`; `limit`, at most so many events; `last`, only of the account's so many newest;
    `forgotten=1`, also those from before a reset, as far as they are kept.
    """
    store = _store()
    account = _account(request)
    unknown = sorted(set(request.query) - set(PARAMETERS))
    if unknown:
        raise RequestRefusedError(
            f"The ledger cannot be asked by {', '.join(unknown)}; by: {', '.join(PARAMETERS)}."
        )
    wanted = Wanted(**{name: request.query.get(name, "") for name in Wanted._fields})
    if wanted.kind and wanted.kind not in KINDS:
        raise RequestRefusedError(
            f"There is no kind {wanted.kind!r} of events; there are: {', '.join(KINDS)}."
        )
    for what, name, there in (
        ("queue", wanted.queue, neighbours.queues),
        ("function", wanted.function, neighbours.functions),
    ):
        if name and name not in (known := there(account) | set(store.names(account, what))):
            raise RequestRefusedError(
                f"There is no {what} {name!r} in account {account}; "
                f"there are: {', '.join(sorted(known)) or 'none'}."
            )
    after = _number(request, "after", int(request.headers.get("last-event-id") or 0))
    last = _number(request, "last", -1)
    if last >= 0:
        after = max(after, ACCOUNTS.of(account).ledger.last - last)
    if EVENT_STREAM in request.headers.get("accept", ""):
        return Answer(_followed(store, account, after, wanted), EVENT_STREAM)
    pages = store.pages(
        account,
        wanted,
        after=after,
        limit=_number(request, "limit", -1),
        with_forgotten=request.query.get("forgotten", "") == "1",
    )
    return Answer(_as_list(pages))


def file(_: Request) -> Answer:
    """`GET ledger/file`: the ledger of all accounts as one SQLite file."""
    folder = tempfile.TemporaryDirectory()
    copy = Path(folder.name) / "ledger.sqlite"
    _store().copy_to(copy)

    def chunks() -> Iterator[bytes]:
        with folder, copy.open("rb") as opened:
            while chunk := opened.read(CHUNK):
                yield chunk

    return Answer(chunks(), SQLITE)


def switch(request: Request) -> dict[str, bool]:
    """`POST ledger {"recording": false}`: write down nothing until it is true again; of all accounts.

    What happens meanwhile is in no history: it is there to measure what the ledger costs.
    """
    recording = document_of(request).get("recording")
    if not isinstance(recording, bool):
        raise RequestRefusedError(f'"recording" must be true or false; it is {recording!r}.')
    if recording:
        RECORDER.resume()
    else:
        RECORDER.pause()
    return {"recording": RECORDER.store is not None}


def _store() -> LedgerStore:
    if RECORDER.store is None:
        raise RequestRefusedError(
            "This emulator keeps no ledger: it was started without, or told to pause.", 404
        )
    return RECORDER.store


def _account(request: Request) -> str:
    account = account_of(request)
    if account == ALL_ACCOUNTS:
        raise RequestRefusedError("Each account has a ledger of its own: say which account.")
    return account


def _number(request: Request, name: str, default: int) -> int:
    text = request.query.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise RequestRefusedError(f'"{name}" must be a whole number from 0 on; it is {text!r}.')
    return int(text)


def _as_list(pages: Iterable[list[Any]]) -> Iterator[bytes]:
    """A JSON list, page by page: all of a large ledger is never in memory at once."""
    between = "["
    for page in pages:
        yield (between + ",\n".join(json.dumps(event.as_json()) for event in page)).encode()
        between = ",\n"
    yield (("[" if between == "[" else "") + "]\n").encode()


def _followed(store: LedgerStore, account: str, after: int, wanted: Wanted) -> Iterator[bytes]:
    yield b": the ledger\n\n"
    while RECORDER.store is store:
        found = ACCOUNTS.of(account).ledger.last
        for page in store.pages(account, wanted, after=after):
            for event in page:
                yield f"id: {event.seq}\ndata: {json.dumps(event.as_json())}\n\n".encode()
                found = max(found, event.seq)
        after = found
        if not ACCOUNTS.of(account).ledger.wait_for_more(after, lambda: False, BEAT_SECONDS):
            yield b": nothing new\n\n"
