"""A day with the command line: one stack that is up, and the commands on it, in the order of a day."""

from __future__ import annotations

import json
import signal
import socket
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from harness.client.control import ControlApi
from tests.support.command_line import Project, interrupt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Emulator

pytestmark = pytest.mark.only_on("embedded", "container", "endpoint")

INPUT, OUTPUT = "calculatrice-input-queue", "calculatrice-output-queue"


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, emulator: Emulator, pytestconfig: pytest.Config
) -> Iterator[Project]:
    """A copy of the project whose stack is up, on the run's target."""
    target, endpoint = emulator.environment.target, {}
    if target == "endpoint":
        if not hasattr(pytestconfig, "workerinput"):
            pytest.skip("its account is the one that this run's own stack lies in; run with `-n`")
        endpoint = {"HARNESS_ENDPOINT": emulator.url}
    copy = Project.copied_to(tmp_path_factory.mktemp("cli") / "project", HARNESS_TARGET=target, **endpoint)
    up = copy.harness("up")
    try:
        assert up.code == 0, up.err
        assert "up at http://" in up.out
        yield copy
    finally:
        copy.harness("down")
        assert copy.processes() == []


@pytest.fixture(autouse=True)
def emptied(project: Project) -> None:
    """No test finds what another left in the output queue."""
    project.harness("results", "--delete")


def add(a: int, b: int) -> str:
    return json.dumps({"operation": "add", "a": a, "b": b})


def counts(project: Project) -> dict[str, Any]:
    found = project.harness("status", "--json").json()["counts"]
    assert isinstance(found, dict)
    return found


def test_up_again_reuses_what_is_up(project: Project) -> None:
    before = project.harness("status", "--json").json()["environment"]
    again = project.harness("up", "--json").json()
    assert again["environment"] == before
    assert (again["started"], again["changed"]) == (False, False)
    assert {queue["name"] for queue in again["deployment"]["queues"]} == {INPUT, OUTPUT}


def test_up_deploys_what_changed_to_what_is_up(project: Project) -> None:
    source = project.root / "lambda_function.py"
    original = source.read_text()
    before = project.harness("status", "--json").json()["environment"]["id"]
    source.write_text(original.replace("a + b", "a + b + 1000"))
    try:
        changed = project.harness("up", "--json").json()
        assert (changed["changed"], changed["environment"]["id"]) == (True, before)
        (row,) = project.harness("send", add(1, 2), "--wait", "--json").json()["results"]
        assert row["result"] == 1003
    finally:
        source.write_text(original)
        assert project.harness("deploy").code == 0
    (row,) = project.harness("send", add(1, 2), "--wait", "--json").json()["results"]
    assert row["result"] == 3


@pytest.mark.only_on("embedded", "container")
def test_up_on_another_port_than_what_is_up_is_refused(project: Project) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        answer = project.harness("up", "--port", str(bound.getsockname()[1]), "--json")
    assert answer.code == 2
    assert "harness down" in answer.error()["hint"]


def test_status_shows_environment_queues_and_function(project: Project) -> None:
    shown = project.harness("status")
    assert shown.code == 0
    for part in ("http://", INPUT, OUTPUT, "calculatrice (python3.9, 30 s)"):
        assert part in shown.out
    document = project.harness("status", "--json").json()
    assert document["counts"][INPUT] == {"visible": 0, "in_flight": 0, "delayed": 0}
    assert "environment" not in document["deployment"]["functions"][0]


def test_a_file_of_operations_gives_one_row_for_each_in_order(project: Project) -> None:
    lines = (project.root / "examples" / "operations.jsonl").read_text().splitlines()
    document = project.harness("send", "--file", "examples/operations.jsonl", "--wait", "--json").json()
    assert [row["operation"] for row in document["results"]] == [json.loads(line) for line in lines]
    assert [row["body"]["messageId"] for row in document["results"]] == [
        row["message_id"] for row in document["results"]
    ]
    assert document["results"][0]["result"] == 8
    assert {row["error"]["kind"] for row in document["results"] if row["error"]} >= {"division_by_zero"}
    assert (document["missing"], document["others"]) == (0, 0)
    shown = project.harness("send", "--file", "examples/operations.jsonl", "--wait")
    assert shown.code == 0
    assert len([line for line in shown.out.splitlines() if line.strip()]) == len(lines) + 2
    assert "division_by_zero" in shown.out


