"""What goes wrong when a rule says so, kind by kind; after each, `settle` returns when nothing moves."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config

from harness.model.errors import HarnessError
from tests.support.mapped import Mapped
from tests.support.timed import Timed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Emulator

pytestmark = [pytest.mark.only_on("embedded", "container"), pytest.mark.needs("faults", "virtual_clock")]

HIDDEN = 60
"""The input queue's visibility timeout."""
TELLS_TWICE = """
runs = 0

def on(event):
    global runs
    runs += 1
    bodies = [record["body"] for record in event["Records"]]
    if "quiet" in bodies:
        return
    if "batch" in bodies:
        entries = [{"Id": str(n), "MessageBody": f"{'xy'[not n]}-{n}"} for n in range(3)]
        answer = sqs.send_message_batch(QueueUrl=os.environ["GATE"], Entries=entries)
        return tell({"failed": answer["Failed"]})
    count = event["Records"][0]["attributes"]["ApproximateReceiveCount"]
    tell({"run": runs, "bodies": bodies, "count": count})
    tell({"run": runs, "end": bodies})
"""


class Scene:
    """A mapped function, time that stands, and rules."""

    def __init__(self, mapped: Mapped, timed: Timed) -> None:
        self.mapped = mapped
        self.timed = timed
        self.fault = timed.fault
        self.began: float = timed.control.call("GET", "clock")["now"]

    def happens(self, *bodies: str) -> list[Any]:
        """Send, settle, and take what the function has told since."""
        if bodies:
            self.mapped.send(*bodies)
        self.timed.settle()
        visible, _ = self.mapped.counts(self.mapped.output)
        return self.mapped.told(visible)

    def later(self, seconds: float) -> list[Any]:
        """The same after some time."""
        self.timed.advance(seconds)
        return self.happens()

    def left(self) -> tuple[int, int]:
        """Visible messages of the input queue, and those in flight."""
        return self.mapped.counts(self.mapped.input)


@pytest.fixture(scope="module")
def mapped(emulator: Emulator) -> Iterator[Mapped]:
    made = Mapped(
        emulator.client,
        TELLS_TWICE,
        input_attributes={"VisibilityTimeout": str(HIDDEN)},
        mapping={"BatchSize": 10},
    )
    yield made
    made.close()


@pytest.fixture
def scene(emulator: Emulator, mapped: Mapped) -> Iterator[Scene]:
    timed = Timed(emulator.url, mapped.account)
    timed.settle()
    timed.control.call("POST", "reset")
    timed.freeze()
    yield Scene(mapped, timed)
    timed.control.call("DELETE", "faults")
    timed.control.call("POST", "clock", {"action": "resume"})


def bodies(told: list[Any]) -> list[Any]:
    """What the runs got, without what they told at their ends."""
    return [document["bodies"] for document in told if "bodies" in document]


def ends(told: list[Any]) -> list[Any]:
    return [document["end"] for document in told if "end" in document]


# What breaks an invocation.


@pytest.mark.parametrize(
    ("when", "begun", "ended"), [("before", 0, 0), ("during", 1, 0), ("after", 1, 1)], ids=str
)
def test_a_crash(scene: Scene, when: str, begun: int, ended: int) -> None:
    scene.fault("crash", function="mapped", when=when)
    told = scene.happens("a")
    assert (len(bodies(told)), len(ends(told))) == (begun, ended)
    assert scene.left() == (0, 1)
    assert scene.later(HIDDEN - 1) == []
    [again, end] = scene.later(1)
    assert (again["bodies"], again["count"], again["run"]) == (["a"], "2", 1)  # a new process
    assert end["end"] == ["a"]
    assert (scene.left(), scene.timed.fired()) == ((0, 0), [1])


def test_a_crash_during_a_handler_that_calls_nobody_comes_at_its_end(scene: Scene) -> None:
    scene.fault("crash", body="quiet")
    assert scene.happens("quiet") == []
    assert scene.left() == (0, 1)
    assert scene.later(HIDDEN) == []
    assert scene.left() == (0, 0)


def test_a_client_is_told_of_a_crash_as_by_lambda(scene: Scene) -> None:
    scene.fault("crash", when="after", nth_invoke=2)
    invoke = scene.mapped.functions.invoke
    assert "FunctionError" not in invoke(FunctionName="mapped", Payload=b"{}")
    answer = invoke(FunctionName="mapped", Payload=b"{}")
    payload = json.load(answer["Payload"])
    assert answer["FunctionError"] == "Unhandled"
    assert payload["errorType"] == "Runtime.ExitError"
    assert payload["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")


