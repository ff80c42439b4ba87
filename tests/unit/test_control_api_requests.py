"""The control API's routes take a plain request and return a plain answer."""

from __future__ import annotations

import json

import pytest

from harness_emulator.api import clock_routes, faults_routes
from harness_emulator.api.control import answer, no_such_route
from harness_emulator.api.requests import Answer, Request, RequestRefusedError, account_of, document_of

ACCOUNT = "777000777001"


class FakeNeighbours:
    def queues(self, _: str) -> set[str]:
        return {"orders"}

    def functions(self, _: str) -> set[str]:
        return {"worker"}

    def is_running(self, _: str) -> bool:
        return False


def document(found: Answer) -> dict[str, object]:
    assert isinstance(found.body, bytes)
    decoded: dict[str, object] = json.loads(found.body)
    return decoded


def test_a_document_becomes_json() -> None:
    found = answer(clock_routes.look, Request("GET", "/_harness/clock", {"account": ACCOUNT}))
    assert (found.status, found.content_type) == (200, "application/json")
    assert document(found)["account"] == ACCOUNT


def test_an_answer_is_passed_on() -> None:
    made = Answer(b"", "text/plain", 202)
    assert answer(lambda _: made, Request("GET", "/")) is made


def test_a_refusal_is_an_answer() -> None:
    found = answer(no_such_route, Request("GET", "/_harness/nothing"))
    assert found.status == 404
    assert document(found) == {"message": "There is no GET /_harness/nothing."}


def test_web_pages_are_refused() -> None:
    found = answer(clock_routes.look, Request("GET", "/_harness/clock", headers={"origin": "http://a.test"}))
    assert found.status == 403


def test_a_fault_is_for_a_queue_that_exists() -> None:
    request = Request(
        "POST",
        "/_harness/faults",
        body=json.dumps({"account": ACCOUNT, "kind": "duplicate", "queue": "nowhere"}),
    )
    with pytest.raises(RequestRefusedError, match="nowhere"):
        faults_routes.add(request, FakeNeighbours())


def test_the_body_names_the_account_before_the_query() -> None:
    request = Request("POST", "/", {"account": "111111111111"}, body=f'{{"account": "{ACCOUNT}"}}')
    assert account_of(request, document_of(request)) == ACCOUNT


@pytest.mark.parametrize("body", ["[", "[]"])
def test_the_body_is_an_object(body: str) -> None:
    with pytest.raises(RequestRefusedError):
        document_of(Request("POST", "/", body=body))
