"""Synth, Terraform, queues made ahead of the apply, and what the state then holds."""

from harness.deploy.deployment import deploy, plan_is_empty
from harness.deploy.isolation import isolation_level
from harness.deploy.resources import (
    Deployment,
    FunctionResource,
    MappingResource,
    QueueResource,
    load_deployment,
)
from harness.deploy.synth import Synthesized, synthesize
from harness.deploy.terraform import Terraform, find_terraform

__all__ = [
    "Deployment",
    "FunctionResource",
    "MappingResource",
    "QueueResource",
    "Synthesized",
    "Terraform",
    "deploy",
    "find_terraform",
    "isolation_level",
    "load_deployment",
    "plan_is_empty",
    "synthesize",
]