def test_a_timeout_that_nobody_waits_for(scene: Scene) -> None:
    scene.fault("time_out")
    assert scene.happens("a") == []
    assert scene.left() == (0, 1)
    assert scene.timed.control.call("GET", "clock")["now"] == scene.began
    assert bodies(scene.later(HIDDEN)) == [["a"]]
    scene.fault("time_out")
    answer = scene.mapped.functions.invoke(FunctionName="mapped", LogType="Tail", Payload=b"{}")
    assert json.load(answer["Payload"])["errorMessage"].endswith("Task timed out after 30.00 seconds")
    log = base64.b64decode(answer["LogResult"]).decode()
    assert "Duration: 30000.00 ms" in log
    assert "Status: timeout" in log


def test_a_handler_that_raises_keeps_its_process(scene: Scene) -> None:
    [first, _] = scene.happens("before")
    scene.fault("raise", error="OutOfCoffee", queue="in", function="mapped", body="bad", nth_delivery=1)
    assert bodies(scene.happens("good")) == [["good"]]
    assert scene.happens("bad") == []
    [again, _] = scene.later(HIDDEN)
    assert (again["bodies"], again["run"]) == (["bad"], first["run"] + 2)
    scene.fault("raise", error="OutOfCoffee")
    answer = scene.mapped.functions.invoke(FunctionName="mapped", Payload=b"{}")
    assert (answer["FunctionError"], json.load(answer["Payload"])["errorType"]) == (
        "Unhandled",
        "OutOfCoffee",
    )


def test_a_throttled_mapping_asks_again_with_the_same_receive(scene: Scene) -> None:
    scene.fault("throttle", nth_invoke=1)
    scene.fault("throttle", nth_invoke=2)
    assert scene.happens("a") == []
    assert scene.left() == (0, 1)
    assert scene.later(0.1) == []
    [told, _] = scene.later(0.2)
    assert (told["bodies"], told["count"]) == (["a"], "1")


def test_a_function_that_is_always_throttled_gives_its_messages_back(scene: Scene) -> None:
    scene.fault("throttle", always=True)
    assert scene.happens("a") == []
    assert scene.later(HIDDEN) == []
    scene.timed.control.call("DELETE", "faults")
    [told, _] = scene.later(HIDDEN)
    assert int(told["count"]) > 1


def test_a_client_is_throttled_too(scene: Scene) -> None:
    scene.fault("throttle", function="mapped")
    once = Config(retries={"total_max_attempts": 1})
    client = scene.mapped.client("lambda", scene.mapped.account, config=once)
    with pytest.raises(client.exceptions.TooManyRequestsException, match="Rate Exceeded"):
        client.invoke(FunctionName="mapped", Payload=b"{}")


def test_latency_is_of_the_accounts_time(scene: Scene) -> None:
    scene.fault("latency", seconds=20, function="mapped")
    assert scene.happens("a") == []
    assert bodies(scene.happens("b")) == [["b"]]
    assert scene.later(19.9) == []
    [told, _] = scene.later(0.1)
    assert (told["bodies"], told["count"]) == (["a"], "1")
    assert scene.left() == (0, 0)


def test_what_waits_is_gone_after_a_reset(scene: Scene) -> None:
    scene.fault("latency", seconds=1e6)
    assert scene.happens("a") == []
    assert scene.timed.control.call("POST", "reset")["mappings_still_busy"] == 0
    assert scene.timed.fired() == []
    assert scene.later(HIDDEN) == []


@pytest.mark.needs("ledger")
def test_each_strike_is_an_event(scene: Scene) -> None:
    scene.fault("crash", when="after", nth_invoke=1)
    scene.fault("lose_delete", body="unlucky")
    [crashed] = scene.mapped.send("unlucky")
    scene.timed.settle()
    [lucky] = scene.mapped.send("lucky")
    scene.timed.advance(HIDDEN)

    def told(message: str) -> list[tuple[str, str]]:
        events = scene.timed.control.call("GET", "ledger", message=message)
        return [(e["rule"], e["fault"]) for e in events if e["kind"] == "fault_injected"]

    assert told(crashed) == [("fault-1", "crash after the handler"), ("fault-2", "the delete is lost")]
    assert told(lucky) == []


# What breaks the way of a message.


def test_a_lost_delete_brings_the_message_again(scene: Scene) -> None:
    scene.fault("lose_delete", body="unlucky", function="mapped")
    assert [sorted(batch) for batch in bodies(scene.happens("unlucky", "lucky"))] == [["lucky", "unlucky"]]
    assert scene.left() == (0, 1)
    [again, _] = scene.later(HIDDEN)
    assert (again["bodies"], again["count"]) == (["unlucky"], "2")
    assert scene.left() == (0, 0)


def test_a_delayed_delete_waits_for_time(scene: Scene) -> None:
    scene.fault("delay_delete", seconds=30)
    assert bodies(scene.happens("a")) == [["a"]]
    assert scene.left() == (0, 1)
    assert scene.later(29) == []
    assert scene.left() == (0, 1)
    assert scene.later(1) == []
    assert scene.left() == (0, 0)
    scene.fault("delay_delete", seconds=HIDDEN + 1)
    scene.happens("b")
    [again, _] = scene.later(HIDDEN)
    assert (again["bodies"], again["count"]) == (["b"], "2")


