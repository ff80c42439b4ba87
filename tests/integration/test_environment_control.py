from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from harness.client.control import ControlApi
from harness.model.errors import HarnessError
from tests.support.mapped import MakeMapped, new_account

if TYPE_CHECKING:
    from tests.integration.conftest import Emulator

pytestmark = pytest.mark.only_on("embedded", "container")


LATE = """
def on(event):
    tell("started")
    wait_for_gate()
    tell("late")
"""


@pytest.fixture
def control(emulator: Emulator) -> ControlApi:
    return ControlApi(emulator.url, new_account())


def refused(url: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, Any]]:
    """Status and body of a request that is refused; header names with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, method=method, headers=named)  # noqa: S310 - loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with pytest.raises(urllib.error.HTTPError) as caught:
        opener.open(request)
    with caught.value as answer:
        return answer.code, json.loads(answer.read())


@pytest.mark.only_on("embedded")
def test_health_says_who_answers(emulator: Emulator, control: ControlApi) -> None:
    health = control.call("GET", "health")
    assert health["status"] == "running"
    assert health["localstack"] == "4.14.0"
    assert health["instance"] == emulator.environment.id
    assert health["pid"] == emulator.environment.pid != os.getpid()
    assert tuple(health["capabilities"]) == emulator.environment.capabilities


@pytest.mark.only_on("embedded")
def test_the_index_of_services_is_not_made_anew(emulator: Emulator) -> None:
    emulator.client("sqs", new_account()).list_queues()
    files = emulator.workspace.state / "emulator" / "filesystem"
    assert list(files.glob("usr/lib/localstack/service-catalog-*.dill"))
    assert list(files.glob("var/lib/localstack/cache/service-catalog-*.dill")) == []


def test_reset_empties_one_accounts_queues(emulator: Emulator) -> None:
    mine, other = new_account(), new_account()
    for account in (mine, other):
        sqs = emulator.client("sqs", account)
        fifo = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        plain = sqs.create_queue(QueueName="plain")["QueueUrl"]
        ordered = sqs.create_queue(QueueName="ordered.fifo", Attributes=fifo)["QueueUrl"]
        for body in ("in flight", "visible"):
            sqs.send_message(QueueUrl=plain, MessageBody=body)
        sqs.send_message(QueueUrl=plain, MessageBody="delayed", DelaySeconds=900)
        sqs.send_message(QueueUrl=ordered, MessageBody="same", MessageGroupId="g")
        assert len(sqs.receive_message(QueueUrl=plain)["Messages"]) == 1
        assert len(sqs.receive_message(QueueUrl=ordered)["Messages"]) == 1

    assert ControlApi(emulator.url, mine).call("POST", "reset")["queues"] == 2

    names = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]
    found = {}
    for account in (mine, other):
        sqs = emulator.client("sqs", account)
        url = sqs.get_queue_url(QueueName="plain")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        found[account] = [int(attributes[name]) for name in names]
    assert found == {mine: [0, 0, 0], other: [1, 1, 1]}
    # Neither the group that was in flight nor its deduplication id is remembered.
    sqs = emulator.client("sqs", mine)
    ordered = sqs.get_queue_url(QueueName="ordered.fifo")["QueueUrl"]
    sqs.send_message(QueueUrl=ordered, MessageBody="same", MessageGroupId="g")
    assert len(sqs.receive_message(QueueUrl=ordered)["Messages"]) == 1


def test_reset_waits_for_what_is_in_flight(emulator: Emulator, make_mapped: MakeMapped) -> None:
    mapped = make_mapped(LATE)
    mapped.send("x")
    mapped.told(1)
    with ThreadPoolExecutor() as pool:
        reset = pool.submit(ControlApi(emulator.url, mapped.account).call, "POST", "reset")
        # The reset empties this queue too, at once; so the gate is opened until the handler has gone through.
        while not reset.done():
            mapped.open_gate(1)
    assert reset.result()["mappings_still_busy"] == 0
    assert mapped.counts(mapped.output) == (0, 0)


def test_environments_are_listed_by_account(
    emulator: Emulator, make_mapped: MakeMapped, control: ControlApi
) -> None:
    mapped = make_mapped()
    mapped.send("x")
    mapped.told(1)
    listed = ControlApi(emulator.url, mapped.account).call("GET", "environments")
    assert {entry["function"] for entry in listed} == {"mapped"}
    assert {entry["account"] for entry in listed} == {mapped.account}
    assert all(isinstance(entry["pid"], int) for entry in listed)
    assert control.call("GET", "environments") == []
    everyone = ControlApi(emulator.url, "all").call("GET", "environments")
    assert {entry["id"] for entry in listed} <= {entry["id"] for entry in everyone}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, '"function" must be'),
        ({"function": "f", "port": "x"}, '"port" must be'),
        ({"function": "f", "port": 70000}, '"port" must be'),
        ({"function": "f", "wait": "yes"}, '"wait" must be'),
        ({"function": "f", "source_root": 1}, '"source_root" must be'),
        ({"function": "nowhere"}, "nowhere"),
    ],
)
def test_wrong_input_is_refused_with_a_reason(
    control: ControlApi, body: dict[str, Any], message: str
) -> None:
    with pytest.raises(HarnessError, match=message):
        control.call("POST", "debug", body)


def test_a_wrong_account_and_an_unknown_route_are_refused(emulator: Emulator) -> None:
    assert refused(f"{emulator.url}/_harness/reset?account=me", "POST")[0] == 400
    status, body = refused(f"{emulator.url}/_harness/nothing")
    assert (status, body) == (404, {"message": "There is no GET /_harness/nothing."})
    assert refused(f"{emulator.url}/_harness/reset")[0] == 404


def test_web_pages_are_refused(emulator: Emulator) -> None:
    health = f"{emulator.url}/_harness/health"
    queue = f"{emulator.url}/000000000000/any?Action=PurgeQueue"
    assert refused(health, Origin="https://attacker.example", Host="127.0.0.1")[0] == 403
    # LocalStack trusts its own web application, and pages from its own port.
    assert refused(queue, Origin="https://app.localstack.cloud")[0] == 403
    own = emulator.url.replace("127.0.0.1", "localhost")
    assert refused(health, Origin=own)[0] == 403
    assert refused(queue, Sec_Fetch_Site="cross-site")[0] == 403
    assert refused(queue, Host="attacker.example")[0] == 403
