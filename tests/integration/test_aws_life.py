"""A stack on a stand-in for AWS from `up` to `down`, and everything that can end it before."""

from __future__ import annotations

import os
import re
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.aws_account import SECRET, AwsProject, finished
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.aws_account import Account

pytestmark = pytest.mark.only_on("embedded")

QUEUE = {"aws_sqs_queue": {"Q": {"name": "slow-to-make"}}}
TOPIC = {"aws_sns_topic": {"T": {"name": "quick-to-make"}}}


def test_up_send_results_logs_and_down_leave_nothing_and_write_no_secret(
    tmp_path: Path, account: Account
) -> None:
    account.make_role("LabRole")
    before = account.everything()
    project = AwsProject.calculator(tmp_path / "project", account)

    up = project.harness("up", "--target", "aws")
    assert up.code == 0
    record = project.record()
    assert record
    prefix = record["prefix"]
    assert re.fullmatch(r"hx[0-9a-f]{6}", prefix)
    assert (record["account"], record["target"], record["control"]) == (account.number, "aws", False)
    made = account.everything()
    assert made["functions"] == [f"{prefix}-calculatrice"]
    assert [url.rpartition("/")[2] for url in made["queues"]] == [
        f"{prefix}-calculatrice-input-queue",
        f"{prefix}-calculatrice-output-queue",
    ]
    tags = account.client("sqs").list_queue_tags(QueueUrl=made["queues"][0])["Tags"]
    assert tags == {
        "sqs-lambda-harness": prefix,
        "sqs-lambda-harness-started": str(int(record["started_at"])),
    }
    # Nothing is up twice, and nothing of another target beside it.
    again = project.harness("up", "--json").json()
    assert (again["started"], again["changed"]) == (False, False)
    assert project.harness("up", "--target", "embedded").code == 2

    sent = project.harness("send", '{"operation": "add", "a": 5, "b": 3}', "--wait", "--json").json()
    assert [row["result"] for row in sent["results"]] == [8]
    plain = project.harness("send", '{"operation": "add", "a": 20, "b": 22}')
    assert plain.code == 0
    shown = eventually(lambda: "42" in project.harness("results").out)
    assert shown
    assert eventually(lambda: "REPORT RequestId" in project.harness("logs").out)
    status = project.harness("status", "--json").json()
    assert status["environment"]["prefix"] == prefix
    other = project.harness("status", AWS_ACCESS_KEY_ID="999999999999")
    assert other.code == 3
    assert account.everything()["log groups"] == [f"/aws/lambda/{prefix}-calculatrice"]
    assert project.files_with(SECRET) == []

    down = project.harness("down")
    assert down.code == 0
    assert account.everything() == before
    assert project.record() is None
    assert project.files_with(SECRET) == []
    assert project.files_with(prefix) == []
    for answer in (up, plain, down):
        assert SECRET not in answer.out + answer.err
    assert project.harness("status", "--json").json()["environment"] is None


def test_ctrl_c_during_the_apply_destroys_what_was_made(tmp_path: Path, account: Account) -> None:
    project = AwsProject.small(tmp_path / "project", account, QUEUE)
    before = account.everything()
    run = project.start("up", "--target", "aws")
    assert eventually(lambda: account.client("sqs").list_queues().get("QueueUrls"), timeout=240)
    answer = finished(run, signal.SIGINT)
    assert answer.code == 130
    assert account.everything() == before
    assert project.record() is None


def test_a_failed_apply_leaves_nothing(tmp_path: Path, account: Account) -> None:
    project = AwsProject.small(
        tmp_path / "project", account, TOPIC | {"aws_sqs_queue": {"Q": {"name": "not a queue's name!"}}}
    )
    before = account.everything()
    answer = project.harness("up", "--target", "aws", "--json")
    assert answer.code == 1
    assert answer.error()["type"] == "TerraformError"
    assert account.everything() == before
    assert project.record() is None


def test_what_cannot_be_destroyed_is_named_and_stays_recorded(tmp_path: Path, account: Account) -> None:
    project = AwsProject.small(tmp_path / "project", account, {"aws_s3_bucket": {"B": {"bucket": "full"}}})
    before = account.everything()
    assert project.harness("up", "--target", "aws").code == 0
    (bucket,) = account.everything()["buckets"]
    s3 = account.client("s3")
    s3.put_object(Bucket=bucket, Key="somebody-elses", Body=b"x")

    failed = project.harness("down", "--json")
    assert failed.code == 1
    error = failed.error()
    assert "Left: aws_s3_bucket.B." in error["message"]
    assert "harness down" in error["hint"]
    assert project.record()

    s3.delete_object(Bucket=bucket, Key="somebody-elses")
    assert project.harness("down").code == 0
    assert account.everything() == before
    assert project.record() is None


