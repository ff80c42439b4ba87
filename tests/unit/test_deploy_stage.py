"""What Terraform gets instead of the user's document."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from harness.apps.synth import Synthesized, app_environment
from harness.model.environment import Place
from harness.terraform.stage import provider_regions, required_providers, stage

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = "123456789012"


def staged(folder: Path, document: dict[str, Any]) -> dict[str, Any]:
    before = copy.deepcopy(document)
    result = stage(Synthesized("s", folder, document, fresh=True), Place(ACCOUNT)).document
    assert document == before
    return result


@pytest.mark.parametrize(
    "argument",
    [
        "access_key",
        "secret_key",
        "token",
        "profile",
        "shared_config_files",
        "shared_credentials_files",
        "assume_role",
        "assume_role_with_web_identity",
        "endpoints",
        "http_proxy",
        "https_proxy",
        "custom_ca_bundle",
        "ec2_metadata_service_endpoint",
        "allowed_account_ids",
        "forbidden_account_ids",
        "insecure",
        "use_fips_endpoint",
        "sts_region",
        "something_new",
    ],
)
def test_what_says_who_calls_and_whom_is_not_the_users(tmp_path: Path, argument: str) -> None:
    document = {"provider": {"aws": [{"region": "eu-west-3", argument: "the user's"}]}}
    block = staged(tmp_path, document)["provider"]["aws"][0]
    assert "the user's" not in json.dumps(block)
    assert (block["region"], block["access_key"]) == ("eu-west-3", ACCOUNT)


def test_aliases_regions_and_tags_stay(tmp_path: Path) -> None:
    tags = [{"tags": {"a": "1"}}]
    document = {
        "provider": {
            "aws": [
                {"region": "us-east-1", "default_tags": tags},
                {"alias": "b", "region": "eu-west-3", "profile": "p"},
            ],
            "random": [{}],
        }
    }
    result = staged(tmp_path, document)
    assert result["provider"]["aws"][0]["default_tags"] == tags
    assert provider_regions(result) == {"aws": "us-east-1", "aws.b": "eu-west-3"}
    assert result["provider"]["random"] == [{}]


@pytest.mark.parametrize("kind", ["backend", "cloud"])
def test_no_other_state_is_named(tmp_path: Path, kind: str) -> None:
    document = {"terraform": {kind: {"s3": {"bucket": "b"}}, "required_version": ">= 1"}}
    assert staged(tmp_path, document)["terraform"] == {"required_version": ">= 1"}


def test_a_stack_without_a_default_provider_gets_one(tmp_path: Path) -> None:
    document = {"resource": {"aws_sqs_queue": {}}, "provider": {"aws": {"alias": "b", "region": "eu-west-3"}}}
    assert provider_regions(staged(tmp_path, document)) == {"aws": "us-east-1", "aws.b": "eu-west-3"}
    assert staged(tmp_path, {"resource": {"random_id": {}}})["provider"] == {}


def test_required_providers_of_several_blocks_are_one() -> None:
    aws, other = {"aws": {"source": "aws"}}, {"random": {"source": "random"}}
    assert required_providers(
        {"terraform": [{"required_providers": aws}, {"required_providers": [other]}]}
    ) == {
        **aws,
        **other,
    }
    assert required_providers({}) == {}


def test_digest_follows_the_document_and_the_assets(tmp_path: Path) -> None:
    asset = tmp_path / "assets" / "code" / "x.zip"
    asset.parent.mkdir(parents=True)
    asset.write_bytes(b"1")

    def digest(document: dict[str, Any]) -> str:
        return stage(Synthesized("s", tmp_path, document, fresh=True), Place(ACCOUNT)).digest()

    first = digest({"output": {}})
    assert digest({"output": {}}) == first
    assert digest({"output": {"a": 1}}) != first
    asset.write_bytes(b"2")
    assert digest({"output": {}}) != first


def test_writing_makes_the_assets_reachable(tmp_path: Path) -> None:
    asset = tmp_path / "out" / "assets" / "a" / "x.zip"
    asset.parent.mkdir(parents=True)
    asset.write_bytes(b"1")
    work = tmp_path / "work"
    made = stage(Synthesized("s", tmp_path / "out", {"output": {}}, fresh=True), Place(ACCOUNT))
    for _ in range(2):
        made.write(work)
        assert (work / "assets" / "a" / "x.zip").read_bytes() == b"1"
        assert json.loads((work / "cdk.tf.json").read_text()) == made.document


def test_the_apps_environment_names_no_account_of_aws() -> None:
    host = {"PATH": "/bin", "AWS_PROFILE": "p", "AWS_SESSION_TOKEN": "t", "AWS_REGION": "eu-west-3", "X": "1"}
    environ = app_environment(host, {"X": "2"}, ACCOUNT)
    assert "p" not in environ.values()
    assert "AWS_SESSION_TOKEN" not in environ
    assert (environ["AWS_REGION"], environ["X"], environ["AWS_ACCESS_KEY_ID"]) == ("eu-west-3", "2", ACCOUNT)


ON_AWS = Place(ACCOUNT, "hx3f9a1c-", on_aws=True, tags=(("harness", "hx3f9a1c"),))


def staged_for_aws(folder: Path, document: dict[str, Any]) -> dict[str, Any]:
    return stage(Synthesized("s", folder, document, fresh=True), ON_AWS).document


def test_on_aws_a_provider_knows_one_account_and_holds_no_keys(tmp_path: Path) -> None:
    block = {"region": "eu-west-3", "alias": "b", "profile": "p", "access_key": "k", "assume_role": [{}]}
    result = staged_for_aws(tmp_path, {"provider": {"aws": [block, {}]}})["provider"]["aws"]
    tags = [{"tags": {"harness": "hx3f9a1c"}}]
    assert result == [
        {"region": "eu-west-3", "alias": "b", "allowed_account_ids": [ACCOUNT], "default_tags": tags},
        {"region": "us-east-1", "allowed_account_ids": [ACCOUNT], "default_tags": tags},
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([{"tags": {"a": "1"}}], {"a": "1", "harness": "hx3f9a1c"}),
        ({"tags": {"a": "1"}}, {"a": "1", "harness": "hx3f9a1c"}),
        ([{"tags": "${var.tags}"}], '${merge(var.tags, {"harness": "hx3f9a1c"})}'),
        ([], {"harness": "hx3f9a1c"}),
    ],
)
def test_on_aws_the_runs_tags_come_to_the_stacks_own(tmp_path: Path, given: Any, expected: Any) -> None:
    document = {"provider": {"aws": [{"default_tags": given}]}}
    assert staged_for_aws(tmp_path, document)["provider"]["aws"][0]["default_tags"] == [{"tags": expected}]


def test_on_aws_names_have_the_prefix_of_their_place(tmp_path: Path) -> None:
    document = {"resource": {"aws_sqs_queue": {"Q": {"name": "q"}}}}
    result = staged_for_aws(tmp_path, document)
    assert result["resource"]["aws_sqs_queue"]["Q"]["name"] == "hx3f9a1c-q"
    assert result["provider"]["aws"][0]["allowed_account_ids"] == [ACCOUNT]
