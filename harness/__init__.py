"""Local emulation and integration tests for CDKTF stacks of SQS queues and Lambda functions."""

from harness.errors import HarnessError

__all__ = ["HarnessError"]
