"""Each kind of event, as it comes about; and what the ledger is asked wrongly."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from harness.client.control import ControlApi
from harness.model.errors import HarnessError
from harness.model.events import KINDS
from harness.model.ledger_file import KeptLedger, Wanted
from tests.support.mapped import Mapped
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.conftest import Emulator

pytestmark = pytest.mark.needs("ledger", "virtual_clock", "settle")

HIDDEN = 60
"""The input queue's visibility timeout."""
MISBEHAVES = """
import time
seen = set()

def on(event):
    for record in event["Records"]:
        new = record["messageId"] not in seen
        seen.add(record["messageId"])
        if record["body"] == "bad" and new:
            raise ValueError("no good")
        if record["body"] == "slow" and new:
            time.sleep(60)
    return {"batchItemFailures": [
        {"itemIdentifier": record["messageId"]} for record in event["Records"] if record["body"] == "failed"
    ]}
"""
ATTEMPT = ("received", "batch_formed", "invoke_started")


class Scene:
    """A mapped function, and the control API of its account, whose time stands."""

    def __init__(self, mapped: Mapped, url: str) -> None:
        self.mapped = mapped
        self.sqs = mapped.sqs
        self.control = ControlApi(url, mapped.account)
        self.begin()

    def begin(self) -> None:
        self.settle()
        self.control.call("POST", "reset")
        self.control.call("POST", "clock", {"action": "freeze"})

    def events(self, *, message: str = "", queue: str = "", kind: str = "") -> list[dict[str, Any]]:
        wanted = {"message": message, "queue": queue, "kind": kind}
        return list(self.control.call("GET", "ledger", None, timeout=30, **wanted))

    def kinds(self, message: str) -> tuple[str, ...]:
        return tuple(event["kind"] for event in self.events(message=message))

    def settle(self) -> None:
        assert self.control.call("POST", "settle", {"timeout": 20})["settled"]

    def advance(self, seconds: float) -> None:
        self.control.call("POST", "clock", {"action": "advance", "seconds": seconds})

    def sent(self, body: str, url: str = "", **more: Any) -> str:
        return str(
            self.sqs.send_message(QueueUrl=url or self.mapped.input, MessageBody=body, **more)["MessageId"]
        )

    def received(self, url: str) -> str:
        """A receipt handle."""
        return str(self.sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"])


@pytest.fixture(scope="module")
def made(emulator: Emulator) -> Iterator[Scene]:
    """One function for all tests; its first environment started when it was made."""
    mapped = Mapped(
        emulator.client,
        MISBEHAVES,
        input_attributes={"VisibilityTimeout": str(HIDDEN)},
        mapping={"FunctionResponseTypes": ["ReportBatchItemFailures"]},
        timeout=5,  # a busy machine holds an invocation for a second, too
    )
    scene = Scene(mapped, emulator.url)
    yield scene
    mapped.close()


@pytest.fixture
def scene(made: Scene) -> Scene:
    """As new."""
    made.begin()
    return made


def test_a_message_that_is_handled(scene: Scene) -> None:
    message = scene.sent("good")
    scene.settle()
    assert scene.kinds(message) == ("sent", *ATTEMPT, "invoke_succeeded", "deleted")
    sent, received, batch, started, ended, deleted = scene.events(message=message)
    assert sent["body"] == "good"
    assert (received["function"], received["receive_count"]) == ("mapped", 1)
    assert received["visible_at"] == received["at"] + HIDDEN
    assert (batch["queue"], batch["message_ids"]) == ("in", [message])
    assert {event["batch_id"] for event in (batch, started, ended, deleted)} == {batch["batch_id"]}
    assert started["request_id"] == ended["request_id"]
    assert started["environment_id"] == ended["environment_id"]
    assert f"START RequestId: {ended['request_id']}" in ended["log"]
    assert ended["duration_ms"] > 0
    assert (deleted["function"], deleted["queue"]) == ("mapped", "in")


def test_a_message_that_fails_once(scene: Scene) -> None:
    message = scene.sent("bad")
    scene.settle()
    assert scene.kinds(message) == ("sent", *ATTEMPT, "invoke_failed")
    scene.advance(HIDDEN)
    again = (*ATTEMPT, "invoke_succeeded", "deleted")
    assert scene.kinds(message) == ("sent", *ATTEMPT, "invoke_failed", "visible", *again)
    (failed,) = scene.events(message=message, kind="invoke_failed")
    assert failed["error"] == "ValueError: no good"
    assert "Traceback" in failed["log"]
    events = scene.events(message=message)
    assert events[5]["at"] - events[0]["at"] == HIDDEN
    assert events[5]["wall"] - events[0]["wall"] < HIDDEN


def test_a_message_whose_handler_times_out(scene: Scene) -> None:
    message = scene.sent("slow")
    scene.settle()
    assert scene.kinds(message) == ("sent", *ATTEMPT, "invoke_timed_out")
    assert scene.events(message=message)[-1]["error"].endswith("Task timed out after 5.00 seconds")


def test_a_message_that_is_named_as_failed(scene: Scene) -> None:
    failed, good = scene.mapped.send("failed", "good")
    scene.settle()
    assert scene.kinds(failed) == ("sent", *ATTEMPT, "invoke_succeeded", "partial_failure")
    assert scene.kinds(good) == ("sent", *ATTEMPT, "invoke_succeeded", "deleted")
    (batch,) = scene.events(kind="batch_formed")
    assert batch["message_ids"] == [failed, good]


def test_a_function_without_concurrency(scene: Scene) -> None:
    functions = scene.mapped.functions
    functions.put_function_concurrency(FunctionName="mapped", ReservedConcurrentExecutions=0)
    try:
        message = scene.sent("good")
        scene.settle()
        assert scene.kinds(message) == ("sent", "received", "batch_formed", "throttled")
        with pytest.raises(functions.exceptions.TooManyRequestsException):
            functions.invoke(FunctionName="mapped")
    finally:
        functions.delete_function_concurrency(FunctionName="mapped")
    of_batch, *of_client = scene.events(kind="throttled")  # boto3 tries again
    assert of_batch["batch_id"]
    assert of_client
    assert not any("batch_id" in event for event in of_client)
    assert {event["error"] for event in (of_batch, *of_client)} == {"Rate Exceeded."}
    scene.advance(1)
    assert scene.kinds(message)[-2:] == ("invoke_succeeded", "deleted")


def test_a_delayed_message_and_one_that_a_client_works_on(scene: Scene) -> None:
    output = scene.mapped.output
    delayed = scene.sent("later", output, DelaySeconds=5)
    assert scene.events(message=delayed)[0]["visible_at"] == scene.events(message=delayed)[0]["at"] + 5
    scene.advance(5)
    handle = scene.received(output)
    for seconds in (20, 0):
        scene.sqs.change_message_visibility(QueueUrl=output, ReceiptHandle=handle, VisibilityTimeout=seconds)
    scene.sqs.delete_message(QueueUrl=output, ReceiptHandle=scene.received(output))
    scene.sqs.delete_message(QueueUrl=output, ReceiptHandle=handle)  # long gone: nothing happens
    events = scene.events(message=delayed)
    assert [event["kind"] for event in events] == [
        *("sent", "visible", "received", "visibility_changed", "visibility_changed", "received", "deleted"),
    ]
    assert events[1]["error"] == "its delay has ended"
    assert [event["visible_at"] - event["at"] for event in events[2:5]] == [30, 20, 0]
    assert all("function" not in event for event in events)


def test_messages_that_end_without_being_handled(scene: Scene) -> None:
    output = scene.mapped.output
    purged = scene.sent("purged", output)
    scene.sqs.purge_queue(QueueUrl=output)
    assert scene.kinds(purged) == ("sent", "purged")
    url = scene.mapped.queue("short-lived", {"MessageRetentionPeriod": "60"})
    expired = scene.sent("expired", url)
    scene.advance(60)
    assert scene.kinds(expired) == ("sent", "expired")
    deleted = scene.sent("deleted", url)
    scene.sqs.delete_queue(QueueUrl=url)
    assert (
        scene.events(message=deleted)[-1] | {"kind": "purged", "error": "the queue was deleted"}
        == (scene.events(message=deleted)[-1])
    )


def test_a_message_that_is_moved_there_and_back(scene: Scene) -> None:
    dead = scene.mapped.queue("dead")
    policy = json.dumps({"deadLetterTargetArn": scene.mapped.arn(dead), "maxReceiveCount": 1})
    source = scene.mapped.queue("source", {"RedrivePolicy": policy, "VisibilityTimeout": "1"})
    message = scene.sent("poison", source)
    scene.received(source)
    scene.advance(1)
    assert "Messages" not in scene.sqs.receive_message(QueueUrl=source)
    scene.sqs.start_message_move_task(SourceArn=scene.mapped.arn(dead))
    events = scene.events(message=message)
    assert [event["kind"] for event in events] == ["sent", "received", "visible", "moved_to_dlq", "moved"]
    assert [(event["queue"], event["to"]) for event in events[3:]] == [("source", "dead"), ("dead", "source")]


def test_a_repeated_message(scene: Scene) -> None:
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = scene.mapped.queue("once.fifo", attributes)
    first = scene.sent("once", url, MessageGroupId="g")
    assert scene.sent("once", url, MessageGroupId="g") == first
    sent, repeated = scene.events(message=first)
    assert (sent["kind"], sent["group"], repeated["kind"]) == ("sent", "g", "deduplicated")
    assert sent["deduplication_id"] == repeated["deduplication_id"]


def test_a_message_that_passes_no_filter_and_the_life_of_an_environment(emulator: Emulator) -> None:
    pattern = json.dumps({"body": {"wanted": [True]}})
    mapped = Mapped(emulator.client, mapping={"FilterCriteria": {"Filters": [{"Pattern": pattern}]}})
    control = ControlApi(emulator.url, mapped.account)
    try:
        (message,) = mapped.send('{"wanted": false}')
        assert control.call("POST", "settle")["settled"]
    finally:
        mapped.close()
    events = control.call("GET", "ledger", None, message=message)
    assert [event["kind"] for event in events] == ["sent", "received", "filtered"]
    assert events[-1]["function"] == "mapped"

    def life() -> list[str]:
        kinds = [event["kind"] for event in control.call("GET", "ledger", None, function="mapped")]
        return [kind for kind in kinds if kind.startswith(("environment", "invoke"))]

    assert eventually(lambda: life()[-1] == "environment_stopped")
    assert life() == ["environment_started", "invoke_started", "invoke_succeeded", "environment_stopped"]


def test_it_is_forgotten_by_a_reset_and_its_numbers_go_on(scene: Scene) -> None:
    scene.sent("good")
    scene.settle()
    last = scene.events()[-1]["seq"]
    scene.begin()
    assert scene.events() == []
    scene.sent("good")
    assert scene.events()[0]["seq"] == last + 1
    scene.settle()
    kept = scene.control.call("GET", "ledger", None, forgotten="1", last="20")
    assert kept[0]["seq"] <= last
    assert len(kept) == 20


def test_all_of_it_can_be_carried_away_as_a_file(scene: Scene, tmp_path: Path) -> None:
    message = scene.sent("good")
    scene.settle()
    scene.control.download("ledger/file", tmp_path / "ledger.sqlite")
    kept = KeptLedger(tmp_path / "ledger.sqlite")
    found = kept.events(scene.mapped.account, Wanted(message=message))
    assert [event.as_json() for event in found] == scene.events(message=message)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"kind": "sennt"}, f"There is no kind 'sennt' of events; there are: {', '.join(KINDS)}."),
        ({"queue": "inn"}, r"There is no queue 'inn' in account .*; there are: .*in.*out"),
        ({"function": "maped"}, r"There is no function 'maped' in account .*; there are: mapped\."),
        ({"after": "-1"}, "\"after\" must be a whole number from 0 on; it is '-1'."),
        ({"limit": "all"}, '"limit" must be a whole number from 0 on'),
        ({"since": "1"}, "The ledger cannot be asked by since; by: account, after,"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(scene: Scene, query: dict[str, str], said: str) -> None:
    with pytest.raises(HarnessError, match=said):
        scene.control.call("GET", "ledger", None, timeout=30, **query)


def test_all_accounts_together_have_no_ledger(scene: Scene) -> None:
    with pytest.raises(HarnessError, match="Each account has a ledger of its own"):
        ControlApi(scene.control.url, "all").call("GET", "ledger")


def test_who_follows_goes_on_after_the_last_event_it_had(scene: Scene) -> None:
    scene.sent("one", scene.mapped.output)
    scene.sent("two", scene.mapped.output)
    first, second = scene.events()
    request = urllib.request.Request(  # noqa: S310 - the emulator's
        f"{scene.control.url}/_harness/ledger?account={scene.mapped.account}",
        headers={"Accept": "text/event-stream", "Last-Event-ID": str(first["seq"])},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        lines = [answer.readline().decode().rstrip("\n") for _ in range(4)]
        scene.sent("three", scene.mapped.output)
        lines += [answer.readline().decode().rstrip("\n") for _ in range(3)]
    assert lines[:3] == [": the ledger", "", f"id: {second['seq']}"]
    assert json.loads(lines[3].removeprefix("data: ")) == second
    assert json.loads(lines[6].removeprefix("data: "))["body"] == "three"