def test_a_duplicate_is_delivered_once_more(scene: Scene) -> None:
    scene.fault("duplicate", always=True)
    told = scene.happens("a")
    assert [(found["bodies"], found["count"]) for found in told if "bodies" in found] == [
        (["a"], "1"),
        (["a"], "2"),
    ]
    assert (scene.left(), scene.timed.fired()) == ((0, 0), [1])


def test_the_newest_come_first(scene: Scene) -> None:
    scene.fault("reorder", queue="in")
    assert bodies(scene.happens("1", "2", "3")) == [["3", "2", "1"]]
    assert bodies(scene.happens("1", "2", "3")) == [["1", "2", "3"]]


def test_a_short_receive_makes_small_batches(scene: Scene) -> None:
    scene.fault("short_receive", messages=2, queue="in")
    assert sorted(bodies(scene.happens("1", "2", "3", "4", "5")), key=len) == [["1", "2"], ["3", "4", "5"]]


def test_an_empty_receive_is_followed_by_another_after_a_second(scene: Scene) -> None:
    scene.fault("empty_receive", queue="in")
    assert scene.happens("a") == []
    assert scene.left() == (1, 0)
    assert scene.later(0.9) == []
    [told, _] = scene.later(0.1)
    assert (told["bodies"], told["count"]) == (["a"], "1")


def test_a_queue_that_never_gives_anything_makes_nothing_spin(scene: Scene) -> None:
    scene.fault("empty_receive", queue="in", always=True)
    assert scene.happens("a") == []
    assert scene.later(10) == []
    [fired] = scene.timed.fired()
    assert fired == 11


def test_a_clients_receive_is_struck_too(scene: Scene) -> None:
    sqs, queue = scene.mapped.sqs, scene.mapped.gate
    scene.fault("empty_receive", queue="gate")
    scene.fault("reorder", queue="gate", nth_receive=2)
    for body in "ab":
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)  # at once
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in received] == ["b", "a"]


# What breaks a handler's sends.


def test_a_handlers_send_fails_and_nobody_elses(scene: Scene) -> None:
    scene.fault("fail_send", queue="out", function="mapped", nth_send=2)
    scene.mapped.sqs.send_message(QueueUrl=scene.mapped.output, MessageBody='{"from": "the test"}')
    told = scene.happens("a")
    assert [found for found in told if "from" in found] == [{"from": "the test"}]
    assert (len(bodies(told)), len(ends(told))) == (1, 0)
    assert scene.left() == (0, 1)
    assert len(ends(scene.later(HIDDEN))) == 1


def test_some_entries_of_a_handlers_batch_fail(scene: Scene) -> None:
    scene.fault("fail_send", entries=1, body="x", code="ServiceUnavailable")
    [told] = scene.happens("batch")
    assert told["failed"] == [
        {
            "Id": "1",
            "SenderFault": False,
            "Code": "ServiceUnavailable",
            "Message": told["failed"][0]["Message"],
        }
    ]
    sent = scene.mapped.received(scene.mapped.gate, 2)
    assert sorted(sent) == ["x-2", "y-0"]


# Bad input.


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"kind": "explode"}, '"kind" must be one of crash, '),
        ({"kind": "crash", "queue": "nowhere"}, "no queue 'nowhere'; there are: gate, in, out"),
        ({"kind": "crash", "function": "nobody"}, "no function 'nobody'; there are: mapped"),
        ({"kind": "crash", "nth_invoke": 0}, '"nth_invoke" counts from 1; it is 0'),
        ({"kind": "crash", "nth_invoke": 1, "always": True}, '"always" does not go with it'),
        ({"kind": "delay_delete", "seconds": -1}, '"seconds" of "delay_delete" must be a number from 0 on'),
    ],
)
def test_a_rule_that_cannot_mean_anything_is_refused(
    scene: Scene, document: dict[str, Any], said: str
) -> None:
    with pytest.raises(HarnessError, match=said):
        scene.timed.control.call("POST", "faults", document)
    assert scene.timed.fired() == []


def test_rules_are_of_one_account(scene: Scene) -> None:
    rule = scene.fault("crash", nth_invoke=99)
    assert Timed(scene.timed.control.url, "111111111111").fired() == []
    [listed] = scene.timed.control.call("GET", "faults")
    assert listed == {
        "id": rule,
        "kind": "crash",
        "nth_invoke": 99,
        "when": "during",
        "always": False,
        "fired": 0,
    }
    with pytest.raises(HarnessError, match="There is no fault 'fault-77'"):
        scene.timed.control.call("DELETE", "faults", id="fault-77")
    with pytest.raises(HarnessError, match="say which account"):
        scene.timed.control.call("GET", "faults", account="all")
    assert scene.timed.control.call("DELETE", "faults", id=rule) == [listed]