def test_a_code_change_goes_through_terraform_and_state_is_kept(tmp_path: Path, account: Account) -> None:
    account.make_role("LabRole")
    project = AwsProject.small(tmp_path / "project", account, TOPIC)
    before = account.everything()
    assert project.harness("up", "--target", "aws").code == 0
    project.stack(TOPIC | {"aws_sns_topic": {"U": {"name": "second"}}})
    changed = project.harness("up", "--json").json()
    assert (changed["started"], changed["changed"]) == (False, True)
    details = {step["name"]: step["detail"] for step in changed["steps"]}
    assert details["terraform apply"] == "1 added, 0 changed, 1 destroyed"
    assert len(account.everything()["topics"]) == 1
    assert project.harness("down").code == 0
    assert account.everything() == before


def test_a_killed_run_is_destroyed_before_the_next_one(tmp_path: Path, account: Account) -> None:
    project = AwsProject.small(tmp_path / "project", account, TOPIC)
    before = account.everything()
    os.mkfifo(project.root / "never")
    (project.root / "test_killed.py").write_text(
        "def test_waits(stack):\n    print('reached', flush=True)\n    open('never').read()\n"
    )
    (project.root / "test_next.py").write_text("def test_is_up(stack):\n    assert stack.name == 'probe'\n")
    run = project.pytest("-s", "test_killed.py", "--harness-target", "aws")
    assert run.stdout
    assert any("reached" in line for line in run.stdout)
    run.kill()
    run.communicate()
    (left,) = account.everything()["topics"]

    # It is not up, and no run that does not ask for AWS goes there or forgets it.
    assert project.harness("status", "--json").json()["environment"] is None
    plain = finished(project.pytest("test_next.py"))
    assert plain.code == 1
    assert "what it made is still there" in plain.out
    assert account.everything()["topics"] == [left]

    answer = finished(project.pytest("test_next.py", "--harness-target", "aws"))
    assert answer.code == 0
    assert "killed run" in answer.out
    assert "1 destroyed, nothing left" in answer.out
    assert account.everything() == before
    assert project.record() is None


def test_down_destroys_what_a_killed_run_left(tmp_path: Path, account: Account) -> None:
    project = AwsProject.small(tmp_path / "project", account, QUEUE)
    before = account.everything()
    (project.root / "test_it.py").write_text("def test_one(stack): ...\n")
    run = project.pytest("--harness-target", "aws")
    # In the middle of its apply: Terraform ends what it began, and its state tells of it.
    assert eventually(lambda: account.client("sqs").list_queues().get("QueueUrls"), timeout=240)
    run.kill()
    run.communicate()
    assert project.harness("down").code == 0
    assert account.everything() == before
    assert project.record() is None


def test_workers_and_variations_in_one_account_do_not_meet(tmp_path: Path, account: Account) -> None:
    account.make_role("LabRole")
    before = account.everything()
    project = AwsProject.calculator(tmp_path / "project", account)
    (project.root / "test_it.py").write_text(
        """
import pytest

@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.stack_settings(CALCULATRICE_BATCH_SIZE="1")
def test_adds(stack, number):
    queue = stack.queue("calculatrice-input-queue")
    sent = queue.send({"operation": "add", "a": 5, "b": number})
    answer = stack.queue("OutputQueue").receive_one(timeout=60).json()
    assert (answer["messageId"], answer["result"]) == (sent.id, 5 + number)
    assert stack.queue("OutputQueue").counts().total == 0
    print("QUEUE", queue.name)

@pytest.mark.needs("debug")
def test_needs_more(stack):
    raise AssertionError
"""
    )
    run = project.pytest("--harness-target", "aws", "-n", "2", "--dist", "each", "-rsP", "test_it.py")
    answer = finished(run)
    assert answer.code == 0
    assert "4 passed, 2 skipped" in answer.out
    assert "the target 'aws' has no capability 'debug'" in answer.out
    names = set(re.findall(r"QUEUE (\S+)", answer.out))
    assert len(names) == 2
    assert len({name[:8] for name in names}) == 1
    assert SECRET not in answer.out
    assert account.everything() == before
    assert project.record() is None
    assert project.files_with(SECRET) == []
