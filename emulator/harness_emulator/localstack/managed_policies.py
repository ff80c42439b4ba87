"""AWS's own managed policies, made known to an account's IAM when one is asked for by its ARN.

Moto can load all 1,400 of them into each account, which takes half a second; without, a stack cannot attach
`service-role/AWSLambdaSQSQueueExecutionRole`.
"""

from __future__ import annotations

import json
from functools import wraps
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend

from harness_emulator.localstack.patching import Patch

OWNER = ":iam::aws:policy/"
"""What the ARN of an AWS managed policy has where others have an account."""


def make_known(backend: Any, arn: str) -> None:
    """Add the policy of that ARN to an account's IAM, where it is one of AWS's and not there yet."""
    if OWNER not in arn or arn in backend.managed_policies:
        return
    data = json.loads(aws_managed_policies_data).get(arn.rpartition("/")[2])
    if data is None:
        return
    policy = AWSManagedPolicy.from_data(arn.rpartition("/")[2], backend.account_id, backend.region_name, data)
    if policy.arn == arn:
        backend.managed_policies[arn] = policy


def _known_first(original: Any) -> Any:
    @wraps(original)
    def asked(self: Any, policy_arn: str, *arguments: Any, **named: Any) -> Any:
        make_known(self, policy_arn)
        return original(self, policy_arn, *arguments, **named)

    return asked


PATCHES = tuple(
    Patch(
        IAMBackend,
        name,
        _known_first,
        "AWS's managed policies are not in an account's IAM, so that stacks cannot attach them.",
    )
    for name in ("attach_role_policy", "get_policy")
)