def test_operations_from_standard_input(project: Project) -> None:
    answer = project.harness("send", "--file", "-", "--wait", "--json", stdin=f"{add(1, 2)}\n\n{add(3, 4)}\n")
    assert [row["result"] for row in answer.json()["results"]] == [3, 7]


def test_a_bad_line_is_named_and_nothing_is_sent(project: Project) -> None:
    bad = project.root / "bad.jsonl"
    bad.write_text(f"{add(1, 2)}\n{add(3, 4)}\nadd five and three\n")
    answer = project.harness("send", "--file", "bad.jsonl", "--wait", "--json")
    assert answer.code == 2
    assert "bad.jsonl, line 3: not JSON" in answer.error()["message"]
    plain = project.harness("send", "--file", "bad.jsonl", "--wait")
    assert (plain.code, plain.out) == (2, "")
    assert "line 3" in plain.err
    assert sum(sum(queue.values()) for queue in counts(project).values()) == 0


def test_other_messages_are_left_for_others(project: Project) -> None:
    other = project.harness("send", "for another", "--queue", OUTPUT, "--json").json()["messages"][0]
    document = project.harness("send", add(1, 2), "--wait", "--json").json()
    assert ([row["result"] for row in document["results"]], document["missing"]) == ([3], 0)
    (left,) = project.harness("results", "--json").json()["messages"]
    assert (left["message_id"], left["body"]) == (other["message_id"], "for another")


def test_a_result_that_does_not_come_is_shown_and_is_exit_code_1(project: Project) -> None:
    answer = project.harness(
        "send",
        "nobody answers",
        "--queue",
        OUTPUT,
        "--wait",
        "--timeout",
        "0",
        "--json",
        "--output-queue",
        INPUT,
    )
    document = answer.json()
    assert (answer.code, document["missing"]) == (1, 1)
    assert document["error"]["type"] == "WaitTimeoutError"
    plain = project.harness(
        "send", "nobody answers", "--queue", OUTPUT, "--wait", "--timeout", "0", "--output-queue", INPUT
    )
    assert plain.code == 1
    assert "no result" in plain.out
    assert "1 of 1 results did not come in 0 s" in plain.err


def test_a_queue_that_does_not_exist_is_said_with_those_that_do(project: Project) -> None:
    for arguments in (("send", "x", "--queue", "nope"), ("results", "--queue", "nope")):
        answer = project.harness(*arguments, "--json")
        assert answer.code == 1
        assert "no queue 'nope'" in answer.error()["message"]
        assert "InputQueue (calculatrice-input-queue)" in answer.error()["hint"]


@pytest.mark.only_on("embedded", "container")
def test_results_are_shown_and_stay_until_deleted(project: Project) -> None:
    sent = project.harness("send", add(20, 22), "--json").json()["messages"][0]["message_id"]
    following = project.start("results", "--follow", "--max", "1", "--json")
    followed = json.loads(following.communicate(timeout=120)[0])
    assert followed["messages"][0]["body"]["messageId"] == sent
    for _ in range(2):
        (seen,) = project.harness("results", "--json").json()["messages"]
        assert (seen["body"]["result"], seen["receive_count"]) == (42, 0)
    assert "42" in project.harness("results").out
    (taken,) = project.harness("results", "--delete", "--json").json()["messages"]
    assert taken["body"]["messageId"] == sent
    assert "holds no visible message" in project.harness("results").out


def test_logs_show_the_result_and_are_followed(project: Project) -> None:
    sent = project.harness("send", add(40, 2), "--wait", "--json").json()["results"][0]["message_id"]
    following = project.start("logs", "--follow", "--since", "10m", "--json")
    assert following.stdout is not None
    lines = iter(following.stdout.readline, "")
    assert next(line for line in lines if sent in line)
    ended = interrupt(following)
    assert (ended.code, ended.err) == (130, "")
    assert ended.out.rstrip().endswith('"exit_code": 130}')
    shown = project.harness("logs")
    assert shown.code == 0
    assert sent in shown.out
    assert project.harness("logs", "--function", "nope", "--json").code == 1


