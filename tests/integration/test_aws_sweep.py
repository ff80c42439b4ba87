"""`harness sweep`: what earlier runs left is deleted, and nothing else."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.aws_account import AwsProject, old_run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.aws_account import Account

pytestmark = pytest.mark.only_on("embedded")

TOPIC = {"aws_sns_topic": {"T": {"name": "topic"}}}
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}],
    }
)
OLD, YOUNG = "hx00001d", "hx000002"


@pytest.fixture
def littered(account: Account) -> Account:
    """An account with the leftovers of an old run, those of a young one, and what is somebody else's."""
    sqs, logs = account.client("sqs"), account.client("logs")
    for run, hours in ((OLD, 30.0), (YOUNG, 2.0)):
        tags = old_run(run, hours)
        sqs.create_queue(QueueName=f"{run}-input", tags=tags)
        account.make_role(f"{run}-role", **tags)
        account.client("iam").put_role_policy(
            RoleName=f"{run}-role", PolicyName="inside", PolicyDocument=POLICY
        )
        logs.create_log_group(logGroupName=f"/aws/lambda/{run}-work")
    old = old_run(OLD, 30.0)
    account.make_function(f"{OLD}-work", **old)
    queue = sqs.get_queue_url(QueueName=f"{OLD}-input")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    account.client("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName=f"{OLD}-work")
    account.client("sns").create_topic(
        Name=f"{OLD}-topic", Tags=[{"Key": key, "Value": value} for key, value in old.items()]
    )
    sqs.create_queue(QueueName="hx-somebody-elses")
    sqs.create_queue(QueueName="hx00000a-untagged")
    sqs.create_queue(QueueName="other", tags=old)
    logs.create_log_group(logGroupName="/aws/lambda/hxample")
    return account


def of_run(account: Account, run: str) -> set[str]:
    """Kinds of what is there of a run."""
    return {kind for kind, names in account.everything().items() if any(run in name for name in names)}


def test_what_an_old_run_left_is_shown_deleted_and_nothing_else(tmp_path: Path, littered: Account) -> None:
    project = AwsProject.small(tmp_path / "project", littered, TOPIC)
    before = littered.everything()

    dry = project.harness("sweep", "--dry-run", "--json").json()
    kinds = ["event source mapping", "function", "queue", "log group", "role"]
    assert [item["kind"] for item in dry["would_delete"]] == kinds
    assert {item["run"] for item in dry["would_delete"]} == {OLD}
    assert dry["deleted"] == []
    started = int(old_run(OLD, 30)["sqs-lambda-harness-started"])
    assert all(abs(item["started"] - started) < 120 for item in dry["would_delete"])
    assert littered.everything() == before

    said = project.harness("sweep")
    assert said.code == 0
    day = time.strftime("%Y-%m-%d", time.localtime(started))
    assert f"queue {OLD}-input (us-east-1; run {OLD}, started {day}" in said.out
    assert of_run(littered, OLD) == {"topics"}
    assert of_run(littered, YOUNG) == {"queues", "roles", "log groups"}
    names = {url.rpartition("/")[2] for url in littered.everything()["queues"]}
    assert {"hx-somebody-elses", "hx00000a-untagged", "other"} <= names
    assert "/aws/lambda/hxample" in littered.everything()["log groups"]

    assert project.harness("sweep", "--json", "--older-than", "1").code == 0
    assert of_run(littered, YOUNG) == set()
    nothing = project.harness("sweep", "--older-than", "1", "--region", "us-east-1", "--json").json()
    assert nothing["deleted"] == []


def test_the_run_that_is_up_is_never_swept(tmp_path: Path, account: Account) -> None:
    role = {"aws_iam_role": {"R": {"name": "made", "assume_role_policy": '{"Version": "2012-10-17"}'}}}
    project = AwsProject.small(tmp_path / "project", account, role)
    before = account.everything()
    assert project.harness("up", "--target", "aws").code == 0
    up = account.everything()
    assert up != before
    assert project.harness("sweep", "--older-than", "0").code == 0
    assert account.everything() == up
    # To another project of the same account it is a run like any other.
    other = AwsProject.small(tmp_path / "other", account, TOPIC)
    assert other.harness("sweep", "--older-than", "0").code == 0
    assert account.everything() == before
    assert project.harness("down").code == 0
