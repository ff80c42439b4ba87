from __future__ import annotations

from typing import Any

import pytest

from harness.terraform.named_roles import NamedRole, named_roles

ACCOUNT = "000000000000"
CALLER: dict[str, Any] = {"aws_caller_identity": {"me": {}}}
BY_CALLER = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:role/LabRole"


def function(role: Any) -> dict[str, Any]:
    return {"aws_lambda_function": {"F": {"function_name": "f", "role": role}}}


def names(document: dict[str, Any], **variables: str) -> list[str]:
    return [role.name for role in named_roles(document, account=ACCOUNT, variables=variables)]


@pytest.mark.parametrize(
    "document",
    [
        {"data": CALLER, "resource": function(BY_CALLER)},
        {"resource": function(f"arn:aws:iam::{ACCOUNT}:role/LabRole")},
        {
            "resource": function("${var.role}"),
            "variable": {"role": {"default": f"arn:aws:iam::{ACCOUNT}:role/LabRole"}},
        },
        {"resource": function("${local.role}"), "locals": {"role": BY_CALLER}, "data": CALLER},
        {"data": {"aws_iam_role": {"lab": {"name": "LabRole"}}}},
        {"resource": {"aws_iam_role_policy": {"P": {"role": "LabRole", "policy": "{}"}}}},
        {
            "resource": {
                "aws_scheduler_schedule": {
                    "S": {"target": [{"role_arn": f"arn:aws:iam::{ACCOUNT}:role/LabRole"}]}
                }
            }
        },
    ],
    ids=["caller", "literal", "variable", "local", "lookup", "policy", "nested"],
)
def test_a_role_that_the_stack_names_is_found(document: dict[str, Any]) -> None:
    assert named_roles(document, account=ACCOUNT) == [NamedRole("LabRole", "/", ACCOUNT)]


def test_a_role_keeps_its_path_and_its_account() -> None:
    document = {"resource": function("arn:aws:iam::123456789012:role/service-role/lab/Worker")}
    assert named_roles(document, account=ACCOUNT) == [
        NamedRole("Worker", "/service-role/lab/", "123456789012")
    ]


def test_an_input_variable_counts_before_its_default() -> None:
    document = {
        "resource": function("arn:aws:iam::000000000000:role/${var.name}"),
        "variable": {"name": {"default": "A"}},
    }
    assert names(document) == ["A"]
    assert names(document, name="B") == ["B"]


@pytest.mark.parametrize(
    "document",
    [
        {"resource": {**function(BY_CALLER), "aws_iam_role": {"R": {"name": "LabRole"}}}, "data": CALLER},
        {
            "resource": {**function(BY_CALLER), "aws_iam_role": {"R": {"name": "Lab${random_pet.x.id}"}}},
            "data": CALLER,
        },
        {
            "resource": function(BY_CALLER),
            "module": {"iam": {"source": "./m", "role": "LabRole"}},
            "data": CALLER,
        },
        {"resource": {**function("${aws_iam_role.R.arn}"), "aws_iam_role": {"R": {"name_prefix": "lab-"}}}},
        {"resource": function("${module.iam.role_arn}")},
        {
            "resource": {
                "aws_iam_policy": {"P": {"policy": f'{{"Resource": "arn:aws:iam::{ACCOUNT}:role/X"}}'}}
            }
        },
        {},
    ],
    ids=[
        "created",
        "perhaps created",
        "created by a module",
        "referred to",
        "of a module",
        "in a policy",
        "empty",
    ],
)
def test_what_the_stack_creates_or_only_terraform_knows_is_left_out(document: dict[str, Any]) -> None:
    assert names(document) == []
