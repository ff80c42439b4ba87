"""Terraform's own language: what the files say, and how Terraform gets them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from harness.apps.configuration import Configuration, configuration_of
from harness.apps.synth import Synthesized
from harness.model.environment import Place
from harness.model.errors import StackError, UsageError
from harness.project.settings import Settings
from harness.project.workspace import Workspace
from harness.terraform.planned import queues_in_plan
from harness.terraform.stage import Staged, required_providers, stage
from harness.terraform.tree import ADDED, OVERRIDE, root_of

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT = "123456789012"
MAIN = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 5.0" }
  }
  backend "s3" { bucket = "state" }
}
provider "aws" {
  region  = var.region
  profile = "company"
  assume_role { role_arn = "arn:aws:iam::1:role/x" }
}
provider "aws" {
  alias  = "west"
  region = "us-west-2"
}
variable "region" { default = "eu-west-1" }
locals { name = "orders-${terraform.workspace}" }
resource "aws_sqs_queue" "dead" {
  name     = "${local.name}-dead"
  provider = aws.west
}
resource "aws_sqs_queue" "orders" {
  name           = "say \\"${upper("a\\tb")}\\"\\n$${x}"
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn })
  depends_on     = [aws_sqs_queue.dead]
}
resource "aws_iam_policy" "p" {
  policy = <<-JSON
    {"a": "${local.name}"}
  JSON
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project" / "terraform"
    made.mkdir(parents=True)
    (made / "main.tf").write_text(MAIN)
    return made


def staged(folder: Path, place: Place = Place(ACCOUNT), **variables: str) -> Staged:  # noqa: B008 - frozen
    document = Configuration(folder, "orders").read()
    made = Synthesized("orders", folder, document, fresh=True, configuration=folder)
    return stage(made, place, variables)


def test_the_files_are_read_as_terraforms_json(folder: Path) -> None:
    (folder / "more_override.tf").write_text('resource "aws_sqs_queue" "dead" { delay_seconds = 5 }')
    (folder / "extra.tf.json").write_text(json.dumps({"output": {"o": {"value": 1}}}))
    document = Configuration(folder, "orders").read()
    queues = document["resource"]["aws_sqs_queue"]
    assert queues["dead"] == {"name": "${local.name}-dead", "provider": "aws.west", "delay_seconds": 5}
    assert queues["orders"] == {
        "name": 'say "${upper("a\\tb")}"\n$${x}',
        "redrive_policy": "${jsonencode({deadLetterTargetArn = aws_sqs_queue.dead.arn})}",
        "depends_on": ["aws_sqs_queue.dead"],
    }
    assert document["resource"]["aws_iam_policy"]["p"]["policy"] == '{"a": "${local.name}"}\n'
    assert [block["region"] for block in document["provider"]["aws"]] == ["${var.region}", "us-west-2"]
    assert required_providers(document)["aws"] == {"source": "hashicorp/aws", "version": "~> 5.0"}
    assert document["output"] == {"o": {"value": 1}}


def test_a_file_that_cannot_be_read_is_left_to_terraform(folder: Path) -> None:
    (folder / "broken.tf").write_text('resource "x" {')
    assert "aws_sqs_queue" in Configuration(folder, "orders").read()["resource"]


def test_the_provider_is_overridden_and_the_files_are_linked(folder: Path, tmp_path: Path) -> None:
    (folder / ".terraform.lock.hcl").write_text(
        'provider "registry.terraform.io/hashicorp/aws" {\n  version     = "5.100.0"\n}\n'
    )
    (folder / "terraform.tfvars").write_text('region = "x"')
    made = staged(folder)
    assert (made.region, made.backend) == ("eu-west-1", "s3")
    assert staged(folder, region="us-east-2").region == "us-east-2"
    assert required_providers(made.document)["aws"]["version"] == "= 5.100.0"
    work = tmp_path / "work"
    made.write(work)
    root = root_of(work)
    override: dict[str, Any] = json.loads((root / OVERRIDE).read_text())
    first, second = override["provider"]["aws"]
    assert first["profile"] is None
    assert first["assume_role"] == {}
    assert first["access_key"] == ACCOUNT
    assert "region" not in first
    assert second["alias"] == "west"
    assert override["terraform"]["backend"] == {"local": {"path": str(work / "terraform.tfstate")}}
    assert (root / "main.tf").read_text() == MAIN
    assert not (root / "terraform.tfvars").exists()
    assert not (root / ADDED).exists()


def test_what_the_files_name_above_is_there_and_counts(folder: Path, tmp_path: Path) -> None:
    source = folder.parent / "src" / "worker.py"
    source.parent.mkdir()
    source.write_text("one")
    (folder / "function.tf").write_text('locals { code = "${path.module}/../src" }\n')
    before = staged(folder)
    before.write(tmp_path / "work")
    root = root_of(tmp_path / "work")
    assert (root / ".." / "src" / "worker.py").read_text() == "one"
    source.write_text("two")
    assert staged(folder).digest() != before.digest()
    (folder / "function.tf").unlink()
    staged(folder).write(tmp_path / "work")
    assert not (root_of(tmp_path / "work") / "function.tf").exists()


def test_names_get_a_prefix_by_an_override(folder: Path) -> None:
    place = Place(ACCOUNT, "hx1-", on_aws=True)
    queues = staged(folder, place).override["resource"]["aws_sqs_queue"]
    assert queues["dead"] == {"name": "hx1-${local.name}-dead"}
    (folder / "module.tf").write_text('module "m" { source = "./m" }')
    with pytest.raises(StackError, match="modules"):
        staged(folder, place)


def test_the_folder_is_found_or_named(folder: Path) -> None:
    workspace = Workspace(folder.parent)
    found = configuration_of(workspace, Settings())
    assert found == Configuration(folder, "project")
    assert configuration_of(workspace, Settings(directory="terraform")) == found
    assert configuration_of(workspace, Settings(app="python main.py")) is None
    with pytest.raises(UsageError, match=r"neither cdktf\.json nor Terraform files"):
        configuration_of(workspace, Settings(directory="elsewhere"))


def test_a_plan_tells_of_queues_in_modules() -> None:
    after = {"name": "a", "fifo_queue": False, "visibility_timeout_seconds": 60, "tags_all": {"t": "1"}}
    unknown = {"arn": True, "policy": True, "redrive_policy": True}
    block = {"address": "aws_sqs_queue.q", "expressions": {"name": {}}, "provider_config_key": "aws"}
    waits = {"address": "aws_sqs_queue.w", "expressions": {"name": {}, "redrive_policy": {}}}
    prefixed = {
        "address": "aws_sqs_queue.p",
        "expressions": {"name_prefix": {}},
        "provider_config_key": "aws",
    }
    plan = {
        "variables": {"region": {"value": "eu-west-1"}},
        "configuration": {
            "provider_config": {"aws": {"expressions": {"region": {"references": ["var.region"]}}}},
            "root_module": {
                "module_calls": {"m": {"module": {"resources": [block]}}},
                "resources": [waits, prefixed],
            },
        },
        "resource_changes": [
            change('module.m["x.y"].aws_sqs_queue.q[0]', after, unknown),
            change("aws_sqs_queue.w", after, unknown),
            change("aws_sqs_queue.p", {"name_prefix": "p-", "fifo_queue": True}, {**unknown, "name": True}),
        ],
    }
    (queue, made_up), waiting = queues_in_plan(plan)
    assert waiting
    assert (queue.address, queue.name, queue.region) == (
        'module.m["x.y"].aws_sqs_queue.q[0]',
        "a",
        "eu-west-1",
    )
    assert queue.attributes == {"VisibilityTimeout": "60"}
    assert queue.tags == {"t": "1"}
    assert made_up.name.startswith("p-")
    assert made_up.name.endswith(".fifo")
    assert len(made_up.name) == len("p-") + 26 + len(".fifo")


def change(address: str, after: dict[str, Any], unknown: dict[str, Any]) -> dict[str, Any]:
    return {
        "address": address,
        "mode": "managed",
        "type": "aws_sqs_queue",
        "change": {"actions": ["create"], "after": after, "after_unknown": unknown},
    }
