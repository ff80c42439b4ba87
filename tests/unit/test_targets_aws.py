"""The target `aws`, as far as it goes without AWS."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psutil
import pytest
from botocore import exceptions

from harness.client.aws_account import access_error, configured_url, host_session
from harness.environments.environment_file import write_record
from harness.environments.registry import target_for
from harness.environments.targets.aws import AwsTarget, is_orphan
from harness.model.environment import Endpoint, RunningEnvironment
from harness.model.errors import AwsAccessError, UsageError
from harness.model.progress import Progress
from harness.project.settings import Settings
from harness.project.workspace import Workspace
from harness.session.aws_sweep import kept_run, old_enough
from harness.terraform.aws_leftovers import Leftover, _tagged
from harness.terraform.undeploy import deployment_folders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.model.environment import Owner

ACCOUNT = "123456789012"


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No AWS configuration of this machine's."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    host_session.cache_clear()
    yield
    host_session.cache_clear()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def environment(*, owner: Owner = "detached", pid: int = 0, created: float = 0.0) -> RunningEnvironment:
    return RunningEnvironment(
        id="3f9a1c00",
        target="aws",
        url="",
        pid=pid,
        pid_created=created,
        started_at=1_700_000_000.9,
        log="",
        owner=owner,
        capabilities=(),
        control=False,
        account=ACCOUNT,
        one_account=True,
        prefix="hx3f9a1c",
        on_aws=True,
    )


def test_places_of_one_run_have_names_and_tags_of_their_own() -> None:
    here = environment()
    plain, varied = here.place(), here.place("a")
    assert (plain.account, plain.prefix, plain.on_aws) == (ACCOUNT, "hx3f9a1c-", True)
    assert varied.prefix.startswith("hx3f9a1c-")
    assert plain.folder == f"{ACCOUNT}-hx3f9a1c"
    assert varied.folder != here.place("b").folder != plain.folder
    assert dict(plain.tags) == {
        "sqs-lambda-harness": "hx3f9a1c",
        "sqs-lambda-harness-started": "1700000000",
    }
    assert plain.tags == varied.tags


def test_clients_of_aws_get_no_credentials_of_ours() -> None:
    endpoint = environment().endpoint(region="eu-west-3", account=ACCOUNT)
    assert endpoint.client_arguments() == {"region_name": "eu-west-3"}
    stand_in = Endpoint("http://127.0.0.1:1", "eu-west-3", ACCOUNT, on_aws=True)
    assert stand_in.client_arguments() == {"region_name": "eu-west-3", "endpoint_url": "http://127.0.0.1:1"}


def test_only_folders_of_the_run_are_its_places(workspace: Workspace) -> None:
    here = environment()
    for name in (here.place().folder, here.place("a").folder, f"{ACCOUNT}-hx3f9a1d", "000000000000"):
        workspace.deployment(name).mkdir(parents=True)
    assert [path.name for path in deployment_folders(workspace, here)] == sorted(
        [here.place().folder, here.place("a").folder]
    )


def test_nothing_starts_that_the_command_line_did_not_ask_for(workspace: Workspace) -> None:
    target = AwsTarget(workspace, Settings(aws_account=ACCOUNT))
    with pytest.raises(UsageError, match="not asked for on the command line"):
        target.start(Progress(), owner="detached")
    assert not workspace.environment_file.exists()


def test_without_an_allowed_account_nothing_starts(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="`aws_account` is missing") as caught:
        AwsTarget(workspace, Settings(target="aws")).start(Progress(), owner="detached")
    assert 'aws_account = "123456789012"' in str(caught.value.hint)


def test_a_run_that_was_killed_is_not_up_and_not_forgotten(workspace: Workspace) -> None:
    killed = environment(owner="this-process", pid=os.getpid(), created=1.0)
    assert is_orphan(killed)
    write_record(workspace.environment_file, killed)
    found = target_for(Settings(aws_account=ACCOUNT), workspace)
    assert isinstance(found, AwsTarget)
    assert found.running() is None
    # A plain run that follows must neither reach AWS nor write over the record of what is left there.
    with pytest.raises(UsageError, match="what it made is still there") as caught:
        found.start(Progress(), owner="this-process")
    assert caught.value.hint == "Destroy it with `harness down`."
    with pytest.raises(UsageError, match="is up or was killed"):
        target_for(Settings(), workspace, asked="embedded")
    assert workspace.environment_file.exists()


def test_a_run_whose_process_lives_is_no_orphan() -> None:
    assert not is_orphan(
        environment(owner="this-process", pid=os.getpid(), created=psutil.Process().create_time())
    )
    assert not is_orphan(environment())


def client_error(code: str, message: str = "said so") -> exceptions.ClientError:
    return exceptions.ClientError({"Error": {"Code": code, "Message": message}}, "GetCallerIdentity")


@pytest.mark.parametrize(
    ("error", "message", "hint"),
    [
        (exceptions.NoCredentialsError(), "There are no AWS credentials", "aws configure"),
        (
            exceptions.PartialCredentialsError(provider="env", cred_var="x"),
            "no AWS credentials",
            "AWS_PROFILE",
        ),
        (exceptions.ProfileNotFound(profile="p"), "profile 'p' does not exist", "list-profiles"),
        (exceptions.UnauthorizedSSOTokenError(), "single sign-on has expired", "aws sso login --profile p"),
        (exceptions.SSOTokenLoadError(error_msg="x"), "single sign-on has expired", "aws sso login"),
        (
            exceptions.TokenRetrievalError(provider="sso", error_msg="x"),
            "sign-on has expired",
            "aws sso login",
        ),
        (exceptions.CredentialRetrievalError(provider="x", error_msg="y"), "cannot be got", "aws sso login"),
        (exceptions.EndpointConnectionError(endpoint_url="https://sts"), "cannot be reached", "HTTPS_PROXY"),
        (exceptions.ConnectTimeoutError(endpoint_url="https://sts"), "cannot be reached", "network"),
        (
            exceptions.SSLError(endpoint_url="https://sts", error=OSError()),
            "cannot be reached",
            "AWS_CA_BUNDLE",
        ),
        (client_error("ExpiredToken"), "have expired (ExpiredToken: said so)", "aws sso login --profile p"),
        (client_error("ExpiredTokenException"), "have expired", "fresh"),
        (client_error("InvalidClientTokenId"), "AWS refuses the credentials", "get-caller-identity"),
    ],
)
def test_each_trouble_with_credentials_has_its_words_and_its_command(
    error: Exception, message: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "p")
    said = access_error(error)
    assert message in said.message
    assert hint in str(said.hint)
    assert said.exit_code == 3


def test_what_aws_quotes_of_a_request_is_not_repeated() -> None:
    said = access_error(
        client_error("SignatureDoesNotMatch", "It does not match.\nx-amz-security-token:TOKEN")
    )
    assert "TOKEN" not in str(said)


def test_an_endpoint_url_with_a_password_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://me:secret@127.0.0.1:1")
    with pytest.raises(UsageError) as caught:
        configured_url()
    assert "secret" not in str(caught.value)


def test_the_profiles_endpoint_url_counts_and_can_be_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("[default]\nendpoint_url = http://127.0.0.1:2/\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert configured_url() == "http://127.0.0.1:2"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:3")
    assert configured_url() == "http://127.0.0.1:3"
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    assert configured_url() == ""


def test_no_credentials_are_said_before_anything_is_recorded(workspace: Workspace) -> None:
    with pytest.raises(AwsAccessError, match="no AWS credentials"):
        AwsTarget(workspace, Settings(target="aws", aws_account=ACCOUNT)).start(Progress(), owner="detached")
    assert not workspace.environment_file.exists()


def leftover(run: str, started: float | None) -> Leftover:
    return Leftover("queue", f"{run}-q", "us-east-1", run, started, "url", Endpoint("", on_aws=True))


def test_a_sweep_takes_old_runs_and_never_the_one_that_is_up(workspace: Workspace) -> None:
    write_record(workspace.environment_file, environment())
    kept = kept_run(workspace)
    assert kept == "hx3f9a1c"
    old, young = leftover("hx000001", 10.0), leftover("hx000002", 30.0)
    up, unknown = leftover("hx3f9a1c", 10.0), leftover("hx000003", None)
    assert old_enough([old, young, up, unknown], 20.0, kept) == [old]


def test_what_a_killed_run_left_can_be_swept(workspace: Workspace) -> None:
    assert kept_run(workspace) == ""
    write_record(workspace.environment_file, environment(owner="this-process", pid=os.getpid(), created=1.0))
    assert kept_run(workspace) == ""


@pytest.mark.parametrize(
    ("arn", "kind"),
    [
        ("arn:aws:sns:us-east-1:123456789012:hx3f9a1c-topic", "sns"),
        ("arn:aws:dynamodb:us-east-1:123456789012:table/hx3f9a1c-t", "dynamodb"),
        ("arn:aws:sqs:us-east-1:123456789012:terraform-20250101", "sqs"),
        ("arn:aws:sqs:us-east-1:123456789012:hx3f9a1c-queue", None),
        ("arn:aws:lambda:us-east-1:123456789012:function:hx3f9a1c-work", None),
        ("arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/hx3f9a1c-work", None),
    ],
)
def test_what_only_the_tag_tells_of_is_listed_and_not_deleted(arn: str, kind: str | None) -> None:
    tags = [{"Key": name, "Value": value} for name, value in environment().place().tags]
    found = _tagged(Endpoint("", on_aws=True), {"ResourceARN": arn, "Tags": tags})
    assert (found and found.kind) == kind
    if found is not None:
        assert (found.run, found.started, found.deletable) == ("hx3f9a1c", 1_700_000_000.0, False)


def test_a_port_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="takes no --port"):
        target_for(Settings(aws_account=ACCOUNT), Workspace(tmp_path), asked="aws", port=4566)
