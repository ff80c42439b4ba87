"""Synth, Terraform, queues made ahead of the apply, and what the state then holds."""

from harness.apps.synth import Synthesized, synthesize
from harness.terraform.deployment import deploy, plan_is_empty
from harness.terraform.isolation import isolation_level
from harness.terraform.program import Terraform, find_terraform
from harness.terraform.resources import load_deployment

__all__ = [
    "Synthesized",
    "Terraform",
    "deploy",
    "find_terraform",
    "isolation_level",
    "load_deployment",
    "plan_is_empty",
    "synthesize",
]
