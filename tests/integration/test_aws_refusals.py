"""What keeps a run from AWS: nothing is made there, and the one command that mends it is said."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.aws_account import AwsProject, sts_that_says

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.aws_account import Account

pytestmark = pytest.mark.only_on("embedded")

TOKEN = "an-expired-session-token"  # noqa: S105 - of a server that is part of the test
TOPIC = {"aws_sns_topic": {"T": {"name": "topic"}}}


@pytest.fixture
def project(tmp_path: Path, account: Account) -> Iterator[AwsProject]:
    """A project that would make a topic; whatever the test does, none is made."""
    made = AwsProject.small(tmp_path / "project", account, TOPIC)
    before = account.everything()
    yield made
    assert account.everything() == before
    assert made.record() is None


def refused(project: AwsProject, code: int, **environ: str) -> dict[str, Any]:
    answer = project.harness("up", "--target", "aws", "--json", **environ)
    assert answer.code == code
    assert "Traceback" not in answer.out + answer.err
    return answer.error()


def test_another_accounts_credentials_are_refused_with_both_accounts(project: AwsProject) -> None:
    error = refused(project, 3, AWS_ACCESS_KEY_ID="999999999999")
    assert "999999999999" in error["message"]
    assert project.variables["AWS_ACCESS_KEY_ID"] in error["message"]
    assert "Nothing was made there." in error["message"]
    assert "AWS_PROFILE" in error["hint"]


def test_without_credentials_the_way_to_get_some_is_said(project: AwsProject) -> None:
    error = refused(project, 3, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert error["message"].startswith("There are no AWS credentials")
    assert "aws sso login" in error["hint"]


def test_a_profile_that_does_not_exist_is_named(project: AwsProject) -> None:
    error = refused(project, 3, AWS_PROFILE="nobody", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert "'nobody' does not exist" in error["message"]


def test_expired_credentials_are_said_to_be_expired(project: AwsProject) -> None:
    with sts_that_says("ExpiredToken", "The security token included in the request is expired") as url:
        error = refused(project, 3, AWS_ENDPOINT_URL=url, AWS_SESSION_TOKEN=TOKEN)
    assert "have expired (ExpiredToken: The security token" in error["message"]
    assert "aws sso login" in error["hint"]
    assert TOKEN not in str(error)


def test_expired_single_sign_on_names_its_login(project: AwsProject, tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        "[profile lab]\nsso_session = lab\nsso_account_id = 123456789012\nsso_role_name = dev\n"
        "[sso-session lab]\nsso_start_url = https://example.invalid/start\nsso_region = us-east-1\n"
        "sso_registration_scopes = sso:account:access\n"
    )
    error = refused(
        project,
        3,
        AWS_CONFIG_FILE=str(tmp_path / "config"),
        AWS_PROFILE="lab",
        AWS_ACCESS_KEY_ID="",
        AWS_SECRET_ACCESS_KEY="",
    )
    assert "single sign-on" in error["message"]
    assert error["hint"] == "Run `aws sso login --profile lab`."


def test_where_aws_cannot_be_reached_that_is_said(project: AwsProject) -> None:
    with socket.socket() as listens_to_nobody:
        listens_to_nobody.bind(("127.0.0.1", 0))
        port = listens_to_nobody.getsockname()[1]
        error = refused(project, 3, AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
    assert "AWS cannot be reached" in error["message"]


def test_only_the_command_line_can_ask_for_aws(project: AwsProject) -> None:
    answer = project.harness("up", "--json", HARNESS_TARGET="aws")
    assert answer.code == 2
    assert "asked for each time" in answer.error()["message"]


def test_without_an_allowed_account_nothing_starts(project: AwsProject) -> None:
    settings = project.root / "pyproject.toml"
    settings.write_text(settings.read_text().replace("aws_account", "# aws_account"))
    error = refused(project, 2)
    assert "`aws_account` is missing" in error["message"]
    sweep = project.harness("sweep", "--json")
    assert (sweep.code, sweep.error()["type"]) == (2, "UsageError")


def test_a_sweep_with_another_accounts_credentials_deletes_nothing(project: AwsProject) -> None:
    answer = project.harness("sweep", "--json", AWS_ACCESS_KEY_ID="999999999999")
    assert answer.code == 3
    assert "Nothing was deleted." in answer.error()["message"]


def test_a_test_run_says_it_once_per_test_without_a_traceback(project: AwsProject) -> None:
    (project.root / "test_it.py").write_text("def test_one(stack): ...\ndef test_two(stack): ...\n")
    run = project.pytest("--harness-target", "aws", AWS_ACCESS_KEY_ID="999999999999")
    output, _ = run.communicate(timeout=120)
    assert run.returncode == 1
    assert output.count("The AWS credentials are of account 999999999999") >= 2
    assert "Traceback" not in output