def test_results_are_followed_until_ctrl_c(project: Project) -> None:
    project.harness("send", add(1, 1), "--wait")
    following = project.start("results", "--follow", "--delete")
    project.harness("send", add(2, 2))
    assert following.stdout is not None
    assert '"result": 4' in following.stdout.readline()
    ended = interrupt(following)
    assert ended.code == 130
    assert "Traceback" not in ended.err


def test_synth_and_package_say_where_it_is(project: Project) -> None:
    made = project.harness("synth", "--json").json()
    assert made["stack"] == "tp_lambda"
    assert list(project.root.glob(".harness/**/cdk.tf.json"))
    (package,) = project.harness("package", "--json").json()["packages"]
    assert package["path"] == str(project.root / "lambda_deployment.zip")
    assert package["changed"] is False
    assert package["sha256"] in project.harness("package").out


@pytest.mark.only_on("embedded", "container")
def test_the_clock_is_stopped_moved_and_let_go(project: Project) -> None:
    stopped = project.harness("clock", "freeze", "--json").json()
    try:
        assert (stopped["frozen"], stopped["virtual"]) == (True, True)
        assert project.harness("clock", "now", "--json").json()["now"] == stopped["now"]
        assert project.harness("clock").out == f"{stopped['time']}, frozen\n"
        moved = project.harness("clock", "advance", "43200.5", "--json").json()
        assert moved["now"] == stopped["now"] + 43200.5
        assert project.harness("send", add(1, 2), "--json").code == 0
        settled = project.harness("settle", "--json").json()
        assert (settled["settled"], settled["moving"], settled["exit_code"]) == (True, [], 0)
        # All that is left is a result, which waits for the end of its retention.
        following = project.harness("clock", "next", "--json").json()
        assert following["fired"] is True
        assert following["now"] == pytest.approx(moved["now"] + 4 * 24 * 3600)
    finally:
        assert project.harness("clock", "resume", "--json").json()["frozen"] is False


@pytest.mark.only_on("embedded", "container")
def test_the_functions_that_the_setting_names_have_the_clocks_time(project: Project) -> None:
    up = project.harness("up", "--json", HARNESS_VIRTUAL_TIME="CalculatorLambda").json()
    control = ControlApi(up["environment"]["url"], up["deployment"]["account"])
    [arn] = control.call("GET", "virtual-time")["functions"]
    assert arn.endswith(":function:calculatrice")
    (row,) = project.harness("send", add(1, 2), "--wait", "--json").json()["results"]
    assert row["result"] == 3
    wrong = project.harness("up", "--json", HARNESS_VIRTUAL_TIME="Nobody")
    assert wrong.code == 2
    assert "virtual_time: The stack tp_lambda has no function 'Nobody'" in wrong.error()["message"]
    assert project.harness("up").code == 0
    assert control.call("GET", "virtual-time")["functions"] == []


@pytest.mark.only_on("embedded", "container")
def test_things_break_as_the_rules_say(project: Project) -> None:
    aims = ("--function", "CalculatorLambda", "--queue", "InputQueue", "--nth-delivery", "1")
    rule = project.harness("faults", "add", "duplicate", *aims, "--json").json()["fault"]
    try:
        assert (rule["function"], rule["queue"], rule["fired"]) == ("calculatrice", INPUT, 0)
        (row,) = project.harness("send", add(1, 2), "--wait", "--json").json()["results"]
        project.harness("settle")
        (again,) = project.harness("results", "--json").json()["messages"]
        assert again["body"]["messageId"] == row["message_id"]
        assert project.harness("faults").out.startswith(f"{rule['id']}: duplicate(function='calculatrice', ")
        unknown = project.harness("faults", "add", "crash", "--queue", "Nowhere", "--json")
        assert (unknown.code, "has no queue 'Nowhere'" in unknown.error()["message"]) == (1, True)
    finally:
        (gone,) = project.harness("faults", "clear", "--json").json()["removed"]
    assert gone == {**rule, "fired": 1}


