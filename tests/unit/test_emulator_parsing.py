from __future__ import annotations

from typing import Any

import pytest
from botocore.model import ShapeResolver
from localstack.aws.api import CommonServiceException

from harness_emulator.localstack.parsing import checked

SHAPES: Any = {
    "Request": {
        "type": "structure",
        "members": {
            "QueueUrl": {"shape": "String"},
            "Count": {"shape": "Integer"},
            "Enabled": {"shape": "Boolean"},
            "Names": {"shape": "Names"},
            "Tags": {"shape": "Tags"},
        },
    },
    "Named": {"type": "structure", "members": {"QueueUrl": {"shape": "String"}}, "required": ["QueueUrl"]},
    "String": {"type": "string"},
    "Integer": {"type": "integer"},
    "Boolean": {"type": "boolean"},
    "Names": {"type": "list", "member": {"shape": "String"}},
    "Tags": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "String"}},
}
SHAPE, NAMED = (ShapeResolver(SHAPES).get_shape_by_name(name) for name in ("Request", "Named"))


def refused(request: dict[str, Any], shape: Any = SHAPE, service: str = "sqs") -> str:
    with pytest.raises(CommonServiceException) as raised:
        checked(request, shape, service)
    assert raised.value.status_code == 400
    return str(raised.value.code)


def test_what_is_well_formed_stays_as_it_is() -> None:
    request = {"QueueUrl": "é😀", "Count": 3, "Enabled": False, "Names": ["a"], "Tags": {"k": "v"}}
    assert checked(request, SHAPE, "sqs") == request


def test_null_is_as_if_it_were_not_there() -> None:
    assert checked({"QueueUrl": "u", "Count": None, "Tags": None}, SHAPE, "sqs") == {"QueueUrl": "u"}


@pytest.mark.parametrize(
    "member",
    [
        {"QueueUrl": 1},
        {"QueueUrl": ["u"]},
        {"QueueUrl": "\ud800"},
        {"Count": "3"},
        {"Count": True},
        {"Count": 2**31},
        {"Count": 1.0},
        {"Enabled": "true"},
        {"Names": "a"},
        {"Names": [None]},
        {"Tags": []},
        {"Tags": {"k": None}},
        {"Tags": {"k": {"v": "w"}}},
    ],
)
def test_a_member_of_a_wrong_type_is_refused(member: dict[str, Any]) -> None:
    assert refused(member) == "SerializationException"


@pytest.mark.parametrize(
    ("service", "code"), [("sqs", "MissingRequiredParameterException"), ("lambda", "ValidationException")]
)
@pytest.mark.parametrize("request_", [{}, {"QueueUrl": None}])
def test_a_required_member_that_is_missing_is_named(
    service: str, code: str, request_: dict[str, Any]
) -> None:
    assert refused(request_, NAMED, service) == code
