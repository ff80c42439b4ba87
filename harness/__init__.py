"""Local emulation and integration tests for CDKTF stacks of SQS queues and Lambda functions."""

from harness.model.errors import HarnessError

__all__ = ["HarnessError"]