@pytest.mark.only_on("embedded", "container")
def test_what_does_not_settle_makes_the_exit_code_1(project: Project) -> None:
    project.harness("debug", "--port", "0")  # an invocation waits for a debugger that does not come
    stands = project.harness("clock", "freeze", "--json").json()["now"]
    try:
        project.harness("send", add(1, 2))
        answer = project.harness("settle", "--timeout", "0.2", "--json")
        assert answer.code == 1
        assert answer.error()["type"] == "WaitTimeoutError"
        assert f"calculatrice handles 1 of {INPUT}" in answer.json()["moving"]
        told = project.harness("settle", "--timeout", "0")
        assert (told.code, told.out) == (1, "")
        assert "Not settled after 0 s" in told.err
        assert f"calculatrice handles 1 of {INPUT}" in told.err
        assert project.harness("clock", "--json").json()["now"] == stands
    finally:
        project.harness("debug", "--stop")
        project.harness("clock", "resume")
    assert project.harness("settle").out == "Settled.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["clock", "advance", "-5"], "A clock does not go back: harness clock advance -5."),
        (["clock", "advance", "nan"], "A clock does not go back"),
        (["clock", "advance", "soon"], "'soon' is no number of seconds"),
        (["clock", "advance"], "it needs a number of seconds"),
        (["clock", "freeze", "5"], "it takes no seconds"),
        (["clock", "rewind"], "There is: now, freeze, resume, advance, next"),
        (["settle", "--timeout", "-1"], "--timeout"),
    ],
)
def test_times_that_cannot_be_are_wrong_usage(project: Project, arguments: list[str], said: str) -> None:
    answer = project.harness(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


@pytest.mark.only_on("embedded", "container")
def test_debug_tells_how_to_attach_and_stops_again(project: Project) -> None:
    document = project.harness("debug", "--port", "0", "--no-wait", "--json").json()
    assert document["function"] == "calculatrice"
    assert document["port"] > 0
    shown = project.harness("debug", "--port", "0", "--no-wait")
    assert '"request": "attach"' in shown.out
    assert "PyCharm" in shown.out
    assert project.harness("debug", "--stop").code == 0


@pytest.mark.only_on("embedded")
def test_the_doctor_finds_nothing_missing(project: Project) -> None:
    answer = project.harness("doctor", "--json")
    checks = {check["name"]: check for check in answer.json()["checks"]}
    assert answer.code == 0
    assert checks["Terraform"]["state"] == "ok"
    assert checks["Environment"]["found"].startswith("up at http://127.0.0.1:")
    assert "Functions of python3.9" in checks
    assert "Terraform" in project.harness("doctor").out


def test_a_broken_handler_leaves_what_is_up_as_it_is(project: Project) -> None:
    source = project.root / "lambda_function.py"
    original = source.read_text()
    source.write_text("def lambda_handler(event, context:\n")
    try:
        answer = project.harness("up", "--json")
        assert answer.code == 1
        assert "lambda_function.py:1" in answer.error()["message"]
    finally:
        source.write_text(original)
    (row,) = project.harness("send", add(1, 2), "--wait", "--json").json()["results"]
    assert row["result"] == 3


@pytest.mark.only_on("embedded")
def test_an_environment_that_was_killed_is_noticed_and_replaced(project: Project) -> None:
    before = project.harness("status", "--json").json()["environment"]
    killed = psutil.Process(before["pid"])
    killed.send_signal(signal.SIGKILL)
    killed.wait(60)
    answer = project.harness("send", add(1, 2), "--json")
    assert answer.code == 3
    assert answer.error()["type"] == "NoEnvironmentError"
    assert project.harness("status", "--json").json()["environment"] is None
    up = project.harness("up", "--json").json()
    assert up["started"] is True
    assert up["environment"]["id"] != before["id"]
    (row,) = project.harness("send", add(1, 2), "--wait", "--json").json()["results"]
    assert row["result"] == 3


def test_down_stops_everything_and_down_again_says_nothing_is_up(project: Project) -> None:
    down = project.harness("down", "--json").json()
    assert down["stopped"]["url"].startswith("http://")
    assert project.processes() == []
    again = project.harness("down")
    assert (again.code, again.out) == (0, "Nothing is up.\n")
    assert project.harness("down", "--json").json()["stopped"] is None
    assert project.harness("up").code == 0
